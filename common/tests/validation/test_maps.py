import collections

import numpy as np
import pytest

from serving_runtime.errors import BrokenResult, InvalidInput
from serving_runtime.signature import Field, MapArray, Signature, Tensor
from serving_runtime.validation import maps, validate_inputs, validate_outputs
from serving_runtime.validation.objects import NotATensor

AGE = Field("age", "int8", ())
USERS = Field("users", "map", (-1,), (AGE,))


def array(*items, shape=None):
    """Return an array of maps as it comes from the wire."""
    return MapArray(maps.array_of(items, shape or (len(items),)))


def user(age):
    """Return a map as it comes from the wire."""
    return {"age": Tensor("int64", np.array(age))}


def inputs(fields, tensors):
    """Check inputs of a signature that has just these."""
    return validate_inputs(Signature("s", tuple(fields), ()), tensors, "same_kind", str)


def outputs(field, result):
    """Check the result for one output."""
    return validate_outputs(Signature("s", (), (field,)), {field.name: result})[field.name]


@pytest.mark.parametrize("shape", [(-1,), (2,)])
def test_several_maps_are_an_array_of_dicts(shape):
    """Each is checked and cast like a map of its own."""
    taken = inputs([USERS._replace(shape=shape)], {"users": array(user(1), user(2))})["users"]
    assert (taken.shape, taken.dtype) == ((2,), object)
    assert [item["age"].item() for item in taken] == [1, 2]
    assert taken[0]["age"].dtype == np.int8


@pytest.mark.parametrize("shape", [(), None])
@pytest.mark.parametrize("sent", [user(1), array(user(1)), array(user(1), shape=(1, 1))])
def test_a_field_without_axes_takes_one_map(shape, sent):
    """Clients write one map as a scalar or as a list of one."""
    taken = inputs([USERS._replace(shape=shape)], {"users": sent})["users"]
    assert taken["age"].item() == 1


@pytest.mark.parametrize("shape", [(-1,), (1,), (-1, 1)])
def test_a_field_with_axes_gets_an_array_of_one_map_too(shape):
    """A model that takes several need not look at how many came."""
    taken = inputs([USERS._replace(shape=shape)], {"users": user(1)})["users"]
    assert taken.shape == (1,) * len(shape)


@pytest.mark.parametrize(
    ("field", "sent", "text"),
    [
        (USERS._replace(shape=()), array(user(1), user(2)), "expected map, got map[2]"),
        (USERS._replace(shape=None), array(user(1), user(2)), "expected map, got map[2]"),
        (USERS._replace(shape=None), array(), "expected map, got map[0]"),
        (USERS._replace(shape=(3,)), array(user(1), user(2)), "expected map[3], got map[2]"),
        (USERS._replace(shape=(2,)), user(1), "expected map[2], got map[1]"),
        (AGE._replace(name="users"), array(user(1)), "expected int8[], got map[1]"),
        (USERS, Tensor("int8", np.zeros(2, "i1")), "expected map[-1], got int8[2]"),
    ],
)
def test_another_number_of_maps_is_refused(field, sent, text):
    """The shapes are named as those of tensors are."""
    with pytest.raises(InvalidInput) as error:
        inputs([field], {"users": sent})
    assert str(error.value) == f'input "users": {text}'


def test_problems_name_the_map_by_its_place():
    """Each map has its own."""
    wrong = {"age": Tensor("int64", np.array(300)), "b": Tensor("int8", np.array(1, "i1"))}
    with pytest.raises(InvalidInput) as error:
        inputs([USERS], {"users": array(user(1), {}, wrong)})
    assert str(error.value) == (
        'input "users[1].age" is missing: expected int8[]; '
        'input "users[2].age": expected int8[], got int64[]: 300 does not fit int8 (-128 to 127); '
        'input "users[2].b" is not in the signature'
    )


def test_maps_are_rows_beside_other_rows():
    """Both have a free first axis, so they are as many."""
    rows = Field("x", "int8", (-1,))
    with pytest.raises(InvalidInput, match='input "users" has 2 rows, but input "x" has 3'):
        inputs([rows, USERS], {"x": Tensor("int8", np.zeros(3, "i1")),
                               "users": array(user(1), user(2))})  # fmt: skip


@pytest.mark.parametrize(
    "result",
    [
        [{"age": 1}, {"age": 2}],
        ({"age": 1}, collections.UserDict(age=2)),
        maps.array_of([{"age": 1}, {"age": 2}], (2,)),
    ],
)
@pytest.mark.parametrize("field", [USERS, USERS._replace(shape=None), Field("users", "any")])
def test_a_list_of_dicts_is_an_array_of_maps(result, field):
    """Or an array of them; where anything may come, too."""
    value = outputs(field, result)
    assert str(value) == "map[2]"
    assert [item["age"].array.item() for item in value.array] == [1, 2]


def test_nested_lists_of_dicts_have_more_axes():
    """As nested lists of numbers do."""
    field = USERS._replace(shape=(-1, 1))
    assert str(outputs(field, [[{"age": 1}], [{"age": 2}]])) == "map[2, 1]"
    assert str(outputs(field, {"age": 1})) == "map[1, 1]"


@pytest.mark.parametrize("result", [[], (), np.array([]), np.zeros((0, 3))])
def test_no_maps_are_an_array_of_none(result):
    """A model that finds nothing returns an empty list."""
    assert str(outputs(USERS, result)) == "map[0]"


@pytest.mark.parametrize(
    ("field", "result", "text"),
    [
        (USERS, [{"age": 1}, 2], '"users": expected map[-1], got objects of type dict'),
        (USERS, [{"age": 1}, {}], '"users[1].age" is missing: expected int8[]'),
        (USERS._replace(shape=(3,)), [{"age": 1}], '"users": expected map[3], got map[1]'),
        (USERS._replace(shape=()), [{"age": 1}] * 2, '"users": expected map, got map[2]'),
        (
            USERS,
            [[{"age": 1}], []],
            '"users": expected map[-1], got lists of maps that differ in length',
        ),
        (USERS, [1], '"users": expected map[-1], got int64[1]'),
        (Field("m", "map"), {1: 2}, '"m": expected map, got a map with names of type int'),
        (
            Field("m", "any"),
            {"a": {b"b": 2}},
            '"m.a": expected any[...], got a map with names of type bytes',
        ),
    ],
)
def test_results_that_are_no_such_maps_are_refused(field, result, text):
    """By the place and by what they are."""
    with pytest.raises(BrokenResult) as error:
        outputs(field, result)
    assert str(error.value) == f"output {text}"


def test_numbers_are_no_maps():
    """Nor is what is empty, where nothing says that it should be."""
    for value in ([1.5], [], np.zeros(2), "a", None, np.array([], object)):
        assert maps.found_in(value, "any") is None
    with pytest.raises(NotATensor):
        maps.check_names({1: 2})
