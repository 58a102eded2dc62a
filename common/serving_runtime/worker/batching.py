"""Answer several requests with one call: group what fits, stack rows, split results."""

import itertools
from typing import Container, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from serving_runtime.calls import Entered
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.model import Arrays
from serving_runtime.protocols import ModelProtocol, Request
from serving_runtime.signature import Signature, Tensor, Value


class Prepared(NamedTuple):
    """A decoded and validated request, ready to run.

    ``decode_seconds`` is how long that took, ``ready_at`` when it was done; ``casts`` is how many
    of its inputs were converted.
    """

    call: CallFrame
    protocol: ModelProtocol
    request: Request
    signature: Signature
    inputs: Arrays
    decode_seconds: float
    ready_at: float
    casts: int = 0

    @property
    def rows(self) -> int:
        """How many rows the inputs have, where the signature is stackable."""
        return len(next(iter(self.inputs.values())))


Group = List[Prepared]


def entered(group: Group) -> Entered:
    """Return what is noted of the calls of a group while the model answers it."""
    return tuple((request.call.request_id, request.call.attributes) for request in group)


class RowsLost(Exception):
    """A stacked result has not one row for each row that went in."""


def group(requests: Sequence[Prepared], max_rows: int, single: Container[str]) -> List[Group]:
    """Put together the requests that one call of the model can answer.

    Args:
        requests: in the order of arrival, which each group keeps.
        max_rows: most rows in a group of several requests.
        single: names of signatures that must not be stacked, as those that are not stackable.
    """
    if max_rows == 1 or len(requests) == 1:
        return [[request] for request in requests]
    groups: List[Group] = []
    open_groups: Dict[Tuple[object, ...], Tuple[Group, int]] = {}  # with their rows
    none_open: Tuple[Group, int] = ([], max_rows + 1)
    for request in requests:
        if request.signature.name in single:
            groups.append([request])
            continue
        key, rows = _key(request), request.rows
        found, filled = open_groups.get(key, none_open)
        if filled + rows > max_rows:
            found, filled = [], 0
            groups.append(found)
        found.append(request)
        open_groups[key] = (found, filled + rows)
    return groups


def stack(requests: Sequence[Prepared]) -> Arrays:
    """Join the inputs of ``requests`` along their first axes."""
    if len(requests) == 1:
        return requests[0].inputs
    names = requests[0].inputs
    return {name: np.concatenate([request.inputs[name] for request in requests]) for name in names}


def split(outputs: Mapping[str, Value], requests: Sequence[Prepared]) -> List[Dict[str, Value]]:
    """Cut stacked outputs into those of each request, as views.

    Raises:
        RowsLost: an output's first axis is not the number of stacked rows.
    """
    ends = list(itertools.accumulate([request.rows for request in requests]))
    tensors = {name: value for name, value in outputs.items() if isinstance(value, Tensor)}
    for name, tensor in tensors.items():
        if len(tensor.array) != ends[-1]:
            got = f"{len(tensor.array)} rows for {ends[-1]} that went in"
            raise RowsLost(f'output "{name}" has {got}')
    return [
        {name: Tensor(dtype, array[start:end]) for name, (dtype, array) in tensors.items()}
        for start, end in zip([0, *ends], ends)
    ]


def _key(request: Prepared) -> Tuple[object, ...]:
    key: List[object] = [request.signature.name]
    for array in request.inputs.values():  # in the order of the signature
        key += (array.dtype.char, array.shape[1:])
    return tuple(key)
