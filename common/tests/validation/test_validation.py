import collections

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from serving_runtime.errors import BrokenResult, InvalidInput, Problem, ProblemKind, one_line
from serving_runtime.signature import Field, Signature, Tensor, dtype_name
from serving_runtime.validation import validate_inputs, validate_outputs
from serving_runtime.validation.problems import InputMismatch


def tensor(values, dtype=None):
    """Make what decoding gives."""
    array = np.asarray(values, dtype)
    return Tensor(dtype_name(array.dtype), array)


def strings(*values):
    """Make what decoding gives for strings."""
    return Tensor("string", np.array(values, dtype=object))


def inputs(fields, tensors, policy="same_kind", string_type=str):
    """Check inputs of a signature that has just these."""
    return validate_inputs(Signature("s", tuple(fields), ()), tensors, policy, string_type)


def refusal(fields, tensors, policy="same_kind", string_type=str):
    """Return the text that refuses the inputs."""
    with pytest.raises(InvalidInput) as error:
        inputs(fields, tensors, policy, string_type)
    return str(error.value)


def outputs(fields, results):
    """Check outputs of a signature that has just these."""
    return validate_outputs(Signature("s", (), tuple(fields)), results)


def breakage(fields, results):
    """Return the text that refuses the results."""
    with pytest.raises(BrokenResult) as error:
        outputs(fields, results)
    return str(error.value)


IMAGES = Field("images", "float32", (-1, 224, 224, 3))


def test_the_message_says_what_was_expected_and_what_to_do():
    """Dtype and shape are named as declared and as sent, with the hint for both."""
    assert refusal([IMAGES], {"images": tensor(np.zeros((224, 224, 3)))}, "strict") == (
        'input "images": expected float32[-1, 224, 224, 3], got float64[224, 224, 3]: '
        "add a leading axis and cast"
    )


def test_a_cast_that_is_made_anyway_is_not_asked_for():
    """Where float64 becomes float32 by itself, only the axis is at fault."""
    assert refusal([IMAGES], {"images": tensor(np.zeros((224, 224, 3)))}).endswith(
        "got float64[224, 224, 3]: add a leading axis"
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (Field("x", "int8", (-1,)), tensor([1.5]), "expected int8[-1], got float64[1]: cast"),
        (
            Field("x", "int8", (-1,)),
            tensor([[1.5]]),
            "expected int8[-1], got float64[1, 1]: drop the leading axis and cast",
        ),
        (Field("x", "int8", (2,)), tensor([1.5] * 3), "expected int8[2], got float64[3]"),
        (Field("x", "float32", (-1,)), strings(b"a"), "expected float32[-1], got string[1]"),
        (Field("x", "float32", (-1,)), tensor([1j]), "expected float32[-1], got complex128[1]"),
        (Field("x", "string", ()), tensor(1), "expected string[], got int64[]"),
        (
            Field("x", "int8", None),
            tensor([1, 300]),
            "expected int8[...], got int64[2]: 300 does not fit int8 (-128 to 127)",
        ),
        (
            Field("x", "float32", (2,)),
            tensor([1, 2**24 + 1]),
            "expected float32[2], got int64[2]: 16777217 is not exact in float32",
        ),
        (
            Field("x", "float32", ()),
            tensor(1e300),
            "expected float32[], got float64[]: 1e+300 overflows float32 to infinity",
        ),
        (Field("x", "float32", ()), {"a": tensor(1)}, "expected float32[], got map"),
        (
            Field("x", "map", None, (Field("a", "int8", ()),)),
            tensor(1),
            "expected map, got int64[]",
        ),
        (Field("x", "any", (2,)), tensor([1]), "expected any[2], got int64[1]"),
    ],
)
def test_hints_are_given_only_where_they_help(field, value, expected):
    """One sentence for each kind of mismatch."""
    assert refusal([field], {"x": value}) == f'input "x": {expected}'


def test_all_problems_are_told_at_once():
    """A caller need not fix one to learn of the next."""
    fields = [Field("a", "int8", ()), Field("images", "int8", (1,)), Field("b", "int8", ())]
    given_tensors = {"imagse": tensor([1]), "b": tensor([1.5]), "zzz": tensor(1)}
    assert refusal(fields, given_tensors) == (
        'input "a" is missing: expected int8[]; '
        'input "images" is missing: expected int8[1]; '
        'input "b": expected int8[], got float64[1]: drop the leading axis and cast; '
        'input "imagse" is not in the signature: did you mean "images"?; '
        'input "zzz" is not in the signature'
    )


