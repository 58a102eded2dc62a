import re

import pytest

from serving_runtime.contract import read_yaml, write_yaml
from serving_runtime.errors import LoadError
from serving_runtime.signature import Contract, Field, Signature

ONE = """
model_name: iris
name: infer
inputs:
  x: {shape: [-1, 4], type: double, profile: numerical}
  no: {type: int, shape: scalar}
  meta:
    shape: null
    fields:
      id: {type: string}
outputs:
  y:
    shape: []
    type: any
    profile: NONE
"""


def test_one_signature():
    """The form that users of Hydrosphere know is read; a name such as `no` stays a name."""
    inputs = (
        Field("x", "float64", (-1, 4), (), "numerical"),
        Field("no", "int64", ()),
        Field("meta", "map", None, (Field("id", "string"),)),
    )
    assert read_yaml(ONE) == Contract(
        "iris", (Signature("infer", inputs, (Field("y", "any", ()),)),)
    )


def test_several_signatures():
    """Several signatures stand in a list, under the model's name."""
    text = (
        "model_name: m\nsignatures:\n"
        "- {name: a, outputs: {y: {type: float32}}}\n"
        "- {name: b, inputs: {x: {dtype: half}}, outputs: {y: {subfields: {z: {type: bool}}}}}\n"
    )
    nested = Field("y", "map", None, (Field("z", "bool"),))
    assert read_yaml(text) == Contract(
        "m",
        (
            Signature("a", (), (Field("y", "float32"),)),
            Signature("b", (Field("x", "float16"),), (nested,)),
        ),
    )


def test_default_name():
    """A signature without a name is called as Hydrosphere's command line calls it."""
    assert read_yaml("outputs: {y: {type: int8}}").names == ("Predict",)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("double", "float64"),
        ("float", "float64"),
        ("half", "float16"),
        ("int", "int64"),
        ("integer", "int64"),
        ("long", "int64"),
        ("str", "string"),
        ("Bool", "bool"),
        ("quint8", "quint8"),
        ("complex64", "complex64"),
        ("bfloat16", "bfloat16"),
        ("map", "map"),
        ("any", "any"),
    ],
)
def test_type_names(name, dtype):
    """Types have the names that Hydrosphere's tools gave them."""
    read = read_yaml(f"outputs: {{y: {{type: {name}}}}}")
    assert read.signatures[0].outputs[0].dtype == dtype


def test_written_form():
    """What is written has one line a field, and is what a person would write."""
    assert write_yaml(read_yaml(ONE)) == (
        "model_name: iris\n"
        "name: infer\n"
        "inputs:\n"
        "  x:\n"
        "    shape: [-1, 4]\n"
        "    type: float64\n"
        "    profile: numerical\n"
        "  'no': {shape: scalar, type: int64}\n"
        "  meta:\n"
        "    fields:\n"
        "      id: {type: string}\n"
        "outputs:\n"
        "  y: {shape: scalar, type: any}\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "contract.yaml is not a valid contract: it is empty"),
        ("a: [", "line 1: it is not YAML: "),
        ("\x01", "it is not YAML: "),
        ("- a", "line 1: expected a mapping, found a list"),
        ("just text", 'line 1: expected a mapping, found "just text"'),
        (
            "name: p\noutputs:\n  y: {type: flaot}\n",
            'outputs.y.type, line 3: unknown type "flaot": did you mean "float"? expected one of',
        ),
        (
            "outputs:\n  y: {type: int8, profile: numeric}\n",
            'outputs.y.profile, line 2: unknown profile "numeric": did you mean "numerical"?',
        ),
        (
            "outputs:\n  y: {type: int8, shap: [1]}\n",
            'outputs.y, line 2: unknown key "shap": did you mean "shape"? expected shape, type',
        ),
        (
            "outputs:\n  y: {type: int8, shape: 4}\n",
            "outputs.y.shape, line 2: expected a list of dimensions such as [-1, 4], or scalar, "
            'found "4"',
        ),
        (
            "outputs:\n  y: {type: int8, shape: [x]}\n",
            'outputs.y.shape[0], line 2: expected a whole number, or -1 for any size, found "x"',
        ),
        ("outputs:\n  y: {type: int8, shape: [-2]}\n", 'field "y" has dimension -2'),
        ("outputs:\n  y: {shape: [1]}\n", 'field "y" has neither a dtype nor subfields'),
        ("outputs:\n  y:\n", "outputs.y, line 2: expected a mapping, found nothing"),
        ("outputs:\n  y: {type: [a]}\n", "outputs.y.type, line 2: expected a single word"),
        (
            "outputs:\n  y: {type: int8}\n  y: {type: int8}\n",
            "outputs.y, line 3: it is there twice; expected it once",
        ),
        (
            "outputs:\n  y: {type: int8, dtype: int8}\n",
            "outputs.y.dtype, line 2: it says the same as type; expected one of them",
        ),
        ("signatures: {}", "signatures, line 1: expected a list of signatures, found a mapping"),
        ("signatures: []", "signatures: there are none"),
        (
            "signatures:\n- {nam: p}",
            'signatures[0], line 2: unknown key "nam": did you mean "name"?',
        ),
        ("name: p\nsignatures: []", 'line 1: unknown key "name"'),
        ("name: p\n", 'signature "p" has no outputs'),
        ("outputs: {y: &a {fields: {x: *a}}}", "fields nest deeper than 32 levels"),
    ],
)
def test_refused(text, said):
    """What is wrong is named with its line, its place, what was found and what was expected."""
    with pytest.raises(LoadError, match=re.escape(said)):
        read_yaml(text)


def test_endless_nesting():
    """Brackets without end are refused, where PyYAML itself gives up."""
    with pytest.raises(LoadError, match="it nests deeper than 32 fields"):
        read_yaml("[" * 3000)


def test_not_utf8(tmp_path):
    """A file in another encoding is refused with the byte at which it shows."""
    path = tmp_path / "contract.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(LoadError, match="is not UTF-8 text: see byte 6"):
        read_yaml(path)
