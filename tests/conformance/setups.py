"""What is served and how: every case is run for each framework that has its model.

All frameworks are listed, installed or not, since the tests of images run the same list. Here, the
tests of those that are not installed are left out (see conftest.py).
"""

import contextlib
import functools
import tempfile
import warnings
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Sequence, Tuple, Union

from serving_runtime.framework import discovery
from tests.conformance.cases import CASES
from tests.conformance.tensorflow_serving.exchange import Exchange
from tests.support.bare_contract import copy_alone
from tests.support.cases import Case
from tests.support.services import Service
from tests.support.targets import IN_PROCESS, SERVER, TARGETS, Target
from tests.support.wire import Wire
from tests.support.wires import every_wire, open_inference_json

WIRES = every_wire()
# Their calls may be sent to any model, whatever else it has.
REST = open_inference_json.WIRES
NAMING = [wire for wire in WIRES if wire.names_signatures]
RUNTIMES = Path(__file__).resolve().parent.parent.parent / "runtimes"


def naming_over(service: Service) -> List[Wire]:
    """Return those of them that a service can be called over."""
    return [wire for wire in NAMING if service.has_http or wire not in REST]


def models_of(framework: str) -> Path:
    """Return the folder of a framework's models; a framework joins by having one."""
    return RUNTIMES / framework / "tests" / "models"


class Setup(NamedTuple):
    """A framework's model, the settings it is served with, and what serves it.

    ``alone``: the only signature of its contract that is served; empty for all.
    """

    target: Target
    framework: str
    model: str
    settings: Mapping[str, str] = {}
    alone: str = ""

    def __str__(self) -> str:
        parts = [self.target.name, self.framework, self.model, *filter(None, [self.alone])]
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

    def has(self, case: Union[Case, Exchange]) -> bool:
        """Whether it has what a case calls; ``lacks.txt`` names what a framework cannot express."""
        path = self.model_dir / "lacks.txt"
        lacks = path.read_text().split() if path.is_file() else []
        return self.model_dir.is_dir() and case.signature not in lacks

    def start(self):
        """Serve the model until the returned context ends."""
        if self.alone:
            return self._start_alone()
        return self.target.start(self.framework, self.model_dir, self.settings)

    @contextlib.contextmanager
    def _start_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / self.model
            copy_alone(self.framework, self.model_dir, self.alone, copy)
            with self.target.start(self.framework, copy, self.settings) as service:
                yield service


def _numbers(version: str) -> List[int]:
    return [int(part) for part in version.strip().split(".")]


def setups(model: str, targets: Sequence[Target] = TARGETS, **settings: str) -> List[Setup]:
    """Return each way to serve a model, for parametrize."""
    found = [Setup(target, name, model, settings) for target in targets for name in frameworks()]
    return [setup for setup in found if setup.model_dir.is_dir()]


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


def runs() -> Iterator[Tuple[Setup, Wire, Case]]:
    """Yield every case in process and on a server, over each wire that can carry it."""
    carried = [(wire, case) for wire in WIRES for case in CASES if not wire.gap(case)]
    for wire, case in carried:
        for setup in _with(case):
            # In this process a call can say by itself what must be served alone.
            alone = "" if setup.target is IN_PROCESS else wire.alone(case)
            yield setup._replace(alone=alone), wire, case


def exchanges(listed: Sequence[Exchange]) -> Iterator[Tuple[Setup, Exchange]]:
    """Yield what is of one protocol alone, in process and on a server."""
    for exchange in listed:
        yield from ((setup, exchange) for setup in _with(exchange))


def _with(case: Union[Case, Exchange]) -> List[Setup]:
    found = setups(case.model, (IN_PROCESS, SERVER), **case.settings)
    return [setup for setup in found if setup.has(case)]
