"""Hold a job's processes: what each is doing, what it says, and how it ended."""

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection, wait
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from serving_runtime.batch import worker
from serving_runtime.batch.parts import Care, Part, Plan
from serving_runtime.batch.worker import Failed, Running
from serving_runtime.errors import StartError

_END_SECONDS = 10


class Task(NamedTuple):
    """A part to be scored, and what is known of it."""

    part: Part
    care: Care


class Worker:
    """One process.

    Args:
        environ: its variables, the settings among them.
        runtime_name: the framework, or empty to recognise it from the files.
        level: the least severe level that it logs.

    Attributes:
        task: what it is doing.
        running: the rows of the call that it has begun.
    """

    def __init__(self, environ: Mapping[str, str], runtime_name: str, level: str = "error") -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share what threads hold
        self._connection, theirs = context.Pipe()
        arguments = (theirs, os.getpid(), dict(environ), runtime_name, level)
        self._process = context.Process(target=worker.main, args=arguments, daemon=True)
        with _inherited(environ), _uninterrupted():
            self._process.start()
        theirs.close()
        self.task: Optional[Task] = None
        self.running: Optional[Running] = None

    @property
    def connection(self) -> Connection:
        """What ``wait`` waits for."""
        return self._connection

    @property
    def rows_begun(self) -> int:
        """How many rows of its part were before the call that it is in."""
        if self.task is None or self.running is None:
            return 0
        return self.running.start - self.task.part.first_row

    def receive(self) -> Any:
        """Return what it says next.

        Raises:
            StartError: it cannot go on.
            EOFError: it has ended.
        """
        try:
            said = self._connection.recv()
        except ConnectionResetError:
            raise EOFError from None
        if isinstance(said, Failed):
            raise StartError(said.problem, said.fix)
        return said

    def plan(self, plan: Plan) -> None:
        """Give it the job's plan."""
        self._send(plan)

    def begin(self, task: Task) -> None:
        """Have it score a part."""
        self.task, self.running = task, None
        self._send(task)

    def ended(self) -> str:
        """Return how it ended, once it has."""
        self._process.join(_END_SECONDS)
        code = self._process.exitcode
        self._connection.close()
        if code is None:
            return "closed its connection"
        if code >= 0:
            return f"exited with code {code}"
        name = signal.Signals(-code).name
        return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")

    def close(self) -> None:
        """Have it close the model and end; one that does not is killed."""
        self._send(None)
        self._process.join(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.terminate()
        self._process.join(_END_SECONDS)
        self._connection.close()

    def _send(self, what: Any) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send(what)  # one that has ended is noticed when it is read from


@contextlib.contextmanager
def _inherited(environ: Mapping[str, str]) -> Iterator[None]:
    """Start processes with variables: libraries read theirs before any code of ours runs."""
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, not even before they ignore it: the job does."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ready(workers: List[Worker], timeout: Optional[float]) -> List[Worker]:
    """Wait until some of the workers say something, or end."""
    by_connection: Dict[Any, Worker] = {each.connection: each for each in workers}
    return [by_connection[found] for found in wait(list(by_connection), timeout)]
