"""Fuzz the codec or the contract parser where coverage leads: python -m tests.fuzz.guided codec.

It needs the environment `fuzz`. A case that fails is kept with the other regressions, and ends the
run with an exit code that is not 0.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["serving_runtime"]):
    from tests.fuzz import contracts, corpus, regressions
    from tests.fuzz.corpus import Case
    from tests.fuzz.mutator import Mutator
    from tests.fuzz.service import Service
    from tests.support import differential, differential_inferences

# Those that workers answer: what the front answers itself needs no codec.
METHODS = corpus.WORKER_METHODS
MAX_BYTES = 4096
Check = Callable[[Case], str]


def main(argv: Sequence[str]) -> None:
    """Fuzz for a while; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("target", choices=("codec", "contract"))
    parser.add_argument("--seconds", type=int, default=300)
    arguments = parser.parse_args(argv)
    names, check, seeds = _codec() if arguments.target == "codec" else _contract()
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(seeds):
            Path(folder, str(number)).write_bytes(_as_bytes(names, case))
        atheris.Setup(
            ["guided", *_options(arguments.seconds, folder), folder],
            lambda data: _try(_as_case(names, data), check),
            **({"custom_mutator": Mutations(names).mutate} if names is METHODS else {}),
        )
        atheris.Fuzz()


def _options(seconds: int, folder: str) -> list[str]:
    return [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    ]


class Mutations:
    """Changes inputs: as often by structure as byte by byte.

    Args:
        names: the methods, by the first byte of an input.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._mutator = Mutator(0)

    def mutate(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Return a changed input (called by libFuzzer)."""
        chance = random.Random(seed)
        if not data or chance.random() < 0.5:
            return bytes(atheris.Mutate(data, max_size))
        case = self._mutator.change(chance, _as_case(self._names, data))
        return _as_bytes(self._names, case)[:max_size]


def _codec() -> tuple[Sequence[str], Check, Sequence[Case]]:
    service = Service()

    def check(case: Case) -> str:
        wrong, _ = service.problem([case])
        return wrong or _disagreement(case)

    return METHODS, check, [case for case in corpus.golden() if case.method in METHODS]


def _contract() -> tuple[Sequence[str], Check, Sequence[Case]]:
    return contracts.FORMS, contracts.problem, contracts.seeds()


def _disagreement(case: Case) -> str:
    """Hold the reading where values lie against protobuf's own reading."""
    try:
        if case.method == corpus.INFER:
            differential_inferences.assert_same(case.payload)
        elif case.method in differential.CODECS:
            differential.assert_same(case.payload, case.method)
    except AssertionError:
        return "read differently than by protobuf"
    return ""


def _try(case: Case, check: Check) -> None:
    wrong = check(case)
    if wrong:
        print(f"{wrong}: kept as {regressions.save(wrong, [case])}", flush=True)
        raise AssertionError(wrong)


def _as_case(names: Sequence[str], data: bytes) -> Case:
    return Case(names[data[0] % len(names)] if data else names[0], data[1:])


def _as_bytes(names: Sequence[str], case: Case) -> bytes:
    return bytes([names.index(case.method)]) + case.payload


if __name__ == "__main__":
    main(sys.argv[1:])
