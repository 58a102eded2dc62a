import re

import pyarrow as pa
import pytest

from serving_runtime.batch.binding import Wishes, bind
from serving_runtime.errors import StartError
from serving_runtime.signature import FREE, Field, Signature

Y = Field("y", "float32", (FREE,))
TABLE = Signature("infer", (Field("x", "float64", (FREE, 2)),), (Y,))
COLUMNS = Signature(
    "infer", (Field("age", "int64", (FREE,)), Field("city", "string", (FREE,))), (Y,)
)
NUMBERS = pa.schema([("id", pa.string()), ("a", pa.float64()), ("b", pa.int64())])
PEOPLE = pa.schema([("city", pa.string()), ("id", pa.int32()), ("age", pa.int8())])


def bound(signature, schema, is_text=False, **wishes):
    """Return the columns of each input, and those of the result."""
    found = bind(signature, schema, Wishes(**wishes), is_text)
    return [each.columns for each in found.inputs], found.schema.names


def test_inputs_are_read_from_the_columns_of_their_names():
    """What no input takes is kept, so that results can be joined with what they are of."""
    assert bound(COLUMNS, PEOPLE) == ([("age",), ("city",)], ["id", "y"])


def test_columns_together_are_the_only_input():
    """A table of numbers has names of its own, which the model does not know."""
    assert bound(TABLE, NUMBERS, columns=("b", "a")) == ([("b", "a")], ["id", "y"])
    assert bound(TABLE, NUMBERS, keep=("id",)) == ([("a", "b")], ["id", "y"])


def test_what_is_kept_can_be_chosen():
    """All columns, none, or some, whether or not the model takes them."""
    assert bound(COLUMNS, PEOPLE, keep=("*",))[1] == ["city", "id", "age", "y"]
    assert bound(COLUMNS, PEOPLE, keep=())[1] == ["y"]
    assert bound(COLUMNS, PEOPLE, keep=("age",), prefix="scored_")[1] == ["age", "scored_y"]


def test_a_list_column_carries_rows_of_several_values():
    """A column of the input's own name may hold a list in each row."""
    schema = pa.schema([("x", pa.list_(pa.float32()))])
    assert bound(TABLE, schema) == ([("x",)], ["y"])


@pytest.mark.parametrize(
    ("signature", "schema", "wishes", "message"),
    [
        (COLUMNS, PEOPLE.remove(2), {}, 'no column "age", which the model takes (int64[-1]); it'),
        (COLUMNS, PEOPLE.set(2, pa.field("Age", pa.int8())), {}, 'did you mean "Age"'),
        (COLUMNS, PEOPLE.set(2, pa.field("age", pa.string())), {}, '"age" is string: expected int'),
        (COLUMNS, PEOPLE.set(2, pa.field("age", pa.date32())), {}, '"age" is date32'),
        (COLUMNS, PEOPLE, {"columns": ("age",)}, "has 2: each of them is read from the column"),
        (COLUMNS, PEOPLE, {"keep": ("idd",)}, '--keep: the data has no column "idd"'),
        (COLUMNS, PEOPLE.append(pa.field("y", pa.int8())), {}, "also an output of the model"),
        (TABLE, NUMBERS, {}, "but id, a, b: expected 2 of them"),
        (TABLE, NUMBERS, {"columns": ("a", "id")}, '"id" is string: expected float64'),
        (TABLE, pa.schema([("x", pa.float64())]), {}, '"x" is double: expected float64'),
    ],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_runs(
    signature, schema, wishes, message
):
    """Each fault has its own message, with what was found and what was expected."""
    with pytest.raises(StartError, match=re.escape(message)):
        bound(signature, schema, **wishes)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (Field("y", "any", (FREE,)), "which dtype"),
        (Field("y", "float32", None), "which shape"),
        (Field("y", "complex64", (FREE,)), "no form in a table"),
    ],
)
def test_an_output_that_no_column_can_be_made_for_is_refused(field, message):
    """The columns of the result are known before the model is called."""
    with pytest.raises(StartError, match=message):
        bound(COLUMNS._replace(outputs=(field,)), PEOPLE)


def test_results_have_the_types_of_the_contract():
    """Rows of several values are lists, of lists if need be."""
    outputs = (Field("y", "float32", (FREE, 3)), Field("z", "string", (FREE,)))
    found = bind(COLUMNS._replace(outputs=outputs), PEOPLE, Wishes(keep=()), False)
    assert found.schema.types == [pa.list_(pa.float32()), pa.string()]
    scalars = Signature("one", (Field("x", "int8", ()),), (Field("y", "bool", (2, 2)),))
    found = bind(scalars, pa.schema([("x", pa.int8())]), Wishes(), False)
    assert found.schema.types == [pa.list_(pa.list_(pa.bool_()))]