def test_a_name_that_was_given_is_not_suggested():
    """An extra input cannot be a misspelling of one that is there."""
    field = Field("images", "int8", ())
    text = refusal([field], {"images": tensor(1), "image": tensor(1)})
    assert text == 'input "image" is not in the signature'


def test_a_flood_of_problems_is_counted():
    """Ten thousand extra inputs make one short message."""
    extras = {f"{number:05}" + "x" * 500: tensor(1) for number in range(10000)}
    text = refusal([Field("a", "int8", ())], extras)
    assert text.endswith("; and 9993 more problems")
    assert len(text) < 1500


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        (
            Field("x", "int8", (-1,)),
            tensor([[1.5]]),
            Problem(
                ProblemKind.DTYPE,
                "x",
                "int8[-1]",
                "float64[1, 1]",
                hint="drop the leading axis and cast",
            ),
        ),
        (
            Field("x", "float64", ()),
            tensor([1.5]),
            Problem(
                ProblemKind.SHAPE, "x", "float64[]", "float64[1]", hint="drop the leading axis"
            ),
        ),
        (
            Field("x", "int8", ()),
            tensor(300),
            Problem(
                ProblemKind.CAST,
                "x",
                "int8[]",
                "int64[]",
                reason="300 does not fit int8 (-128 to 127)",
            ),
        ),
        (
            Field("x", "string", ()),
            strings(b"\xff"),
            Problem(ProblemKind.SHAPE, "x", "string[]", "string[1]", hint="drop the leading axis"),
        ),
    ],
)
def test_problems_are_data(field, value, problem):
    """A protocol can word them anew: by kind, name, and what was expected and what came."""
    with pytest.raises(InvalidInput) as error:
        inputs([field], {"x": value})
    assert error.value.problems == (problem,)
    with pytest.raises(BrokenResult) as error:
        outputs([Field("z", "int8", ())], {})
    assert error.value.problems == (Problem(ProblemKind.MISSING, "z", "int8[]"),)


def test_names_are_data():
    """A protocol's own words may need all that was sent, and all that was expected."""
    fields = [Field("a", "int8", ()), Field("b", "int8", ())]
    with pytest.raises(InputMismatch) as error:
        inputs(fields, {"a": tensor(1), "c": tensor(1)})
    assert (error.value.sent, error.value.declared) == ({"a", "c"}, {"a", "b"})
    kinds = [problem.kind for problem in error.value.problems]
    assert kinds == [ProblemKind.MISSING, ProblemKind.UNEXPECTED]


def test_payloads_are_never_shown():
    """A refused string or array does not turn up in the message."""
    text = refusal([Field("x", "int8", (1,))], {"x": strings(b"secret", b"secret")})
    assert "secret" not in text


def test_rows_must_agree():
    """Inputs with a free first axis have the same size along it; fixed ones do not count."""
    fields = [Field("a", "int8", (-1,)), Field("b", "int8", (-1, 2)), Field("c", "int8", (5,))]
    values = {
        "a": tensor([1, 2], np.int8),
        "b": tensor([[1, 2]] * 3, np.int8),
        "c": tensor(range(5), np.int8),
    }
    assert refusal(fields, values) == 'input "b" has 3 rows, but input "a" has 2'
    values["b"] = tensor([[1, 2]] * 2, np.int8)
    assert list(inputs(fields, values)) == ["a", "b", "c"]


@given(npst.arrays(st.sampled_from(["i1", "f4", "f8", "c8", "?"]), npst.array_shapes(min_dims=0)))
def test_the_model_owns_what_it_gets(array):
    """Read-only, strided and unaligned arrays become writable, contiguous and aligned."""
    padded = bytearray(1) + array.tobytes()
    unaligned = np.frombuffer(padded, array.dtype, offset=1).reshape(array.shape)
    readonly = np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)
    for view in (unaligned, readonly, array.T, array[..., ::-1] if array.ndim else array):
        declared = Field("x", dtype_name(array.dtype), view.shape)
        taken = inputs([declared], {"x": tensor(view)}, "strict")["x"]
        assert taken.flags.carray
        assert taken.flags.writeable
        np.testing.assert_array_equal(taken, view)


