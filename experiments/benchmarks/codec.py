"""Measure how long our worker takes to read a request and to write a reply, in this process."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from experiments.benchmarks import results
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.cases import INPUT, OUTPUT
from experiments.benchmarks.protocols import predict_request

LARGE, SMALL = "16mib-raw", "noop"
LARGE_TIMES, SMALL_TIMES = 20, 20_000
REPETITIONS = 5
NO_LIMIT = 2**30


def run(path: Path) -> int:
    """Measure, and write the seconds that each thing takes; returns 0, as nothing can go wrong."""
    told = results.origin([], [])
    told["seconds"] = seconds = measured()
    for name, taken in seconds.items():
        print(f"codec  {name:<16} {taken * 1e6:12.2f} µs", flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    results.write(told, path)
    print(f"written: {path}")
    return 0


def measured() -> dict[str, float]:
    """Return seconds by name; repetitions alternate, and the best one of each counts."""
    work = _work()
    best = dict.fromkeys(work, float("inf"))
    for _ in range(REPETITIONS):
        for name, (action, times) in work.items():
            best[name] = min(best[name], _seconds(action, times))
    return best


def _work() -> dict[str, tuple[Callable[[], object], int]]:
    from serving_runtime.protocols.tensorflow_serving import protobuf_codec

    # As the worker receives it: writable, so that arrays can be views.
    large, small = (bytearray(predict_request(CASES[name])) for name in (LARGE, SMALL))
    values = CASES[LARGE].make()
    target = np.empty_like(values)
    asked = protobuf_codec.decode(large, NO_LIMIT)
    outputs = {OUTPUT: asked.tensors[INPUT]}

    def answer_small() -> None:
        request = protobuf_codec.decode(small, NO_LIMIT)
        is_raw = request.reply_context.as_content
        protobuf_codec.encode({OUTPUT: request.tensors[INPUT]}, is_raw)

    return {
        "memcpy": (lambda: np.copyto(target, values), LARGE_TIMES),
        "decode": (lambda: protobuf_codec.decode(large, NO_LIMIT), LARGE_TIMES),
        "encode": (lambda: protobuf_codec.encode(outputs, True), LARGE_TIMES),
        "small": (answer_small, SMALL_TIMES),
    }


def _seconds(action: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        action()
    return (time.perf_counter() - started) / times
