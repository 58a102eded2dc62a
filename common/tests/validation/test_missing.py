"""Masks mark missing values of columns, and the model gets what its framework has for them."""

import numpy as np
import pytest

from serving_runtime import validation
from serving_runtime.errors import InvalidInput
from serving_runtime.model import Model
from serving_runtime.signature import Contract, Field, Nullable, Signature, Tensor

AGE = Field("age", "int64", (-1,))
CITY = Field("city", "string", (-1,))
HEIGHT = Field("height", "float32", (-1,))
NEW = Field("new", "bool", (-1,))
OUTPUTS = (Field("y", "float64", (-1,)),)
NAN = float("nan")
ALL = Signature(
    "s",
    (AGE, CITY, HEIGHT, NEW),
    OUTPUTS,
    "",
    (
        Nullable("age", NAN, "float64"),
        Nullable("city", NAN),
        Nullable("height"),
        Nullable("new", None, "object"),
    ),
)
MASK = np.array([True, False])


def sent(**masks):
    """Return a request of two rows, with masks by the names of their inputs."""
    values = {
        "age": Tensor("int64", np.array([7, 8])),
        "city": Tensor("string", np.array([b"x", b"Oslo"], dtype=object)),
        "height": Tensor("float32", np.array([1, 2], np.float32)),
        "new": Tensor("bool", np.array([True, False])),
    }
    return {**values, **{f"{name}:missing": Tensor("bool", mask) for name, mask in masks.items()}}


def validated(tensors, signature=ALL, string_type=str):
    """Return the arrays that the model gets."""
    return validation.validate_inputs(signature, tensors, "same_kind", string_type)


def refusal(tensors, signature=ALL):
    """Return what is wrong with a request."""
    with pytest.raises(InvalidInput) as caught:
        validated(tensors, signature)
    return str(caught.value)


def test_without_masks_nothing_changes():
    """The arrays are what was sent."""
    assert [array.dtype.kind for array in validated(sent()).values()] == ["i", "O", "f", "b"]


def test_an_empty_text_is_a_text():
    """Only a mask says that one is missing."""
    tensors = sent(city=MASK)
    tensors["city"] = Tensor("string", np.array([b"", b""], dtype=object))
    first, second = validated(tensors)["city"].tolist()
    assert (np.isnan(first), second) == (True, "")


@pytest.mark.parametrize(("name", "expected"), [
    ("age", np.array([NAN, 8.0])),
    ("height", np.array([NAN, 2], np.float32)),
    ("new", np.array([None, False], dtype=object)),
])  # fmt: skip
def test_a_missing_value_is_what_the_framework_has_for_it(name, expected):
    """NaN in floats, or what stands in its place, in a dtype that holds it."""
    found = validated(sent(**{name: MASK}))[name]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("tensor", [
    Tensor("string", np.array([b"\xff\xfe", b"Oslo"], dtype=object)),
])  # fmt: skip
def test_what_is_beside_a_mask_means_nothing(tensor):
    """Not even UTF-8 is asked of it."""
    assert validated({**sent(city=MASK), "city": tensor})["city"][1] == "Oslo"


def test_numbers_beside_a_mask_mean_nothing():
    """What would not fit the dtype does not matter where it is missing."""
    narrow = ALL._replace(inputs=(Field("age", "int8", (-1,)), CITY, HEIGHT, NEW))
    tensors = {**sent(age=MASK), "age": Tensor("int64", np.array([10**6, 8]))}
    np.testing.assert_array_equal(validated(tensors, narrow)["age"], [NAN, 8])


@pytest.mark.parametrize("name", ["age", "city", "height", "new"])
def test_a_column_without_any_value_may_be_of_any_dtype(name):
    """A client that has no value to show cannot know what the others would be."""
    tensors = sent(**{name: np.array([True, True])})
    tensors[name] = Tensor("float64", np.array([NAN, NAN]))
    array = validated(tensors)[name]
    assert all(item is None or np.isnan(item) for item in array.tolist())


def test_a_mask_without_marks_changes_nothing():
    """Integers stay integers."""
    assert validated(sent(age=np.array([False, False])))["age"].dtype == np.int64


