"""Run a process of a job: load the model, then score the parts that it is given."""

import signal
import sys
from multiprocessing.connection import Connection
from typing import Dict, NamedTuple, Optional, Tuple

from serving_runtime import logs
from serving_runtime.batch import readers
from serving_runtime.batch.folder import Folder
from serving_runtime.batch.loading import Loaded, load
from serving_runtime.batch.parts import Care, Counts, Part, Plan
from serving_runtime.batch.scoring import Scorer
from serving_runtime.batch.writers import PartWriter
from serving_runtime.errors import StartError
from serving_runtime.signature import Contract
from serving_runtime.worker.parent import die_with

logger = logs.get_logger(__name__)


class Ready(NamedTuple):
    """The model is loaded; ``reason_not``: why its rows cannot be shared out, empty if they can."""

    contract: Contract
    reason_not: str


class Running(NamedTuple):
    """A call begins, of these rows of the part."""

    start: int
    stop: int


class Finished(NamedTuple):
    """A part is done."""

    counts: Counts


class Failed(NamedTuple):
    """Nothing more can be done; ``problem`` and ``fix`` as of a StartError."""

    problem: str
    fix: str


def main(
    connection: Connection, parent: int, environ: Dict[str, str], runtime_name: str, level: str
) -> None:
    """Load the model and score parts until ``connection`` is closed; log from ``level`` on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the job ends its processes itself
    die_with(parent)
    logs.configure(level, "text", sys.stderr)
    try:
        loaded = load(environ, runtime_name)
        connection.send(Ready(loaded.contract, loaded.reason_not))
        _serve(connection, loaded)
    except StartError as error:
        connection.send(Failed(error.problem, error.fix))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the job has ended
    except Exception as error:  # a full disk, for one: no row is at fault
        logger.error("scoring cannot go on", exc_info=True)
        connection.send(Failed(f"scoring cannot go on: {type(error).__name__}: {error}", ""))


def _serve(connection: Connection, loaded: Loaded) -> None:
    plan: Plan = connection.recv()
    scorer = Scorer(loaded.model, plan, lambda start, stop: connection.send(Running(start, stop)))
    while True:
        task: Optional[Tuple[Part, Care]] = connection.recv()
        if task is None:
            loaded.close()
            return
        connection.send(Finished(score(scorer, plan, *task)))


def score(scorer: Scorer, plan: Plan, part: Part, care: Care) -> Counts:
    """Score a part and write what comes of it.

    Raises:
        StartError: its file cannot be read any more.
    """
    writer = PartWriter(Folder(plan.output), part, plan.binding.schema)
    try:
        writer.write_bad(part.unreadable)
        first = part.first_row
        found = readers.batches(plan.format, part, plan.binding.columns, plan.rows_per_call)
        for rows in found:
            numbers = part.numbers(first, rows.num_rows)
            for scored in scorer.score(rows, numbers, care):
                writer.write(scored)
            first = int(numbers[-1]) + 1 if rows.num_rows else first
        return writer.finish()
    except BaseException:
        writer.abandon()
        raise
