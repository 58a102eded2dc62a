"""Keep a job's output folder: what it is of, which parts are done, and one job at a time in it.

::

    scores/
    ├── part-00000.parquet …   results, in the order of the rows
    ├── _bad_rows.jsonl        rows without a result, and why; once all is done
    ├── _SUCCESS               how many rows and bad ones; once all is done
    └── _job/                  what a job that is run again continues from

Names that begin with ``_`` are left out by what reads a folder of Parquet files.
"""

import errno
import fcntl
import json
import os
import shutil
from typing import Any, Dict, Mapping, Optional, Sequence

from serving_runtime.batch.parts import Counts
from serving_runtime.errors import StartError

DONE, BAD_ROWS = "_SUCCESS", "_bad_rows.jsonl"
_JOB = "_job"
_DESCRIPTION = "job.json"


class Folder:
    """The output folder of a job."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._job = os.path.join(root, _JOB)

    def results(self, number: int) -> str:
        """Return the path of a part's results."""
        return os.path.join(self.root, f"part-{number:05}.parquet")

    def bad_rows(self, number: int) -> str:
        """Return the path of a part's bad rows, until all is done."""
        return os.path.join(self._job, f"part-{number:05}.bad.jsonl")

    def mark(self, number: int, counts: Counts) -> None:
        """Note that a part is done."""
        _write(self._mark(number), json.dumps(counts._asdict()))

    def done(self, number: int) -> Optional[Counts]:
        """Return what came of a part; None if it is not done."""
        try:
            with open(self._mark(number), encoding="utf-8") as file:
                return Counts(**json.load(file))
        except FileNotFoundError:
            return None

    def begin(self, description: Mapping[str, Any]) -> Optional[Counts]:
        """Take the folder for a job, or continue the same job; return its counts if it is done.

        Args:
            description: what the results depend on, as what JSON has.

        Raises:
            StartError: another job has written there, or is writing.
        """
        self._check_own()
        _make(self._job)
        self._lock()
        path = os.path.join(self._job, _DESCRIPTION)
        try:
            with open(path, encoding="utf-8") as file:
                _check_same(self.root, json.load(file), description)
        except FileNotFoundError:
            _write(path, json.dumps(description, indent=1))
        return self._result()

    def finish(self, numbers: Sequence[int], total: Counts) -> None:
        """Join the bad rows, and note that all is done."""
        path = os.path.join(self.root, BAD_ROWS)
        with open(path + ".unfinished", "wb") as joined:
            for number in numbers:
                with open(self.bad_rows(number), "rb") as file:
                    shutil.copyfileobj(file, joined)
        os.replace(path + ".unfinished", path)
        _write(os.path.join(self.root, DONE), json.dumps(total._asdict()))

    def release(self) -> None:
        """Leave the folder to another job."""
        os.close(self._locked)

    def _result(self) -> Optional[Counts]:
        try:
            with open(os.path.join(self.root, DONE), encoding="utf-8") as file:
                return Counts(**json.load(file))
        except FileNotFoundError:
            return None

    def _mark(self, number: int) -> str:
        return os.path.join(self._job, f"part-{number:05}.json")

    def _lock(self) -> None:
        self._locked = os.open(os.path.join(self._job, "lock"), os.O_CREAT | os.O_WRONLY, 0o644)
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise StartError(f"another job is writing to {self.root}", "wait for it") from None

    def _check_own(self) -> None:
        """Check that nobody else has files there, before anything is written."""
        found = os.listdir(self.root) if os.path.isdir(self.root) else []
        if found and _JOB not in found:
            raise StartError(
                f"{self.root} is not empty (it has {found[0]}), and no job's output",
                "choose another --output",
            )


def _check_same(root: str, before: Dict[str, Any], now: Mapping[str, Any]) -> None:
    for name, value in json.loads(json.dumps(now)).items():
        difference = _difference(name, before.get(name), value)
        if difference:
            raise StartError(
                f"{root} has the output of another job, which this one cannot continue: "
                f"{difference}",
                "choose another --output, or remove the folder to score all rows again",
            )


def _difference(name: str, before: Any, now: Any) -> str:
    """Return what is no more as it was; nothing if all is."""
    if not isinstance(before, dict) or not isinstance(now, dict):
        return "" if before == now else f"{name} was {_short(before)}, and is {_short(now)}"
    for path, state in before.items():
        if now.get(path) != state:
            return f"{name}: {path} {'has changed' if path in now else 'is gone'}"
    # What is new beside a model, its own code has written.
    return "" if name == "model" or list(before) == list(now) else f"{name}: other files"


def _short(value: Any, most: int = 200) -> str:
    text = json.dumps(value)
    return text if len(text) <= most else text[:most] + "..."


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise StartError(f"{folder} cannot be made: {error.strerror}") from None


def _write(path: str, text: str) -> None:
    """Write a file that is there as a whole, or not at all."""
    with open(path + ".unfinished", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".unfinished", path)
