"""Work out a tensor's shape from what the client sent, before anything is allocated.

Only Python's integers: NumPy says that 2**32 times 2**32 is 0, and reshapes to (-2, 2).
"""

from typing import Iterable, List, Tuple

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import FREE, shape_text

MAX_RANK = 32  # NumPy's own limit, up to 1.26
_MAX_BYTES = 2**63 - 1
# Of complex128: also an empty array must fit into whatever dtype it is cast to.
_MAX_ITEM_BYTES = 16


def element_count(shape: Iterable[int]) -> int:
    """Multiply the sizes of the axes."""
    count = 1
    for size in shape:
        count *= size
    return count


def resolve(dims: List[int], given: int) -> Tuple[int, ...]:
    """Check the dims of a request and replace a -1 by whatever fits.

    Args:
        dims: as the client sent them.
        given: how many values came with them.

    Raises:
        InvalidInput: no array has such a shape, or the values do not tell what the -1 is.
    """
    if len(dims) > MAX_RANK:
        raise InvalidInput(f"{len(dims)} dimensions are more than {MAX_RANK}")
    for size in dims:
        if size < FREE:
            raise InvalidInput(f"dimension {size} in shape {shape_text(tuple(dims))} is negative")
    if FREE in dims:
        dims = _fit(dims, given)
    # Zeros left out, as NumPy does: it refuses even an empty array that is too large otherwise.
    if element_count(size for size in dims if size) * _MAX_ITEM_BYTES > _MAX_BYTES:
        raise InvalidInput(f"shape {shape_text(tuple(dims))} is too large for any array")
    return tuple(dims)


def _fit(dims: List[int], given: int) -> List[int]:
    shown = shape_text(tuple(dims))
    if dims.count(FREE) > 1:
        raise InvalidInput(f"shape {shown} has more than one -1")
    others = element_count(size for size in dims if size != FREE)
    if others == 0 or given % others:
        raise InvalidInput(f"{given} values do not tell the -1 in shape {shown}")
    return [given // others if size == FREE else size for size in dims]
