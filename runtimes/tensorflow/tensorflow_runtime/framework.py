"""Import TensorFlow, any version since 1.4, without the noise that its import makes."""

import contextlib
import logging
import warnings
from typing import Any, Iterator, Tuple


@contextlib.contextmanager
def without_deprecations() -> Iterator[None]:
    """Ignore what is deprecated in Python or NumPy and used by TensorFlow itself.

    Every version is older than some of what it stands on (1.x beside NumPy 1.17 and newer warns a
    dozen times), and those who serve a model cannot act on that.
    """
    with warnings.catch_warnings():
        for category in (
            FutureWarning,
            DeprecationWarning,
            PendingDeprecationWarning,
            ImportWarning,
        ):
            warnings.simplefilter("ignore", category)
        # The wheel of 1.4 for Python 3.6 holds a module that was compiled for 3.5, and works.
        warnings.filterwarnings("ignore", "compiletime version", RuntimeWarning)
        yield


with without_deprecations():
    import tensorflow

tf: Any = tensorflow

VERSION: Tuple[int, ...] = tuple(int(part) for part in tf.__version__.split(".")[:2])

# The API of 1.x, where this version has it; 1.13 was the first to have it there.
v1: Any = tf.compat.v1 if VERSION >= (1, 13) else tf


def allow_growth() -> None:
    """Make TensorFlow 2.x take a GPU's memory as it is needed, not all of it at once."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)


class _Deprecations(logging.Filter):
    """Drops what TensorFlow says to those who write code for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record says more than that a function is deprecated."""
        return "is deprecated and will be removed" not in str(record.msg)


def quieten() -> None:
    """Make TensorFlow's Python half write to the service's log, warnings and worse, once each.

    TensorFlow 1.x has a handler of its own, which would write every line a second time.
    """
    logger = logging.getLogger("tensorflow")
    logger.handlers = []
    logger.propagate = True
    logger.setLevel(logging.WARNING)
    logger.addFilter(_Deprecations())


quieten()
