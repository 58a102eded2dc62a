"""Measure what each device of the hot path gains, by a service without it beside one with all."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import baseline, devices, paired_tables, pairs, results, setup, startup
from experiments.benchmarks.baseline import Sources
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.devices import Device
from experiments.benchmarks.load import shape_of
from experiments.benchmarks.pairs import Plan
from experiments.benchmarks.peers import Peer
from experiments.benchmarks.peers.serving_runtime import OURS
from experiments.benchmarks.server import ServerError
from experiments.benchmarks.side_by_side import ensure_ready

PAIRS, SECONDS = 20, 1.0
WORKERS = 3
FILE = "ablation.json"


def run(chosen: Sequence[Device], count: int, seconds: float, path: Path) -> int:
    """Switch off one device after another and write the figures; returns how many have a problem.

    Args:
        chosen: the devices.
        count: pairs of each device and case.
        seconds: of each measurement.
        path: of the JSON.

    Raises:
        SetUpError: the environment is missing and cannot be made.
        DeviceError: a device cannot be switched off any more.
    """
    ensure_ready()
    sources = baseline.copied(str(setup.ROOT), "this")
    baseline.ensure_used(sources)
    for device in chosen:
        devices.ensure_there(device, sources)
    cases = sorted({name for device in chosen for name, _ in device.measured})
    told = results.origin([OURS], [CASES[name] for name in cases])
    told.update(commit=sources.commit, seconds=seconds, workers=WORKERS)
    measured = itertools.chain(
        _of_others(chosen, sources.commit, path), _measured(chosen, sources, count, seconds)
    )
    return results.as_they_come(told, measured, path)


def _of_others(chosen: Sequence[Device], commit: str, path: Path) -> list[dict[str, Any]]:
    """Return what an earlier run has measured, on the same commit, of devices not chosen now."""
    if not path.exists():
        return []
    earlier = json.loads(path.read_text(encoding="utf-8"))
    names = [device.name for device in chosen]
    kept = [result for result in earlier["results"] if result["device"] not in names]
    return kept if earlier["commit"] == commit else []


def _measured(
    chosen: Sequence[Device], sources: Sources, count: int, seconds: float
) -> Iterator[dict[str, Any]]:
    for device in chosen:
        peers = [_service(sources, environ) for environ in (device.on, device.environ_off)]
        for result in _of_device(device, peers, count, seconds):
            print(paired_tables.ablation_line(result), flush=True)
            yield result


def _service(sources: Sources, environ: Mapping[str, str]) -> Peer:
    return baseline.service(sources, environ, str(devices.SWITCHES))


def _of_device(
    device: Device, peers: Sequence[Peer], count: int, seconds: float
) -> Iterator[dict[str, Any]]:
    if device is devices.FORK_SERVER:
        yield _of_fork_server(peers, count)
        return
    for name, shape in device.measured:
        plan = Plan(CASES[name], [shape_of(shape)], count, seconds)
        yield from pairs.run(plan, peers, {"device": device.name})


def _of_fork_server(peers: Sequence[Peer], count: int) -> dict[str, Any]:
    """Measure what a further worker takes: until it serves, and of memory."""
    found, problem = [], ""
    try:
        for number in range(count):
            order = [0, 1] if number % 2 == 0 else [1, 0]
            pair = {which: _further_worker(peers[which]) for which in order}
            found.append([pair[0], pair[1]])
    except (ServerError, TimeoutError) as error:
        problem = str(error)
    return {"device": devices.FORK_SERVER.name, "pairs": found, "problem": problem}


def _further_worker(peer: Peer) -> dict[str, float]:
    one, more = (startup.start(CASES["iris"], workers, peer) for workers in (1, WORKERS))
    further = WORKERS - 1
    return {
        "seconds": (more.all_workers_seconds - one.all_workers_seconds) / further,
        "pss_mb": (more.pss_mb - one.pss_mb) / further,
    }
