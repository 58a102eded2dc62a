"""Answer several requests with one call: group what fits, stack rows, split results."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from serving_runtime.frames import Call
from serving_runtime.model import Arrays
from serving_runtime.signature import Signature, Tensor, Value
from serving_runtime.wire import Request


class Prepared(NamedTuple):
    """A decoded and checked request, ready to run."""

    call: Call
    request: Request
    signature: Signature
    inputs: Arrays

    @property
    def rows(self) -> int:
        """How many rows the inputs have, where the signature is stackable."""
        return len(next(iter(self.inputs.values())))


Group = List[Prepared]


class RowsLost(Exception):
    """A stacked result has not one row for each row that went in."""


def group(requests: Iterable[Prepared], max_rows: int, single: Iterable[str]) -> List[Group]:
    """Put together the requests that one call of the model can answer.

    Args:
        requests: in the order of arrival, which each group keeps.
        max_rows: most rows in a group of several requests.
        single: names of signatures that must not be stacked.
    """
    groups: List[Group] = []
    open_groups: Dict[Tuple[object, ...], Group] = {}
    for request in requests:
        if max_rows == 1 or not request.signature.is_stackable or request.signature.name in single:
            groups.append([request])
            continue
        key = _key(request)
        if key in open_groups and _rows(open_groups[key]) + request.rows <= max_rows:
            open_groups[key].append(request)
        else:
            open_groups[key] = [request]
            groups.append(open_groups[key])
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
    rows = _rows(requests)
    tensors = {name: value for name, value in outputs.items() if isinstance(value, Tensor)}
    for name, tensor in tensors.items():
        if len(tensor.array) != rows:
            raise RowsLost(f'output "{name}" has {len(tensor.array)} rows for {rows} that went in')
    ends = np.cumsum([request.rows for request in requests]).tolist()
    return [
        {name: Tensor(tensor.dtype, tensor.array[end - request.rows : end])
         for name, tensor in tensors.items()}
        for end, request in zip(ends, requests)
    ]  # fmt: skip


def _rows(requests: Sequence[Prepared]) -> int:
    return sum(request.rows for request in requests)


def _key(request: Prepared) -> Tuple[object, ...]:
    form = tuple((name, array.dtype.str, array.shape[1:]) for name, array in request.inputs.items())
    return (request.signature.name, form)
