"""Looks at a service from outside while it soaks, and says what grew."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.benchmarks import measure

WARM_UP = 0.1  # of the samples: what is allocated once, for the first requests, is no growth
TENTH = 0.1
ESTABLISHED = "01"
SEGMENT = "memfd:"
POOL = "event_engine"


class Sample(NamedTuple):
    """The service at one moment: sums over its processes, and the latencies since the last.

    Of the threads those of gRPC's pool are ``pool_threads``; ``threads`` are all others.
    Of the open descriptors some come and go as clients like: ``connections`` of theirs, and the
    ``segments`` of shared memory that were large enough for what they sent. ``descriptors`` are
    all others.
    """

    seconds: float
    requests: int
    pss_mb: float
    rss_mb: float
    private_dirty_mb: float
    front_pss_mb: float
    descriptors: int
    connections: int
    segments: int
    threads: int
    pool_threads: int
    processes: int
    p50_ms: float
    p99_ms: float


def look(pid: int, port: int, seconds: float, requests: int, latencies_ms: list[float]) -> Sample:
    """Measure a process, the front, which listens on a port, and all that descend from it."""
    tree = [Path("/proc", str(member)) for member in measure.tree(pid)]
    pss, rss, dirty = (
        sum(_mb(process, name) for process in tree) for name in ("Pss", "Rss", "Private_Dirty")
    )
    open_files = [target for process in tree for target in _targets(process / "fd")]
    connections, segments = _connections(port), sum(SEGMENT in target for target in open_files)
    threads = [name for process in tree for name in _thread_names(process)]
    pooled = threads.count(POOL)
    p50, p99 = np.percentile(latencies_ms or [0.0], (50, 99))
    return Sample(
        round(seconds, 1), requests, round(pss, 1), round(rss, 1), round(dirty, 1),
        round(_mb(tree[0], "Pss"), 1),
        len(open_files) - connections - segments, connections, segments,
        len(threads) - pooled, pooled,
        len(tree), round(float(p50), 2), round(float(p99), 2),
    )  # fmt: skip


def _mb(process: Path, name: str) -> float:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    kilobytes = sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return kilobytes / 1024


def _connections(port: int) -> int:
    """Return how many connections a port has whose client has not hung up; see proc(5)."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return sum(
        int(local.rpartition(":")[2], 16) == port and state == ESTABLISHED
        for _, local, _, state, *_ in lines
    )


def _targets(folder: Path) -> list[str]:
    """Return what the links of a folder lead to; those that have gone meanwhile lead nowhere."""
    found = []
    for name in _names(folder):
        with contextlib.suppress(OSError):
            found.append(os.readlink(folder / name))
    return found


def _thread_names(process: Path) -> list[str]:
    names = []
    for task in _names(process / "task"):
        with contextlib.suppress(OSError):
            names.append((process / "task" / task / "comm").read_text().strip())
    return names


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # its process has ended meanwhile
        return []


def settled(samples: list[Sample]) -> list[Sample]:
    """Leave out the warm-up."""
    return samples[round(WARM_UP * len(samples)) :]


def requests_per_second(samples: list[Sample]) -> float:
    """Return how many there were; 0 if there are too few samples to tell."""
    if len(samples) < 2:
        return 0.0
    first, last = samples[0], samples[-1]
    return (last.requests - first.requests) / (last.seconds - first.seconds)


def growth_per_million(samples: list[Sample], name: str) -> float:
    """Return by how much a figure grows for a million requests, by Theil and Sen.

    The median of the slopes between all pairs of samples, once settled: a sample that happens to
    miss a worker moves nothing. Not a number if there are too few to tell.
    """
    used = settled(samples)
    x = np.array([sample.requests for sample in used]) / 1e6
    y = np.array([getattr(sample, name) for sample in used])
    first, second = np.triu_indices(len(used), 1)
    later = x[second] > x[first]
    if not later.any():
        return float("nan")
    return float(np.median((y[second] - y[first])[later] / (x[second] - x[first])[later]))


def change(samples: list[Sample], name: str) -> float:
    """Return a figure's median in the last tenth, less that in the first once settled."""
    used = [getattr(sample, name) for sample in settled(samples)]
    if not used:
        return float("nan")
    tenth = max(1, round(TENTH * len(used)))
    return float(np.median(used[-tenth:]) - np.median(used[:tenth]))