def test_a_writable_view_is_not_copied():
    """A view of the worker's own buffer goes to the model as it is."""
    view = np.frombuffer(bytearray(8), np.float32)
    assert inputs([Field("x", "float32", (2,))], {"x": tensor(view)})["x"] is view


def test_strings_are_decoded_where_the_model_wants_text():
    """Each element becomes a str, NULs and all, in the same shape."""
    value = Tensor("string", np.array([["é".encode(), b"a\0"]], dtype=object))
    taken = inputs([Field("x", "string", (1, 2))], {"x": value})["x"]
    assert taken.tolist() == [["é", "a\0"]]
    assert taken.flags.writeable


def test_scalar_strings_stay_scalars():
    """One string is an object array without axes."""
    value = Tensor("string", np.array(b"abc", dtype=object))
    taken = inputs([Field("x", "string", ())], {"x": value})["x"]
    assert taken.shape == ()
    assert taken.item() == "abc"


def test_bytes_stay_bytes_where_the_model_wants_them():
    """TensorFlow's strings may be of any content."""
    taken = inputs([Field("x", "string", (-1,))], {"x": strings(b"\xff")}, string_type=bytes)
    assert taken["x"].tolist() == [b"\xff"]


def test_invalid_utf8_is_refused_by_its_place():
    """The message says which element, and why, but not what it holds."""
    text = refusal([Field("x", "string", (-1,))], {"x": strings(b"ok", b"\xffsecret")})
    assert text == 'input "x": element 1 is not UTF-8 (invalid start byte)'


USER = Field("user", "map", None, (Field("age", "int8", ()), Field("full name", "string", (-1,))))


def test_maps_arrive_as_dicts():
    """Each subfield is checked and cast like an input."""
    value = {"age": tensor(7, np.int64), "full name": strings(b"A")}
    taken = inputs([USER], {"user": value})["user"]
    assert taken["age"].dtype == np.int8
    assert taken["full name"].tolist() == ["A"]


def test_problems_in_maps_are_named_by_path():
    """A dot joins simple names, brackets the others."""
    nested = Field("outer", "map", None, (USER,))
    value = {"user": {"agee": tensor(1), "full name": tensor([1])}}
    assert refusal([nested], {"outer": value}) == (
        'input "outer.user.age" is missing: expected int8[]; '
        'input "outer.user["full name"]": expected string[-1], got int64[1]; '
        'input "outer.user.agee" is not in the signature: did you mean "age"?'
    )


@pytest.mark.parametrize("dtype", ["any", "map"])
def test_an_open_map_takes_whatever_it_holds(dtype):
    """Without subfields nothing is known, so nothing is refused."""
    value = {"a": tensor([1.5]), "b": {"c": strings(b"x")}}
    taken = inputs([Field("m", dtype)], {"m": value})["m"]
    assert taken["a"].tolist() == [1.5]
    assert taken["b"]["c"].tolist() == ["x"]


def test_a_huge_name_is_cut():
    """A client's name of a million letters is neither compared nor shown in full."""
    text = refusal([Field("a", "int8", ())], {"a" * 1000000: tensor(1)})
    assert one_line(text) == text
    assert len(text) < 500


def test_outputs_come_in_their_declared_dtypes():
    """What NumPy makes of the result is cast to what the contract says, and the rest dropped."""
    fields = [Field("y", "float32", (-1,)), Field("n", "int8", ()), Field("b", "bfloat16", ())]
    values = outputs(fields, {"y": [1, 2], "n": 3, "b": np.float64(0.5), "extra": object()})
    assert list(values) == ["y", "n", "b"]
    assert str(values["y"]) == "float32[2]"
    assert str(values["n"]) == "int8[]"
    assert str(values["b"]) == "bfloat16[]"
    assert values["y"].array.dtype == np.float32


def test_strings_go_out_as_utf8():
    """Text and bytes may be mixed; both become bytes objects."""
    values = outputs([Field("s", "string", (-1,))], {"s": ["é", b"\xff\0"]})
    assert values["s"].array.tolist() == ["é".encode(), b"\xff\0"]


def test_any_output_takes_the_dtype_it_has():
    """A field of any dtype says nothing, so the array does."""
    values = outputs([Field("y", "any")], {"y": np.zeros((2, 1), np.uint16)})
    assert str(values["y"]) == "uint16[2, 1]"


