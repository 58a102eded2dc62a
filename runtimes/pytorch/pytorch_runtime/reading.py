"""Read what torch.save has written without running what is in it, on every version of PyTorch."""

import inspect
import io
import pickle
import re
import warnings
from typing import Any, Dict

import torch

from pytorch_runtime import plain_pickle
from pytorch_runtime.kinds import damaged
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework import unpickling
from serving_runtime.framework.artefacts import Artefact

# Everything that PyTorch's readers were seen to raise for files that are damaged or foreign.
FAILURES = (
    pickle.UnpicklingError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
INSTEAD = (
    "save it with torch.export.save or torch.jit.save, or only its state_dict() (whose network "
    "comes from files/src/model.py)"
)
# PyTorch has a mode for weights only since 1.13.
_RESTRICTED: Dict[str, Any] = (
    {"weights_only": True}
    if "weights_only" in inspect.signature(torch.load).parameters
    else {"pickle_module": plain_pickle}
)
_ANYTHING: Dict[str, Any] = {"weights_only": False} if "weights_only" in _RESTRICTED else {}
_UNPICKLERS = ("torch.serialization", "torch._weights_only_unpickler")
_REFUSAL = re.compile("unsupported", re.IGNORECASE)


class NeedsPickle(Exception):
    """The file holds more than weights: reading it would run code."""


def read_weights(artefact: Artefact) -> Any:
    """Return tensors in plain containers.

    Raises:
        NeedsPickle: there are other objects in the file.
        LoadError: the file is damaged.
    """
    try:
        return weights_in(artefact.content)
    except FAILURES as error:
        raise damaged(artefact, one_line(str(error), 200)) from None


def read_anything(artefact: Artefact) -> Any:
    """Return what is in the file, which may run any code.

    Raises:
        LoadError: it cannot be read here.
    """
    try:
        return torch.load(io.BytesIO(artefact.content), map_location="cpu", **_ANYTHING)
    except FAILURES as error:
        raise not_read(artefact, error) from error


def not_read(artefact: Artefact, error: BaseException) -> LoadError:
    """Return why a file with objects in it cannot be read: for what they need, or it is damaged."""
    cause = unpickling.cause_of(error, _UNPICKLERS)
    if cause is not None:
        return LoadError(one_line(f"{artefact.path} {cause.problem}", 600), cause.fix)
    return damaged(artefact, one_line(unpickling.said(error), 300))


def weights_in(content: bytes) -> Any:
    """Return what torch.save wrote, if it is weights only."""
    try:
        with warnings.catch_warnings():
            # What it cannot read of a newer protocol is an error anyway.
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(io.BytesIO(content), map_location="cpu", **_RESTRICTED)
    except pickle.UnpicklingError as error:
        if _REFUSAL.search(str(error)):
            raise NeedsPickle from None
        raise
