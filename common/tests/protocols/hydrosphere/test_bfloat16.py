import numpy as np
import pytest

from serving_runtime.protocols.hydrosphere import bfloat16
from serving_runtime.signature import MAP, Field, MapArray, Signature, Tensor
from serving_runtime.validation.maps import array_of

HALF = Field("b", "bfloat16", ())
NESTED = Field("m", MAP, None, (Field("f", "float32"), HALF))
ONE = Tensor("bfloat16", np.array(1, np.float32))
OTHER = Tensor("float32", np.array(1, np.float32))


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ([Field("x", "float32")], [Field("y", "float16")], ()),
        ([HALF], [Field("y", "any")], ('input "b"',)),
        ([HALF], [NESTED], ('input "b"', 'output "m.b"')),
    ],
)
def test_declared_fields_are_found(inputs, outputs, expected):
    """In maps too."""
    assert bfloat16.in_signature(Signature("s", tuple(inputs), tuple(outputs))) == expected


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([Field("y", "any")], True),
        ([Field("y", MAP, None, (Field("z", "any"),))], True),
        ([Field("y", "float32"), NESTED], False),
    ],
)
def test_where_anything_goes_it_may_be_returned(outputs, expected):
    """What is declared was refused before."""
    signature = Signature("s", (Field("x", "any"),), tuple(outputs))
    assert bfloat16.may_be_returned(signature) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (OTHER, ()),
        (ONE, ("y",)),
        ({"a": OTHER, "b c": ONE}, ('y["b c"]',)),
        (MapArray(array_of([{"a": OTHER}, {"a": ONE}], (2,))), ("y.a",)),
    ],
)
def test_values_are_found(value, expected):
    """In maps, and in several of them."""
    assert bfloat16.in_outputs({"y": value}) == expected
