"""Decide once which columns of a table carry which inputs, and which columns the result has."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from serving_runtime.batch import types
from serving_runtime.errors import StartError, nearest
from serving_runtime.signature import FREE, Field, Signature

EVERYTHING = "*"


class Input(NamedTuple):
    """An input, and the columns that carry it: its own, or one for each value of its rows."""

    field: Field
    columns: Tuple[str, ...]


class Wishes(NamedTuple):
    """What a user has said about columns; None where nothing was said.

    ``columns``: those that make up the only input. ``keep``: those that the result has as well.
    ``prefix`` stands before the names of outputs.
    """

    columns: Optional[Tuple[str, ...]] = None
    keep: Optional[Tuple[str, ...]] = None
    prefix: str = ""


class Binding(NamedTuple):
    """How a table's rows become calls, and their results rows of another table.

    ``is_text``: the table has texts only, as a CSV has, which are read as what is declared.
    """

    signature: Signature
    inputs: Tuple[Input, ...]
    kept: Tuple[str, ...]
    schema: Any
    is_text: bool = False

    @property
    def columns(self) -> List[str]:
        """The columns that must be read."""
        wanted = [*self.kept, *(name for each in self.inputs for name in each.columns)]
        return list(dict.fromkeys(wanted))

    @property
    def has_rows(self) -> bool:
        """Whether a call's inputs have an axis of rows; else each row is a call of its own."""
        return any(each.field.has_free_first_axis for each in self.inputs)


def bind(signature: Signature, schema: Any, wishes: Wishes, is_text: bool) -> Binding:
    """Find the columns of a signature's inputs, and those of the result.

    Args:
        signature: what is called.
        schema: of the table, Arrow's.
        wishes: what the user has said.
        is_text: whether the table has texts only.

    Raises:
        StartError: a column is missing or of another type, or an output has no form in a table.
    """
    inputs = _inputs(signature, list(schema.names), wishes)
    for each in inputs:
        types.check_input(each.field, [schema.field(name) for name in each.columns], is_text)
    kept = _kept(inputs, list(schema.names), wishes)
    result = _result(signature, inputs, [schema.field(name) for name in kept], wishes.prefix)
    return Binding(signature, inputs, kept, result, is_text)


def _inputs(signature: Signature, names: List[str], wishes: Wishes) -> Tuple[Input, ...]:
    _check_present(wishes.columns or (), names, "--columns")
    fields = signature.inputs
    if len(fields) == 1 and (wishes.columns or fields[0].name not in names):
        return (Input(fields[0], _columns_of_only(fields[0], names, wishes)),)
    if wishes.columns:
        raise StartError(
            f'--columns make up one input, and signature "{signature.name}" has {len(fields)}: '
            "each of them is read from the column of its name"
        )
    for field in fields:
        if field.name not in names:
            raise StartError(
                f'the data has no column "{field.name}", which the model takes ({field})'
                f"{nearest(field.name, tuple(names)) or '; it has ' + _list(names)}",
                "rename the column in the data",
            )
    return tuple(Input(field, (field.name,)) for field in fields)


def _columns_of_only(field: Field, names: Sequence[str], wishes: Wishes) -> Tuple[str, ...]:
    """Return the columns of the only input, which has none of its own name."""
    width = _width(field)
    kept = wishes.keep or ()
    chosen = wishes.columns or tuple(name for name in names if name not in kept)
    if width is not None and len(chosen) != width:
        raise StartError(
            f'input "{field.name}" is {field}, and the data has no column of that name, but '
            f"{_list(chosen)}: expected {width} of them",
            "name the columns that make it up, in order: --columns a,b,c",
        )
    return chosen


def _width(field: Field) -> Optional[int]:
    """Return how many values a row has; None where that is free."""
    sizes = (field.shape or (FREE, FREE))[1:]
    width = 1
    for size in sizes:
        if size == FREE:
            return None
        width *= size
    return width


def _kept(inputs: Sequence[Input], names: List[str], wishes: Wishes) -> Tuple[str, ...]:
    if wishes.keep == (EVERYTHING,):
        return tuple(names)
    _check_present(wishes.keep or (), names, "--keep")
    taken = {name for each in inputs for name in each.columns}
    default = tuple(name for name in names if name not in taken)
    return default if wishes.keep is None else wishes.keep


def _check_present(wanted: Sequence[str], names: Sequence[str], flag: str) -> None:
    for name in wanted:
        if name not in names:
            suggestion = nearest(name, tuple(names)) or f"; it has {_list(names)}"
            raise StartError(f'{flag}: the data has no column "{name}"{suggestion}')


def _result(signature: Signature, inputs: Sequence[Input], kept: Sequence[Any], prefix: str) -> Any:
    has_rows = any(each.field.has_free_first_axis for each in inputs)
    outputs = {prefix + field.name: types.of_output(field, has_rows) for field in signature.outputs}
    for column in kept:
        if column.name in outputs:
            raise StartError(
                f'the data has a column "{column.name}", which is also an output of the model',
                "give outputs other names (--prefix scored_), or keep other columns (--keep a,b)",
            )
    return types.schema([*((it.name, it.type) for it in kept), *outputs.items()])


def _list(names: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(names[:most]) or "none"
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