def test_map_outputs_are_mappings():
    """Nested results are checked field by field."""
    result = collections.OrderedDict([("age", 7), ("full name", ["A"]), ("dropped", 1)])
    values = outputs([USER], {"user": result})
    assert str(values["user"]["age"]) == "int8[]"
    assert list(values["user"]) == ["age", "full name"]
    assert outputs([Field("m", "any")], {"m": {"a": 1.5}})["m"]["a"].dtype == "float64"


@pytest.mark.parametrize("result", [None, [1, 2], np.zeros(3), "text", (("y", 1),)])
def test_a_result_must_be_a_mapping(result):
    """Anything else has no names to go by, and its type is told."""
    text = breakage([Field("y", "float32", ())], result)
    assert (
        text
        == f"the result is of type {type(result).__name__}, not a dict of arrays by output name"
    )


@pytest.mark.parametrize(
    ("field", "result", "expected"),
    [
        (Field("y", "int64", (-1,)), [1.5], "expected int64[-1], got float64[1]: cast"),
        (
            Field("y", "int8", ()),
            300,
            "expected int8[], got int64[]: 300 does not fit int8 (-128 to 127)",
        ),
        (
            Field("y", "float32", (-1, 3)),
            np.zeros(3),
            "expected float32[-1, 3], got float64[3]: add a leading axis",
        ),
        (Field("y", "float32", ()), None, "expected float32[], got objects of type NoneType"),
        (Field("y", "float32", ()), {"a": 1}, "expected float32[], got objects of type dict"),
        (Field("y", "float32", ()), "1", "expected float32[], got string[]"),
        (USER._replace(name="y"), [1], "expected map, got int64[1]"),
        (USER._replace(name="y"), None, "expected map, got objects of type NoneType"),
    ],
)
def test_what_breaks_the_contract_is_the_models_fault(field, result, expected):
    """One sentence for each kind of broken result, naming the output."""
    assert breakage([field], {"y": result}) == f'output "y": {expected}'


def test_a_missing_output_names_the_nearest():
    """A misspelt output is most often among those that came."""
    assert breakage([Field("sum", "int8", ())], {"smu": 1, 5: 1}) == (
        'output "sum" is missing: expected int8[]: did you mean "smu"?'
    )


def test_what_cannot_be_read_and_what_does_not_fit_come_in_one_message():
    """An input whose tensor is unreadable is not called missing; the others are checked."""
    fields = (Field("a", "float32", ()), Field("b", "float32", ()), Field("c", "float32", ()))
    with pytest.raises(InvalidInput) as error:
        validate_inputs(
            Signature("s", fields, ()),
            {"c": tensor([1.0, 2.0])},
            "same_kind",
            str,
            {"a": "no values for 1 element of shape []"},
        )
    assert str(error.value) == (
        'input "a": no values for 1 element of shape []; '
        'input "b" is missing: expected float32[]; '
        'input "c": expected float32[], got float64[2]'
    )


@pytest.mark.parametrize("value", [tensor([]), strings(), tensor([], np.int8)])
@pytest.mark.parametrize("dtype", ["int64", "float32", "string", "bool", "bfloat16"])
def test_an_empty_list_of_a_client_is_what_was_declared(value, dtype):
    """NumPy calls it float64 of one axis, whatever it would have held."""
    field = Field("x", dtype, (-1, 4))
    taken = inputs([field], {"x": value})["x"]
    assert taken.shape == (0, 4)
    assert taken.dtype == (object if dtype == "string" else dtype if dtype != "bfloat16" else "f4")
    assert taken.flags.carray


def test_rows_without_columns_are_cast_without_memory():
    """However many a client says there are: old NumPy would allocate as if it had columns."""
    rows = np.empty(0, np.float64).reshape(2**40, 3, 0)
    taken = inputs([Field("x", "float32", (-1, 3, -1))], {"x": tensor(rows)})["x"]
    assert (taken.shape, taken.dtype) == (rows.shape, np.float32)


def test_an_empty_list_is_still_held_to_the_contract():
    """To fixed axes and to its columns, and to its dtype where casts are refused."""
    field = Field("x", "int8", (-1, 4))
    assert refusal([field], {"x": tensor(np.zeros((0, 5)))}).endswith("got float64[0, 5]")
    assert refusal([field._replace(shape=(4,))], {"x": tensor([])}).endswith("got float64[0]")
    assert "got float64[0]" in refusal([field], {"x": tensor([])}, "strict")
    assert inputs([field], {"x": tensor([], np.int8)}, "strict")["x"].shape == (0, 4)
