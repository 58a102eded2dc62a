"""Score files on one machine, with a process for each CPU; what was done before stays done."""

import collections
import itertools
import os
from typing import Any, Deque, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from serving_runtime.batch import loading, pool, readers
from serving_runtime.batch.binding import Wishes, bind
from serving_runtime.batch.folder import Folder
from serving_runtime.batch.parts import NOTHING_KNOWN, Counts, Part, Plan
from serving_runtime.batch.pool import Task, Worker
from serving_runtime.batch.progress import Progress
from serving_runtime.batch.readers import Files
from serving_runtime.batch.readers.table import Table
from serving_runtime.batch.worker import Finished, Ready, Running
from serving_runtime.errors import InvalidInput, StartError
from serving_runtime.framework import discovery
from serving_runtime.settings import Settings, default_model_dir
from serving_runtime.signature import Contract, Signature
from serving_runtime.system import cpus
from serving_runtime.validation import choose_signature

_JUDGED_ROWS = 1000  # fewer say nothing about how many are bad
_DEATHS_OUTSIDE = 3


class Job(NamedTuple):
    """What is asked for.

    ``workers``: how many processes, 0 for one for each CPU. ``max_bad``: the share of bad rows, of
    1, beyond which the job stops.
    """

    environ: Mapping[str, str]
    runtime_name: str
    files: Files
    output: str
    signature_name: str = ""
    wishes: Wishes = Wishes()
    rows_per_call: int = 8192
    workers: int = 0
    max_bad: float = 0.5


def run(job: Job) -> Counts:
    """Score all files, and return how many rows there were, and how many of them were bad.

    Raises:
        StartError: the job cannot begin, or cannot go on; what was done is kept.
    """
    job = job._replace(environ={**job.environ, **_thread_variables(job)})
    first = Worker(job.environ, job.runtime_name, "warning")  # the others would say the same
    workers = [first]
    try:
        announced = _first_word(first)
        signature = chosen(announced.contract, job.signature_name)
        table = readers.open_table(job.files, signature)
        binding = bind(signature, table.schema, job.wishes, table.is_text)
        folder = Folder(job.output)
        before = folder.begin(_description(job, signature))
        try:
            cast = Settings.from_env(job.environ).cast
            plan = Plan(binding, job.files.format, job.output, job.rows_per_call, cast)
            return before or _Run(job, plan, folder, table, workers).to_the_end()
        finally:
            folder.release()
    finally:
        for each in workers:
            each.kill()


def chosen(contract: Contract, name: str) -> Signature:
    """Return the signature that is meant.

    Raises:
        StartError: there is none of that name, or several and none was named.
    """
    try:
        return choose_signature(contract, name)
    except InvalidInput as error:
        text = str(error).replace("the request names", "the command names")
        raise StartError(text, "name one with --signature") from None


