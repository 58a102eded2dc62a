"""Define what must be reached, as ratios in one run, and compare the results with it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from experiments.benchmarks import batch, memory
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.peers.serving_runtime import OPEN_INFERENCE
from experiments.benchmarks.report import OURS, Summary, is_ours, shape_title
from experiments.benchmarks.rounds import NO_ANSWER

ASYNC_ECHO, CALLBACK_ECHO, QUEUE_ECHO = "limit-cpp", "limit-cpp-callback", "limit-queue"
# Two processes of Python that do nothing else: see ceiling.py.
WORKER_ECHO = "limit-worker"
MLSERVER, KSERVE = ("mlserver", "mlserver-in-process"), ("kserve",)
# Peers whose model has a process of its own, as ours has.
WITH_WORKER = ("mlserver", "triton", "torchserve", "ray-serve", "litserve", "bentoml")
REAL_PEERS = tuple(name for name, peer in PEERS.items() if not peer.is_limit and not is_ours(name))
SPEED, P50, START, MEMORY = "requests_per_second", "p50_ms", "cold_start_seconds", "pss_mb"
SMALL_SECONDS = 8e-6
# Memory that a long run may end up with beyond what it began with: the measurement's own noise.
GROWTH_SHARE = 0.01

LEAST, MOST = "at least", "at most"
NOT_MEASURED = "not measured"


class LimitTarget(NamedTuple):
    """A speed that must be reached of a small case, as a share of a limit's."""

    case: str
    shape: str
    limit: str
    bound: float

    @property
    def words(self) -> str:
        """What is compared with what."""
        shape = shape_title(self.shape)
        return f"{SMALL_TITLES[self.case]}, {shape}: speed against {LIMIT_WORDS[self.limit]}"


AGAINST_LIMITS = (
    LimitTarget("iris", "64", ASYNC_ECHO, 0.45),
    LimitTarget("iris", "64/1", ASYNC_ECHO, 0.4),
    *(LimitTarget("noop", shape, QUEUE_ECHO, 0.5) for shape in ("1", "8", "64", "64/1")),
)
LIMIT_WORDS = {
    ASYNC_ECHO: "the C++ async echo on both cores",
    QUEUE_ECHO: "Python's completion-queue echo",
}
SMALL_TITLES = {"iris": "iris", "noop": "no-op"}


