"""Read what torch.save has written without running what is in it, on every version of PyTorch."""

import inspect
import io
import pickle
import re
import warnings
from typing import Any, Dict

import torch

from pytorch_runtime import failures, plain_pickle
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
# PyTorch has a mode for weights only since 1.13.
_RESTRICTED: Dict[str, Any] = (
    {"weights_only": True}
    if "weights_only" in inspect.signature(torch.load).parameters
    else {"pickle_module": plain_pickle}
)
_ANYTHING: Dict[str, Any] = {"weights_only": False} if "weights_only" in _RESTRICTED else {}
_REFUSAL = re.compile("unsupported", re.IGNORECASE)
_GLOBAL = re.compile(r"(?i:unsupported )?(?:global|GLOBAL):? (?:GLOBAL )?([\w.]+\.\w+)")


class NeedsPickle(Exception):
    """The file holds more than weights, which the text names: reading it would run code."""


def instead(needed: str) -> str:
    """Return how to save a file without the class or function that it needs."""
    if needed.startswith("numpy"):
        return f"save tensors and plain values in place of {needed}"
    return (
        f"{needed and needed + ' is in it: '}save it with torch.export.save or torch.jit.save, or "
        "only its state_dict() (whose network comes from files/src/model.py)"
    )


def read_weights(artefact: Artefact) -> Any:
    """Return tensors in plain containers.

    Raises:
        NeedsPickle: there are other objects in the file.
        LoadError: the file is damaged.
    """
    try:
        return weights_in(artefact.content)
    except FAILURES as error:
        raise failures.not_read(artefact, error) from None


def read_anything(artefact: Artefact) -> Any:
    """Return what is in the file, which may run any code.

    Raises:
        LoadError: it cannot be read here.
    """
    try:
        return torch.load(io.BytesIO(artefact.content), map_location="cpu", **_ANYTHING)
    except FAILURES as error:
        raise failures.not_read(artefact, error) from None


def weights_in(content: bytes) -> Any:
    """Return what torch.save wrote, if it is weights only."""
    try:
        with warnings.catch_warnings():
            # What it cannot read of a newer protocol is an error anyway.
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            # PyTorch's own doing, for quantised tensors.
            warnings.filterwarnings("ignore", message="TypedStorage is deprecated")
            return torch.load(io.BytesIO(content), map_location="cpu", **_RESTRICTED)
    except pickle.UnpicklingError as error:
        if _REFUSAL.search(str(error)):
            found = _GLOBAL.search(str(error))
            raise NeedsPickle(found.group(1) if found else "") from None
        raise
