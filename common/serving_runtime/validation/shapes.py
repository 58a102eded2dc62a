"""Compare shapes with what a signature declares, and find what would make them fit."""

from typing import Tuple

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