class Target(NamedTuple):
    """One thing that must be reached.

    Args:
        words: what is compared with what.
        sense: LEAST or MOST.
        bound: the number that must be reached.
        found: the number that was, None if it was not measured.
        versus: whom it is compared with, where that came out of the run.
        unit: of both numbers; nothing for ratios.
    """

    words: str
    sense: str
    bound: float
    found: float | None
    versus: str = ""
    unit: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `not met` or `not measured`."""
        if self.found is None:
            return NOT_MEASURED
        is_met = self.found >= self.bound if self.sense == LEAST else self.found <= self.bound
        return "met" if is_met else "not met"


class Found:
    """The figures of a run, by peer, case and shape."""

    def __init__(self, summaries: Iterable[Summary]) -> None:
        self._by_key = {(it.peer, it.case, it.shape): it for it in summaries}

    def figure(self, peer: str, case: str, shape: str, name: str) -> float | None:
        """Return a figure; a peer that answered nothing in time has the speed 0."""
        summary = self._by_key.get((peer, case, shape))
        if summary is None:
            return None
        if summary.problem == NO_ANSWER and name == SPEED:
            return 0.0
        return summary.figures.get(name)

    def of(self, peers: Iterable[str], case: str, shape: str, name: str) -> dict[str, float]:
        """Return a figure of all peers that have it."""
        found = {peer: self.figure(peer, case, shape, name) for peer in peers}
        return {peer: figure for peer, figure in found.items() if figure is not None}

    def faster(self, words: str, bound: float, peers: Iterable[str], case: str, shape: str):
        """Compare our speed with the fastest of some peers."""
        return self._compared(words, LEAST, bound, peers, (case, shape, SPEED))

    def faster_by(self, mine: str, words: str, bound: float, peers: Iterable[str], shape: str):
        """Compare the speed of iris over another protocol of ours with the fastest of some."""
        return self._compared(words, LEAST, bound, peers, ("iris", shape, SPEED), mine)

    def less(self, words: str, bound: float, peers: Iterable[str], key: tuple[str, str, str]):
        """Compare a figure of ours, of which less is better, with the least of some peers."""
        return self._compared(words, MOST, bound, peers, key)

    def _compared(self, words, sense, bound, peers, key, mine=OURS) -> Target:
        ours, theirs = self.figure(mine, *key), self.of(peers, *key)
        if ours is None or not theirs:
            return Target(words, sense, bound, None)
        best = (max if sense == LEAST else min)(theirs, key=theirs.__getitem__)
        ratio = ours / theirs[best] if theirs[best] else float("inf")
        return Target(words, sense, bound, ratio, PEERS[best].title)


def targets(
    summaries: Iterable[Summary],
    codec: Mapping[str, Any],
    grown: Mapping[str, Any],
    scored: Mapping[str, Any],
):
    """Return all that must be reached, with what was.

    Args:
        summaries: of the comparison.
        codec: what codec.py has measured, or nothing.
        grown: what memory.py has measured, or nothing.
        scored: what batch.py has measured, or nothing.
    """
    found = Found(summaries)
    return [
        *_small(found),
        *_open_inference(found),
        *_large(found),
        *_codec(codec),
        *_cost(found),
        _growth(grown),
        *_batch(scored),
    ]


def _small(found: Found) -> Iterator[Target]:
    for shape, bound in (("64", 3.5), ("64/1", 6), ("8", 4)):
        words = f"iris, {shape_title(shape)}: speed against the best peer"
        yield found.faster(words, bound, REAL_PEERS, "iris", shape)
    for name, peers in (("MLServer", MLSERVER), ("KServe", KSERVE)):
        words = f"iris, {shape_title('64')}: speed against {name}"
        yield found.faster(words, 8, peers, "iris", "64")
    words = "iris, 1 at a time: p50 against the best peer's"
    yield found.less(words, 1, REAL_PEERS, ("iris", "1", P50))
    for target in AGAINST_LIMITS:
        yield found.faster(target.words, target.bound, [target.limit], target.case, target.shape)


def _open_inference(found: Found) -> Iterator[Target]:
    """Compare over the same protocol: Triton, KServe and MLServer are called by it too."""
    compared = (("our own Predict", 0.95, (OURS,)), ("Triton", 4, ("triton",)),
                ("KServe", 6, KSERVE), ("MLServer", 6, MLSERVER))  # fmt: skip
    for name, bound, peers in compared:
        words = f"iris over Open Inference, {shape_title('64')}: speed against {name}"
        yield found.faster_by(OPEN_INFERENCE.name, words, bound, peers, "64")


def _large(found: Found) -> Iterator[Target]:
    for case, title in (("1mib-raw", "1 MiB raw"), ("1mib-typed", "1 MiB typed")):
        words = f"{title}, 8 at a time: speed against the C++ callback echo"
        yield found.faster(words, 0.65, [CALLBACK_ECHO], case, "8")
    ahead = (("1mib-raw", "1 MiB raw"), ("1mib-typed", "1 MiB typed"),
             ("1mib-echo", "1 MiB there and back"), ("16mib-raw", "16 MiB raw"))  # fmt: skip
    for case, title in ahead:
        for shape in ("1", "8"):
            words = f"{title}, {shape_title(shape)}: speed against the best peer"
            yield found.faster(words, 1, REAL_PEERS, case, shape)
    for shape in ("1", "8"):
        for name, peers in (("MLServer", MLSERVER), ("KServe", KSERVE)):
            words = f"16 MiB typed, {shape_title(shape)}: speed against {name}"
            yield found.faster(words, 10, peers, "16mib-typed", shape)
        yield _typed_as_raw(found, shape)


def _typed_as_raw(found: Found, shape: str) -> Target:
    words = f"16 MiB typed, {shape_title(shape)}: speed against our own of 16 MiB raw"
    typed, raw = (found.figure(OURS, case, shape, SPEED) for case in ("16mib-typed", "16mib-raw"))
    return Target(words, LEAST, 0.8, typed / raw if typed and raw else None)


def _codec(codec: Mapping[str, Any]) -> Iterator[Target]:
    seconds = codec.get("seconds", {})
    for name, words in (("decode", "decoding"), ("encode", "encoding")):
        ratio = seconds[name] / seconds["memcpy"] if seconds else None
        yield Target(f"{words} 16 MiB of float32 in process: time against a memcpy", MOST, 2, ratio)
    words = "reading a [1, 4] request and writing its reply in the worker"
    small = seconds["small"] * 1e6 if seconds else None
    yield Target(words, MOST, SMALL_SECONDS * 1e6, small, unit="µs")


def _cost(found: Found) -> Iterator[Target]:
    shape = "64"
    words = "iris: cold start to the first right answer against the fastest peer's"
    yield found.less(words, 0.6, REAL_PEERS, ("iris", shape, START))
    words = "iris: memory (PSS) against the least of the peers with a worker of its own"
    yield found.less(words, 1, WITH_WORKER, ("iris", shape, MEMORY))


def _growth(grown: Mapping[str, Any]) -> Target:
    if not grown:
        return Target("memory growth over many requests", MOST, 0, None, unit="bytes per 1000")
    last = grown["results"][-1]
    words = f"memory growth over {last['requests']:,} requests: no more than noise"
    thousands = last["requests"] / 1000
    noise = GROWTH_SHARE * last["held_mb"] * 2**20 / thousands
    return Target(words, MOST, noise, memory.slope(grown), unit="bytes per 1000")


def _batch(scored: Mapping[str, Any]) -> Iterator[Target]:
    found = batch.ratios(scored) if scored else {}
    for case, way, bound in (("iris", batch.ONE, 0.6), ("forest", batch.ALL, 1)):
        words = f"batch scoring of {batch.TITLES[case]}, {way}: speed against a plain loop"
        yield Target(words, LEAST, bound, found.get((case, way)))