class _Run:
    """A job on its way: parts that wait, processes that score them."""

    def __init__(
        self, job: Job, plan: Plan, folder: Folder, table: Table, workers: List[Worker]
    ) -> None:
        self._job = job
        self._plan = plan
        self._folder = folder
        self._workers = workers
        self._total = Counts()
        self._numbers: List[int] = []
        self._ahead: Deque[Task] = collections.deque(maxlen=1)
        self._tasks = self._remaining(table.parts(plan.binding.columns))
        self._deaths = 0
        self._rows_of: Optional[int] = table.rows
        self._progress: Optional[Progress] = None

    def to_the_end(self) -> Counts:
        """Score all parts, and join what came of them."""
        [first] = self._workers
        first.plan(self._plan)
        self._begin(first)
        self._progress = Progress(self._rows_of, self._total.rows)
        while first.task and len(self._workers) < self._count() and self._add():
            pass
        while any(each.task for each in self._workers):
            self._read_ahead()
            for each in pool.ready(self._busy(), 1.0):
                self._hear(each)
            self._show()
        for each in self._workers:
            each.close()
        self._folder.finish(sorted(self._numbers), self._total)
        self._progress.end(self._total.rows)
        return self._total

    def _count(self) -> int:
        return self._job.workers or cpus.usable_cpus()

    def _busy(self) -> List[Worker]:
        return [each for each in self._workers if each.task]

    def _remaining(self, parts: Iterator[Part]) -> Iterator[Task]:
        """Return what is left to be done, and count what is not."""
        for part in parts:
            self._numbers.append(part.number)
            counts = self._folder.done(part.number)
            if counts is None:
                yield Task(part, NOTHING_KNOWN)
            else:
                self._total = self._total.plus(counts)

    def _next(self) -> Optional[Task]:
        return self._ahead.popleft() if self._ahead else next(self._tasks, None)

    def _read_ahead(self) -> None:
        """Have one part ready before a process asks for it: some are read here."""
        if not self._ahead:
            self._ahead.extend(itertools.islice(self._tasks, 1))

    def _begin(self, worker: Worker) -> None:
        task = self._next()
        worker.task = worker.running = None
        if task is not None:
            worker.begin(task)

    def _add(self) -> bool:
        """Start a process more if there is something for it to do."""
        task = self._next()
        if task is None:
            return False
        self._workers.append(self._start(task))
        return True

    def _start(self, task: Task) -> Worker:
        added = Worker(self._job.environ, self._job.runtime_name)
        added.plan(self._plan)
        added.begin(task)
        return added

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.receive()
        except EOFError:
            self._replace(worker)
            return
        if isinstance(said, Running):
            worker.running = said
        elif isinstance(said, Finished):
            self._total = self._total.plus(said.counts)
            self._judge()
            self._begin(worker)

    def _replace(self, worker: Worker) -> None:
        """Do a part again whose process has ended, with fewer rows in the call that ended it."""
        ended, running, task = worker.ended(), worker.running, worker.task
        self._workers.remove(worker)
        if task is None:
            return
        if running is None:
            self._deaths += 1
            if self._deaths >= _DEATHS_OUTSIDE:
                raise StartError(f"the model's process {ended}, not in a call of the model")
            care = task.care
        else:
            reason = f"the model's process {ended} with this row"
            care = task.care.narrowed(running.start, running.stop, reason)
        self._workers.append(self._start(task._replace(care=care)))

    def _judge(self) -> None:
        rows, bad = self._total
        if rows >= _JUDGED_ROWS and bad > self._job.max_bad * rows:
            raise StartError(
                f"{bad} of {rows} rows are bad so far, more than --max-bad {self._job.max_bad:g} "
                f"allows; the reasons are in {os.path.join(self._job.output, '_job')}",
                "mend the data, or raise --max-bad; what was done is kept",
            )

    def _show(self) -> None:
        if self._progress:
            rows, bad = self._total
            self._progress.show(rows + sum(each.rows_begun for each in self._busy()), bad)


def _first_word(worker: Worker) -> Ready:
    """Return what is known of the model, once it is loaded."""
    try:
        said: Ready = worker.receive()
    except EOFError:
        raise StartError(f"the process that loads the model {worker.ended()}") from None
    loading.refuse_state(said.reason_not)
    return said


def _thread_variables(job: Job) -> Mapping[str, str]:
    settings = Settings.from_env(job.environ)
    count = job.workers or cpus.usable_cpus()
    named = discovery.thread_variables()
    return cpus.thread_variables(job.environ, settings.threads, count, named)


def _description(job: Job, signature: Signature) -> Mapping[str, Any]:
    """Return what the results depend on."""
    root = job.environ.get("MODEL_DIR") or default_model_dir()
    return {
        "model": dict(_state(path, root) for path in _files_below(root)),
        "input": dict(_state(path, "") for path in job.files.paths),
        "signature": signature.name,
        "columns": job.wishes.columns,
        "keep": job.wishes.keep,
        "prefix": job.wishes.prefix,
        "cast": Settings.from_env(job.environ).cast,
    }


def _files_below(root: str) -> List[str]:
    found = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
    return sorted(path for path in found if "__pycache__" not in path)


def _state(path: str, root: str) -> Tuple[str, Tuple[int, int]]:
    status = os.stat(path)
    name = os.path.relpath(path, root) if root else os.path.abspath(path)
    return name, (status.st_size, status.st_mtime_ns)
