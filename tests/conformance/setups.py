"""What is served and how: every case is run for each framework that has its model.

All frameworks are listed, installed or not, since the tests of images run the same list. Here, the
tests of those that are not installed are left out (see conftest.py).
"""

import functools
import warnings
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from serving_runtime.framework import discovery
from tests.conformance.cases import CASES
from tests.conformance.cases.case import Case
from tests.support.targets import CASE_TARGETS, OTHER_LISTENER, TARGETS, Target

SERVED_TWICE = ("identity", "sequence")

RUNTIMES = Path(__file__).resolve().parent.parent.parent / "runtimes"


def models_of(framework: str) -> Path:
    """Return the folder of a framework's models; a framework joins by having one."""
    return RUNTIMES / framework / "tests" / "models"


class Setup(NamedTuple):
    """A framework's model, the settings it is served with, and what serves it."""

    target: Target
    framework: str
    model: str
    settings: Mapping[str, str] = {}

    def __str__(self) -> str:
        parts = [self.target.name, self.framework, self.model]
        return "-".join(parts + [f"{name}={value}" for name, value in self.settings.items()])

    @property
    def model_dir(self) -> Path:
        """The folder that is served."""
        return models_of(self.framework) / self.model

    def loads_on(self, version: str) -> bool:
        """Whether a version of the framework can load the model; ``since.txt`` names the first."""
        path = self.model_dir / "since.txt"
        since = path.read_text() if path.is_file() else "0"
        return _numbers(version) >= _numbers(since)

    def lacks(self, case: Case) -> bool:
        """Whether a case calls a signature that the framework cannot express, as the model says."""
        path = self.model_dir / "lacks.txt"
        names = path.read_text().split() if path.is_file() else []
        return any(name.encode() in case.request for name in names)

    @property
    def is_wanted(self) -> bool:
        """Whether to serve it: there is such a model, and something to be learned from it.

        A listener knows no framework. So the second one serves all that is Python's, whose servers
        start soonest, and in whose cases each method, status, dtype, size and setting occurs. Of
        the others it serves one model each, which has every dtype, and the one that has a state.
        """
        is_new = self.framework == "python" or (self.model in SERVED_TWICE and not self.settings)
        return self.model_dir.is_dir() and (self.target is not OTHER_LISTENER or is_new)

    def start(self):
        """Serve the model until the returned context ends."""
        return self.target.start(self.framework, self.model_dir, self.settings)


def _numbers(version: str) -> List[int]:
    return [int(part) for part in version.strip().split(".")]


def setups(model: str, targets: Sequence[Target] = TARGETS, **settings: str) -> List[Setup]:
    """Return each way to serve a model, for parametrize."""
    return [
        setup
        for target in targets
        for setup in (Setup(target, name, model, settings) for name in frameworks())
        if setup.is_wanted
    ]


def recorded_setups(targets: Sequence[Target] = TARGETS) -> List[Setup]:
    """Return each way to serve the models whose makers have recorded their answers."""
    models = sorted({path.parent.name for path in RUNTIMES.glob("*/tests/models/*/recorded.json")})
    found = [setup for model in models for setup in setups(model, targets)]
    return [setup for setup in found if (setup.model_dir / "recorded.json").is_file()]


def frameworks() -> List[str]:
    """Name the frameworks that have models."""
    return sorted(path.parent.parent.name for path in RUNTIMES.glob("*/tests/models"))


@functools.lru_cache()
def installed() -> List[str]:
    """Name those of them that can be served here."""
    found = discovery.installed()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what old frameworks say when new Pythons import them
        return [name for name in frameworks() if name in found and not found[name].missing_package]


def runs() -> Iterator[Tuple[Setup, Case]]:
    """Yield every case with every setup, those of one setup in a row."""
    for target in CASE_TARGETS:
        for name in frameworks():
            found = [(Setup(target, name, case.model, case.settings), case) for case in CASES]
            ordered = sorted(found, key=lambda pair: str(pair[0]))
            yield from (
                (setup, case)
                for setup, case in ordered
                if setup.is_wanted and not setup.lacks(case)
            )
