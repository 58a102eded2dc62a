"""Compare shapes with what a signature declares, and find what would make them fit."""

from typing import Optional, Tuple

from serving_runtime.signature import FREE, Shape


def fits(shape: Tuple[int, ...], declared: Shape) -> bool:
    """Whether an array's shape is one that was declared."""
    if declared is None:
        return True
    if len(shape) != len(declared):
        return False
    for size, wanted in zip(shape, declared):  # noqa: SIM110  a generator costs more than it all
        if wanted not in (size, FREE):
            return False
    return True


def of_empty(shape: Tuple[int, ...], declared: Shape) -> Optional[Tuple[int, ...]]:
    """Return the shape in which an empty array fits what was declared, or None if in none.

    An empty list has one axis and no columns, whatever it would have held. What has the right rank
    and other columns was made for something else.
    """
    if declared is None or fits(shape, declared):
        return shape
    pairs = list(zip(shape, declared)) if len(shape) == len(declared) else []
    if FREE not in declared or any(size and wanted not in (size, FREE) for size, wanted in pairs):
        return None
    sizes = shape + (0,) * len(declared)
    kept = tuple(size if wanted == FREE else wanted for size, wanted in zip(sizes, declared))
    return kept if 0 in kept else tuple(max(wanted, 0) for wanted in declared)


def hint(shape: Tuple[int, ...], declared: Shape) -> str:
    """Return what the caller could do to make ``shape`` fit; empty if that is not plain.

    Only what is certain to pass: a wrong hint costs more than none.
    """
    changes = (
        ("add a leading axis", (1,) + shape),
        ("add a trailing axis", shape + (1,)),
        ("drop the leading axis", shape[1:] if shape[:1] == (1,) else None),
        ("drop the trailing axis", shape[:-1] if shape[-1:] == (1,) else None),
        ("transpose", shape[::-1] if len(shape) == 2 else None),
        ("move the channels last", shape[:-3] + shape[-2:] + shape[-3:-2]),
        ("move the channels first", shape[:-3] + shape[-1:] + shape[-3:-1]),
    )
    for text, changed in changes:
        if changed is not None and fits(changed, declared):
            return text
    return ""
