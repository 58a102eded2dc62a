"""Find out why a file could not be loaded: what is scikit-learn's own, and of each format."""

import lzma
import pickle
import pickletools
import re
import struct
import zipfile
import zlib
from typing import Optional

from serving_runtime.framework.artefacts import Artefact
from serving_runtime.framework.unpickling import Cause, cause_of, installed, modules_of, said
from sklearn_runtime import versions

_OTHER_VERSION = "serve it from the image of the scikit-learn that saved it, or save it again"
_DAMAGED = "check that the file is whole, and that its suffix says what it was saved as"
# What the readers of the formats raise themselves.
_OF_READERS = (
    EOFError, pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
_OF_PYTHONS_UNPICKLER = (KeyError, IndexError, struct.error)
_UNPICKLERS = ("sklearn_runtime.pickle_file",)
_PICKLES = (".pkl", ".pickle", ".cloudpickle")
_ONNX_VERSION = re.compile(r"IR version|[Oo]pset")


def find(error: Exception, artefact: Artefact, what: str) -> Optional[Cause]:
    """Return why a file could not be loaded; None if that is not known.

    Args:
        error: what loading it raised.
        artefact: the file.
        what: it is taken for, such as ``a pickle``.
    """
    hint = versions.hint(artefact.content)
    reason = f"cannot be loaded as {what} ({len(artefact.content)} bytes): {said(error)}{hint}"
    if _is_damaged(error, artefact):
        return Cause(reason, _DAMAGED)
    known = cause_of(error, _UNPICKLERS)
    if known is not None:
        fix = _OTHER_VERSION if known.package == "sklearn" else known.fix
        return Cause(known.problem + (hint if known.package else ""), fix)
    if _is_of_newer_onnx(error):
        problem = f"is of a newer ONNX than {installed('onnxruntime')} reads: {said(error)}"
        return Cause(
            problem, "convert it with a lower target_opset, or serve it from a newer image"
        )
    is_of_sklearn = any(module.startswith("sklearn.") for module in modules_of(error))
    return Cause(reason, _OTHER_VERSION) if hint and is_of_sklearn else None


def _is_of_newer_onnx(error: Exception) -> bool:
    is_onnx = type(error).__module__.startswith("onnxruntime")
    return is_onnx and _ONNX_VERSION.search(str(error)) is not None


def _is_damaged(error: Exception, artefact: Artefact) -> bool:
    """Whether the file is not what it is taken for: cut short, or of another format."""
    if isinstance(error, _OF_READERS) or type(error).__name__ == "InvalidProtobuf":
        return True
    if artefact.suffix in _PICKLES:
        return not _is_whole_pickle(artefact.content)
    if artefact.suffix == ".joblib" and _is_cut_short(artefact.content):
        return True
    # joblib's unpickler is written in Python, and looks bytes up that are no opcodes.
    return isinstance(error, _OF_PYTHONS_UNPICKLER) and modules_of(error)[-1] == "pickle"


def _is_cut_short(content: bytes) -> bool:
    """Whether a joblib file that is not compressed lacks its end, and may name half a module."""
    return content[:1] == pickle.PROTO and not content.endswith(pickle.STOP)


def _is_whole_pickle(content: bytes) -> bool:
    """Whether it has opcodes to the end; none of them is run."""
    try:
        return sum(1 for _ in pickletools.genops(content)) > 0
    except Exception:  # noqa: BLE001  it raises whatever its readers do
        return False
