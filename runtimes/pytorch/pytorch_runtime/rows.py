"""Honour the sizes that a program was exported for: refuse what is outside, split long batches."""

from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

import torch

from pytorch_runtime.network import Range
from serving_runtime.errors import InvalidInput

Tensors = Dict[str, Any]
Run = Callable[[Tensors], Tensors]
Ranges = Mapping[Tuple[str, int], Range]


def run_within(ranges: Ranges, stackable: bool, tensors: Tensors, run: Run) -> Tensors:
    """Call a program with as many rows at a time as it was exported for.

    Args:
        ranges: by the input's name and its axis.
        stackable: whether rows are independent of each other, as the contract says.
        tensors: the inputs.
        run: calls the program.

    Raises:
        InvalidInput: a size is outside of its range, and neither splitting nor filling up helps.
    """
    allowed = _of_rows(ranges) if stackable else None
    for (name, axis), allowed_here in ranges.items():
        if axis or allowed is None:
            _check(name, axis, tensors[name].shape[axis], allowed_here)
    if allowed is None:
        return run(tensors)
    count = len(next(iter(tensors.values())))
    if count in allowed:
        return run(tensors)
    sizes = _sizes(count, allowed)
    results = [it for it in _results(tensors, sizes, allowed.low, run) if it is not None]
    if not sizes or len(results) < len(sizes):
        name = next(iter(tensors))
        _check(name, 0, count, allowed)
    return {name: torch.cat([result[name] for result in results]) for name in results[0]}


def _results(
    tensors: Tensors, sizes: List[int], least: int, run: Run
) -> Iterator[Optional[Tensors]]:
    """Yield the results of some rows at a time; None where the program does not work row by row."""
    split = {name: torch.split(tensor, sizes) for name, tensor in tensors.items()}
    for index, size in enumerate(sizes):
        fed = max(size, least)
        results = run({name: _filled_up(parts[index], fed) for name, parts in split.items()})
        by_row = all(torch.is_tensor(it) and it.shape[:1] == (fed,) for it in results.values())
        yield {name: it[:size] for name, it in results.items()} if by_row else None


def _sizes(count: int, allowed: Range) -> List[int]:
    """Divide rows evenly, so that no part is much smaller than the others; nothing has no part."""
    parts = -(-count // (allowed.high or max(count, 1)))
    size, rest = divmod(count, max(parts, 1))
    return [size + 1] * rest + [size] * (parts - rest)


def _filled_up(rows: torch.Tensor, least: int) -> torch.Tensor:
    """Repeat the last row; what comes of the repeats is dropped."""
    if len(rows) >= least:
        return rows
    return torch.cat([rows, rows[-1:].expand(least - len(rows), *rows.shape[1:])])


def _of_rows(ranges: Ranges) -> Optional[Range]:
    """Return what is allowed for the first axis, which all inputs share."""
    found = [allowed for (_, axis), allowed in ranges.items() if axis == 0]
    highs = [allowed.high for allowed in found if allowed.high is not None]
    if not found:
        return None
    return Range(max(allowed.low for allowed in found), min(highs) if highs else None)


def _check(name: str, axis: int, size: int, allowed: Range) -> None:
    if size not in allowed:
        raise InvalidInput(
            f'input "{name}" has {size} along axis {axis}; the program was exported for {allowed}'
        )
