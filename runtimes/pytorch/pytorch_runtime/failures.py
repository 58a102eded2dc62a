"""Explain why PyTorch cannot read a file; a fix is given where the cause is known."""

import io
import re
import sys
import zipfile

import torch

from pytorch_runtime.kinds import damaged
from serving_runtime import logs
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework.artefacts import Artefact

logger = logs.get_logger(__name__)

_NEWER = "serve it from the image of the PyTorch that saved it, or a newer one"
_STATE_DICT = "save only its state_dict(), and build the network in files/src/model.py"
_NUMPY = (
    "the file was written with NumPy 2, and this image has an older one: serve it from an image "
    "with NumPy 2, or save tensors in place of arrays"
)
_MAIN = (
    "its class was defined in the script that saved it: define it in a module of files/src, import "
    f"it from there and save again; or {_STATE_DICT}"
)

# From what the error says, its type first, to what mends it, with the groups that were found.
_CAUSES = (
    (r"No module named '(numpy\._core)", _NUMPY),
    (
        r"No module named '([^']+)'",
        "put the module {0} below files/src or files/src/lib, or install it in an image of your "
        f"own; or {_STATE_DICT}",
    ),
    (r"Can't get attribute '\w+' on <module '(?:__main__|__mp_main__)'", _MAIN),
    (
        r"Can't get attribute '(\w+)' on <module '([\w.]+)'",
        "{1} here has no {0}: bring the version of it that the file was saved with",
    ),
    (r"Unknown builtin op: (?:aten|prim)::", _NEWER),
    (
        r"Unknown builtin op: (\w+)::",
        "the operations of {0} come from a package beside PyTorch, which cannot be served; export "
        "the network without them",
    ),
    (r"(?i)version\S* .*(?:support|newer|too (?:high|new)|maximum)|unsupported .*version", _NEWER),
)
# What PyTorch's own reader of zip archives finds, which checks more than Python's.
_DAMAGE = re.compile("PytorchStreamReader failed (?!locating)|archive is corrupted")


def not_read(artefact: Artefact, error: BaseException) -> LoadError:
    """Return what stops the start if PyTorch's own reader fails.

    Args:
        artefact: the file.
        error: what the reader raised.
    """
    text = f"{type(error).__name__}: {error}"
    # Started with -m, the main module is called otherwise where it is printed.
    fix = _fix(text.replace(repr(sys.modules["__main__"]), "<module '__main__'"))
    if not fix and (_DAMAGE.search(text) or not _is_whole(artefact.content)):
        return damaged(artefact, one_line(str(error), 200))
    if not fix:
        logger.error("reading %s failed", artefact.path, exc_info=error)
    return LoadError(
        f"PyTorch {torch.__version__} cannot load {artefact.path}: {one_line(text, 300)}",
        fix or "the log has the whole traceback",
    )


def _fix(text: str) -> str:
    """Return what mends the cause; empty if that is not known."""
    for pattern, fix in _CAUSES:
        found = re.search(pattern, text)
        if found:
            return fix.format(*found.groups())
    return ""


def _is_whole(content: bytes) -> bool:
    """Whether a zip archive is as it was written; other formats cannot be checked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
