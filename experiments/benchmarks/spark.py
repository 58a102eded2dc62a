"""Measure a Spark pipeline in this runtime beside the same one in a real Spark, in turns.

`python -m tools.environments create benchmarks-spark` makes the environment, whose own
`.venvs/benchmarks-spark/bin/python -m experiments.benchmarks.spark` measures in it. Both engines
answer through the runtime's own loader: the tuned local session is RUNTIME_SPARK_ENGINE=spark.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.benchmarks import measure

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "runtimes" / "spark" / "tests" / "models" / "spark35-text-lr"
RESULTS = ROOT / "build" / "benchmarks" / "spark.json"
OURS, THEIRS = "numpy", "spark"
# How many calls of so many rows each engine answers in a row, before the other's turn comes.
CALLS = {1: {OURS: 2000, THEIRS: 8}, 1000: {OURS: 40, THEIRS: 8}}
ROUNDS = 5


class EngineError(Exception):
    """An engine has ended without an answer."""


class Engine:
    """One engine in a process of its own, ready to answer.

    Args:
        name: of RUNTIME_SPARK_ENGINE.

    Raises:
        EngineError: it does not start.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "experiments.benchmarks.spark", name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ask(1, 1)
        self.start_seconds = time.perf_counter() - started

    def seconds(self, rows: int) -> float:
        """Return what one call of so many rows takes, the median of several."""
        return self._ask(rows, CALLS[rows][self.name])

    def _ask(self, rows: int, calls: int) -> float:
        print(rows, calls, file=self._process.stdin, flush=True)
        answer = next(iter(self._process.stdout or ()), "")
        if not answer:
            self.end()
            raise EngineError(f"{self.name} ended with exit code {self._process.returncode}")
        return float(answer)

    def end(self) -> float:
        """End it; returns the memory that it had at the end, in MB."""
        held = measure.use(self._process.pid).pss_mb
        self._process.communicate()
        return held


def answer(engine: str) -> None:
    """Load the model, and answer as often as each line of the input says; prints the seconds."""
    import numpy as np

    from serving_runtime.contract import read_yaml
    from spark_runtime import loader

    contract = read_yaml((MODEL / "contract.yaml").read_text(encoding="utf-8"))
    [signature] = contract.signatures
    asked = [it for it in signature.outputs if it.name in ("probability", "prediction")]
    contract = contract._replace(signatures=(signature._replace(outputs=tuple(asked)),))
    model = loader.load(MODEL / "files", contract, engine)
    texts = json.loads((MODEL / "expected.json").read_text(encoding="utf-8"))["inputs"]["text"]
    for line in sys.stdin:
        rows, calls = map(int, line.split())
        inputs = {"text": np.array((texts * rows)[:rows], object)}
        taken = [_taken(model, signature.name, inputs) for _ in range(calls)]
        print(statistics.median(taken), flush=True)


def _taken(model: Any, signature: str, inputs: dict[str, Any]) -> float:
    begun = time.perf_counter()
    model.predict(signature, inputs)
    return time.perf_counter() - begun


def measured(rounds: int = ROUNDS) -> dict[str, Any]:
    """Return the seconds of both engines by rows, and how they started."""
    engines = [Engine(OURS), Engine(THEIRS)]
    seconds: dict[str, dict[int, list[float]]] = {OURS: {}, THEIRS: {}}
    for rows in CALLS:
        for engine in engines:  # the JVM compiles what is called often
            engine.seconds(rows)
        for _ in range(rounds):
            for engine in engines:
                seconds[engine.name].setdefault(rows, []).append(engine.seconds(rows))
    return {
        engine.name: {
            "start_seconds": engine.start_seconds,
            "pss_mb": engine.end(),
            "seconds": {rows: statistics.median(it) for rows, it in seconds[engine.name].items()},
        }
        for engine in engines
    }


def lines_of(found: dict[str, Any]) -> list[str]:
    """Return the figures as lines: each with how many times ours is faster, or smaller."""
    ours, theirs = found[OURS], found[THEIRS]
    pairs = {
        "start": (ours["start_seconds"], theirs["start_seconds"], 1.0, "s"),
        "memory": (ours["pss_mb"], theirs["pss_mb"], 1.0, "MB"),
        **{
            f"{rows} rows" if rows > 1 else "one row": (taken, theirs["seconds"][rows], 1e3, "ms")
            for rows, taken in ours["seconds"].items()
        },
    }
    return [
        f"{what:<10} {one * unit:9.3f} {name:<2} {other * unit:9.3f} {name:<2} {other / one:7.0f}×"
        for what, (one, other, unit, name) in pairs.items()
    ]


def main(argv: Sequence[str]) -> int:
    """Measure both engines, or be one of them."""
    if argv:
        answer(argv[0])
        return 0
    found = measured()
    print("\n".join(lines_of(found)))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
