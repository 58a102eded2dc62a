"""Read files again when they change, so that secrets are renewed without a restart."""

import os
import threading
import time
from typing import Any, Callable, Generic, Sequence, Tuple, TypeVar

from serving_runtime import logs
from serving_runtime.errors import SettingError

logger = logs.get_logger(__name__)

LOOK_SECONDS = 1.0

Value = TypeVar("Value")


class Reloaded(Generic[Value]):
    """What was last read well from some files.

    Args:
        paths: the files.
        read: reads them; raises SettingError where they are of no use.

    Raises:
        SettingError: they are of no use from the start.
    """

    def __init__(self, paths: Sequence[str], read: Callable[[], Value]) -> None:
        self._paths = tuple(paths)
        self._read = read
        self._stamps = self._look()
        self.value = read()

    def refresh(self) -> None:
        """Read the files if they have changed; where they are of no use, the old value stays."""
        stamps = self._look()
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            value = self._read()
        except SettingError as error:
            if self._look() == stamps:  # else they are still being written
                logger.error("%s; what was read before stays in force", error.problem)
            return
        if self._look() == stamps:
            self.value = value
            logger.info("read again, since it has changed: %s", ", ".join(self._paths))

    def _look(self) -> Tuple[Any, ...]:
        """Return what differs once a file has changed, other rights to it included."""
        return tuple(_stamp(path) for path in self._paths)


def _stamp(path: str) -> Any:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns


def keep(files: Sequence["Reloaded[Any]"]) -> None:
    """Refresh all files every second, from now on.

    In a thread of its own: a volume may hang, and no call is to wait for it.
    """
    if files:
        threading.Thread(target=_keep, args=(files,), name="reload", daemon=True).start()


def _keep(files: Sequence["Reloaded[Any]"]) -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        for one in files:
            one.refresh()