def test_scalars_are_columns_of_one_row():
    """A signature of scalars has masks that are scalars."""
    fields = (AGE._replace(shape=()), CITY._replace(shape=()))
    signature = Signature("s", fields, OUTPUTS, "", (Nullable("city", None),))
    tensors = {
        "age": Tensor("int64", np.array(3)),
        "city": Tensor("string", np.array(b"x", dtype=object)),
        "city:missing": Tensor("bool", np.array(True)),
    }
    assert validated(tensors, signature)["city"].item() is None


def test_a_mask_has_the_shape_and_dtype_of_a_mask():
    """Each problem names the mask."""
    text = refusal({**sent(), "age:missing": Tensor("bool", np.array([True]))})
    assert 'input "age:missing": expected bool[2], got bool[1]' in text
    text = refusal({**sent(), "age:missing": Tensor("int64", np.array([1, 0]))})
    assert 'input "age:missing": expected bool[2], got int64[2]' in text
    assert 'input "age:missing": expected bool[2], got map' in refusal(
        {**sent(), "age:missing": {}}
    )


def test_a_column_that_cannot_have_missing_values_says_so():
    """The name of the column is told, whether or not others can."""
    signature = ALL._replace(nullable=ALL.nullable[1:])
    text = refusal(sent(age=MASK), signature)
    assert 'input "age:missing": column "age" cannot hold a missing value' in text
    text = refusal(sent(age=MASK), ALL._replace(nullable=()))
    assert 'column "age" cannot hold a missing value' in text
    assert 'input "other:missing" is not in the signature' in refusal(
        {**sent(), "other:missing": Tensor("bool", MASK)}
    )


def test_booleans_become_what_the_framework_says():
    """0, 1 and NaN, unless its columns of booleans are objects."""
    floats = ALL._replace(nullable=(Nullable("new", NAN, "float64"),))
    found = validated(sent(new=np.array([False, True])), floats)["new"]
    np.testing.assert_array_equal(found, [1, NAN])


def test_integers_that_floats_cannot_hold_are_refused():
    """A column with missing values is of floats, where 2**53 + 1 is not exact."""
    tensors = {**sent(age=MASK), "age": Tensor("int64", np.array([0, 2**53 + 1]))}
    assert 'input "age": 9007199254740993 is not exact in float64' in refusal(tensors)


def test_a_mask_without_its_values_does_not_help():
    """What is missing is then the input itself."""
    tensors = sent(city=MASK)
    del tensors["city"]
    assert 'input "city" is missing' in refusal(tensors)


class Plain(Model):
    """A model that says nothing of missing values."""

    def predict(self, signature_name, inputs):
        """Return the inputs."""
        return inputs


@pytest.mark.parametrize(("fields", "string_type", "names"), [
    ((AGE, CITY, HEIGHT), str, ["city", "height"]),
    ((AGE, CITY, HEIGHT), bytes, ["height"]),
    ((CITY,), str, []),
    ((CITY, Field("x", "float32", (-1, 4))), str, []),
    ((CITY._replace(shape=()), HEIGHT._replace(shape=())), str, ["city", "height"]),
    ((CITY._replace(shape=()), HEIGHT), str, []),
    ((CITY, Field("m", "map", (-1,))), str, []),
    ((CITY, Field("city:missing", "bool", (-1,))), str, []),
])  # fmt: skip
def test_columns_are_several_inputs_of_one_axis_or_none(monkeypatch, fields, string_type, names):
    """Floats hold NaN, and texts None where they are str; of other models nothing is known."""
    monkeypatch.setattr(Plain, "string_type", string_type)
    contract = Contract("", (Signature("s", fields, OUTPUTS),))
    (signature,) = validation.with_nullable(contract, Plain()).signatures
    assert [it.name for it in signature.nullable] == names
    assert signature.samples == ()


def test_masks_are_optional_inputs_of_what_is_no_float():
    """NaN says it for floats."""
    assert [str(field) for field in ALL.optional_inputs] == ["bool[-1]"] * 3
    assert [field.name for field in ALL.optional_inputs] == [
        "age:missing", "city:missing", "new:missing"
    ]  # fmt: skip
