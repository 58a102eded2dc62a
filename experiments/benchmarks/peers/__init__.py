"""The servers that are compared: one small module each, with the same things said of every one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from experiments.benchmarks.cases import Case
from experiments.benchmarks.protocols import Protocol

SERVERS = Path(__file__).resolve().parent.parent / "servers"
MESSAGE_BYTES = 256 * 2**20


class Setup(NamedTuple):
    """Where a peer runs one case.

    Args:
        case: what is asked of it.
        python: the interpreter of its environment.
        folder: its own, empty; configuration goes here.
        models: what `servers/models.py` has saved in its environment.
        port: where it must answer, on 127.0.0.1.
        other_ports: for what else it insists on opening.
    """

    case: Case
    python: Path
    folder: Path
    models: Path
    port: int
    other_ports: tuple[int, ...]

    @property
    def served(self) -> tuple[str, str, str]:
        """What our services for peers take first: model, folder and framework."""
        return self.case.model, str(self.models), self.case.framework


class Start(NamedTuple):
    """How a server is started."""

    command: list[str]
    environ: Mapping[str, str] = {}


class Peer(NamedTuple):
    """A server to compare with.

    Args:
        name: on the command line and in results.
        title: in tables, with what was chosen where it matters.
        environment: whose packages it needs; see environments/.
        packages: whose versions are told with the results.
        protocol: how it is called.
        cases: the names of those that it can do.
        prepare: writes its configuration, before the clock of the cold start runs.
        start: says how it is started.
        is_limit: it runs no model.
        brings: the frameworks that its environment has anyway, or need not have.
    """

    name: str
    title: str
    environment: str
    packages: tuple[str, ...]
    protocol: Protocol
    cases: tuple[str, ...]
    prepare: Callable[[Setup], None]
    start: Callable[[Setup], Start]
    is_limit: bool = False
    brings: tuple[str, ...] = ()

    def environment_for(self, case: Case) -> str:
        """Name the environment for a case: models of a framework need one that has it."""
        apart = case.framework and case.framework not in self.brings
        return f"{self.environment}-{case.framework}" if apart else self.environment


def nothing(setup: Setup) -> None:
    """Prepare a peer that needs no configuration."""


ARRAYS = ("noop", "1mib-raw", "1mib-typed", "1mib-echo", "16mib-raw", "16mib-typed")
FRAMEWORKS = ("tensorflow", "pytorch")
