"""Decide from the contract's names which method of the estimator each output comes from."""

import re
from typing import Dict, NamedTuple, Optional, Tuple

from serving_runtime.errors import LoadError, nearest
from serving_runtime.signature import Signature
from sklearn_runtime.structure import METHODS

NEIGHBOURS = {"distances": 0, "indices": 1}
_NUMBERED = re.compile(rf"^({'|'.join(METHODS)})_(\d+)$")


class Source(NamedTuple):
    """Where an output comes from: a method, and the part of its result if that has several."""

    method: str
    part: Optional[int] = None


def sources(signature: Signature, available: Tuple[str, ...]) -> Dict[str, Source]:
    """Return the source of each output.

    An output that is named after a method is that method's. One output may have another name: it is
    the result of the method that the signature is named after, else of ``predict``, or of
    ``transform`` where there is no ``predict``.

    Raises:
        LoadError: it is not clear what an output means, or the estimator has no such method.
    """
    found = {field.name: _named(field.name) for field in signature.outputs}
    unnamed = [name for name, source in found.items() if source is None]
    if len(unnamed) > 1:
        raise LoadError(
            f'signature "{signature.name}" has several outputs that are not named after methods: '
            f"{', '.join(unnamed)}; expected names among {', '.join(available)}",
            "rename them after the methods that they come from; one may have any name",
        )
    chosen = {name: source or _own(signature.name, available) for name, source in found.items()}
    for source in chosen.values():
        _check(signature.name, source, available)
    return chosen


def _named(name: str) -> Optional[Source]:
    if name in METHODS:
        return Source(name)
    if name in NEIGHBOURS:
        return Source("kneighbors", NEIGHBOURS[name])
    numbered = _NUMBERED.match(name)
    return Source(numbered.group(1), int(numbered.group(2))) if numbered else None


def _own(signature_name: str, available: Tuple[str, ...]) -> Source:
    if signature_name in METHODS:
        return Source(signature_name)
    return Source("predict" if "predict" in available else "transform")


def _check(signature_name: str, source: Source, available: Tuple[str, ...]) -> None:
    if source.method not in available:
        raise LoadError(
            f'signature "{signature_name}" wants {source.method}, which the model does not have'
            f"{nearest(source.method, available)} (it has {', '.join(available)})",
            "name the signature, or its outputs, after methods that the model has",
        )
    if source == Source("kneighbors"):
        raise LoadError(
            f'signature "{signature_name}" wants kneighbors as one output, and it returns two',
            f"name the outputs {' and '.join(NEIGHBOURS)}",
        )
