"""The arrays style: NumPy arrays in, a dict of whatever NumPy takes out."""

from typing import Any

import numpy as np
import pytest

from serving_runtime import validation
from serving_runtime.errors import BrokenResult, InvalidInput

ONE = {"x": np.ones(2)}


def test_a_function_sees_arrays_by_name(load, signature):
    """Inputs are keyword arguments; they are the worker's arrays themselves, not copies."""
    model = load("def infer(a, b): return {'y': a - b, 'a': a}", signature(inputs=("a", "b")))
    first = np.array([3.0, 4.0])
    outputs = model.predict("infer", {"b": np.array([1.0, 1.0]), "a": first})
    assert outputs["y"].tolist() == [2.0, 3.0]
    assert outputs["a"] is first


@pytest.mark.parametrize(
    ("scalar", "kind"),
    [
        (np.array(2.5), "float64"),
        (np.array(2, dtype=np.int32), "int32"),
        (np.array(True), "bool"),
        (np.array("é\0", dtype=object), "str"),
    ],
)
def test_a_scalar_arrives_as_a_scalar(load, signature, scalar, kind):
    """A scalar input is a NumPy scalar, or a plain str, so that it can be formatted."""
    model = load(
        "def infer(x): return {'y': x, 'kind': type(x).__name__.rstrip('_'), 'text': f'{x:}'}",
        signature(shape=()),
    )
    outputs = model.predict("infer", {"x": scalar})
    assert outputs["y"] == scalar[()]
    assert outputs["kind"] == kind


def test_maps_arrive_and_leave_as_dicts(load):
    """A map field is a dict of arrays, nested ones too, with scalars as scalars."""
    model = load("def infer(x): return {'y': {'in': {'sum': x['a'] + x['b']['c']}}}")
    inputs = {"x": {"a": np.array([1.0, 2.0]), "b": {"c": np.array(3.0)}}}
    assert model.predict("infer", inputs)["y"]["in"]["sum"].tolist() == [4.0, 5.0]


def test_several_maps_arrive_as_an_array_of_dicts_and_leave_as_a_list(load):
    """Scalars in them are scalars; messages in them are read."""
    model = load(
        """
        import hydro_serving_grpc as hs
        def infer(x):
            proto = hs.TensorProto(dtype=hs.DT_INT8, int_val=[7], tensor_shape={})
            return {'y': [{'twice': 2 * user['a'], 'text': f"{user['a']:g}", 'p': proto}
                          for user in x]}
        """
    )
    users = np.empty(2, object)
    users[:] = [{"a": np.array(1.5)}, {"a": np.array(2.0)}]
    found = model.predict("infer", {"x": users})["y"]
    assert [(user["twice"], user["text"], user["p"]) for user in found] == [
        (3.0, "1.5", 7),
        (4.0, "2", 7),
    ]


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ("np.array([1, 2], np.int8)", "int8", [1, 2]),
        ("np.float32(0.5)", "float32", 0.5),
        ("3", "int32", 3),
        ("0.5", "float32", 0.5),
        ("True", "bool", True),
        ("[1, 2]", "int64", [1, 2]),
        ("((1.5,), (2.5,))", "float64", [[1.5], [2.5]]),
        ("[]", "int64", []),
        ("'text\\0'", "string", b"text\0"),
        ("b'bytes\\0'", "string", b"bytes\0"),
        ("['a', 'b\\0']", "string", [b"a", b"b\0"]),
        ("np.array([['a'], ['bc']])", "string", [[b"a"], [b"bc"]]),
    ],
)
def test_every_kind_of_value_passes_the_contract_s_check(load, signature, value, dtype, expected):
    """Arrays, scalars, lists, text and bytes are outputs; strings keep their trailing NULs."""
    model = load(f"import numpy as np\ndef infer(x): return {{'y': {value}}}")
    declared = signature(dtype=dtype, shape=None)
    output: Any = validation.validate_outputs(declared, model.predict("infer", ONE))["y"]
    assert (output.dtype, output.array.tolist()) == (dtype, expected)


def test_a_tensor_proto_is_a_value_too(load):
    """A TensorProto among the outputs is read, in whatever encoding."""
    model = load(
        """
        import hydro_serving_grpc as hs
        def infer(x):
            return {"y": hs.TensorProto(dtype=hs.DT_INT8, int_val=[7]), "z": x}
        """
    )
    outputs = model.predict("infer", ONE)
    assert (outputs["y"].dtype, outputs["y"].tolist()) == (np.dtype(np.int8), 7)
    assert outputs["z"] is ONE["x"]


def test_a_broken_tensor_proto_names_its_output(load):
    """A TensorProto whose values do not fit its dtype is the model's fault."""
    model = load(
        """
        import hydro_serving_grpc as hs
        def infer(x):
            return {"y": hs.TensorProto(dtype=hs.DT_INT8, double_val=[7])}
        """
    )
    with pytest.raises(BrokenResult, match='output "y": int8 has its values in int_val'):
        model.predict("infer", ONE)


def test_a_response_is_understood_whatever_the_style(load):
    """A PredictResponse from a function that looked like one of arrays is taken."""
    model = load(
        """
        import hydro_serving_grpc as hs
        def infer(x):
            response = hs.PredictResponse(outputs={"y": hs.TensorProto(dtype=1, float_val=[2])})
            return response
        """,
        style="arrays",
    )
    assert model.predict("infer", ONE)["y"].tolist() == 2.0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("None", "Type of a result (None) is not `PredictResponse`, nor a dict of arrays by "
         "output name: infer returned NoneType"),
        ("[1, 2]", "Type of a result ([1, 2]) is not `PredictResponse`, nor a dict of arrays by "
         "output name: infer returned list"),
        ("np.ones(2)", "Type of a result ([1. 1.]) is not `PredictResponse`, nor a dict of arrays "
         "by output name: infer returned ndarray"),
    ],
)  # fmt: skip
def test_a_result_that_is_no_dict_is_refused(load, value, told):
    """The message begins as Hydrosphere's does, and says what was expected and returned."""
    model = load(f"import numpy as np\ndef infer(x): return {value}")
    with pytest.raises(BrokenResult) as caught:
        model.predict("infer", ONE)
    assert str(caught.value) == told


def test_a_huge_result_of_the_wrong_type_is_cut(load):
    """What was expected stays readable behind a result of any length."""
    model = load("def infer(x): return 'a' * 100000")
    with pytest.raises(BrokenResult) as caught:
        model.predict("infer", ONE)
    assert len(str(caught.value)) < 600
    assert str(caught.value).endswith("infer returned str")


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("raise KeyError('missing')", KeyError),
        ("raise SystemExit(4)", SystemExit),
        ("from serving_runtime.errors import InvalidInput; raise InvalidInput('x')", InvalidInput),
    ],
)
def test_what_a_function_raises_is_passed_on(load, code, raised):
    """Exceptions of user code leave predict() unchanged, exits and refusals too."""
    model = load(f"def infer(x): {code}")
    with pytest.raises(raised):
        model.predict("infer", ONE)
