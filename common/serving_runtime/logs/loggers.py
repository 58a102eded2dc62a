"""Keep the service's own log out of the reach of the user's code.

A program configures logging as if it were alone in its process: ``dictConfig`` disables all loggers
that there are and closes all handlers, ``logging.disable`` silences them, a record factory wants to
know the request. Our loggers are in no registry, and heed only their own root.
"""

import logging
from typing import Any, Mapping, Optional

_NAMES = {number: logging.getLevelName(number) for number in (10, 20, 30, 40, 50)}


class OwnLogger(logging.Logger):
    """A logger that only its own level and handlers concern."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  logging's name
        """Return whether a record of that level is written, whatever ``logging.disable`` says."""
        return level >= self.getEffectiveLevel()

    def makeRecord(  # noqa: N802, PLR0913, PLR0917  logging's name and parameters
        self,
        name: str,
        level: int,
        fn: str,
        lno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: Optional[str] = None,
        extra: Optional[Mapping[str, object]] = None,
        sinfo: Optional[str] = None,
    ) -> logging.LogRecord:
        """Make a plain record, whatever factory and names of levels there are."""
        record = logging.LogRecord(name, level, fn, lno, msg, args, exc_info, func, sinfo)
        record.levelname = _NAMES[level]
        record.__dict__.update(extra or {})
        return record


# Above all loggers of ours. Until it is given a handler, as in a client's program or in a test,
# they log as a library does: by way of the standard root.
root = OwnLogger("serving_runtime")
root.parent = logging.root


def get_logger(name: str) -> logging.Logger:
    """Return a logger of ours, to be called where others call ``logging.getLogger(__name__)``."""
    logger = OwnLogger(name)
    logger.parent = root
    return logger


def take_over(handler: logging.Handler, level: str) -> None:
    """Write all records of our loggers with one handler, and with no other."""
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
