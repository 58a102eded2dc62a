"""The frames that are made of a request's columns are those that pandas makes of them itself."""

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from serving_runtime.signature import NUMPY_DTYPES, Field, Signature
from sklearn_runtime import inputs

pandas = pytest.importorskip("pandas")

NAMES = ("b", "a", "c")


def arrays(dtypes, shape, rows):
    """Return columns that differ from each other."""
    found = {}
    for index, (name, dtype) in enumerate(zip(NAMES, dtypes)):
        values = np.arange(index, index + rows)
        texts = dtype == "string"
        column = values.astype(str).astype(object) if texts else values.astype(NUMPY_DTYPES[dtype])
        found[name] = column.reshape((-1, *shape[1:]))
    return found


@pytest.mark.parametrize("rows", [0, 1, 7])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("dtypes", [
    ("float64", "float64", "float64"),
    ("float32", "float32", "float32"),
    ("bool", "bool", "bool"),
    ("int8", "int8", "int8"),
    ("float32", "bfloat16", "float32"),
    ("int64", "float64", "float64"),
    ("string", "string", "string"),
    ("string", "float64", "int64"),
])  # fmt: skip
def test_columns_make_the_frame_that_pandas_makes(dtypes, shape, rows):
    """Values, dtypes, names and the layout in memory, by which sums may differ in the last bit."""
    signature = Signature("s", tuple(Field(*it, shape) for it in zip(NAMES, dtypes)), ())
    columns = arrays(dtypes, shape, rows)
    frame = inputs.assembler(signature, FunctionTransformer(validate=False))(columns)
    expected = pandas.DataFrame({name: columns[name].reshape(-1) for name in NAMES})
    pandas.testing.assert_frame_equal(frame, expected)
    assert frame.values.strides == expected.values.strides


def test_frames_do_not_share_what_they_are_named_by():
    """A model may rename the axis of one, which is not to be seen in the next."""
    fields = tuple(Field(name, "float64", (-1,)) for name in NAMES)
    assemble = inputs.assembler(Signature("s", fields, ()), FunctionTransformer(validate=False))
    columns = arrays(["float64"] * 3, (-1,), 2)
    assemble(columns).columns.name = "changed"
    assert assemble(columns).columns.name is None
