import json

import pytest

from serving_runtime.contract import parse, read_yaml, serialise
from serving_runtime.signature import FREE, MAP, Contract, Field, Signature

CONTRACT = Contract(
    "iris",
    (
        Signature(
            "predict",
            (Field("x", "float64", (FREE, 4), profile="numerical"), Field("name", "string", ())),
            (Field("y", "int64", None),),
        ),
        Signature(
            "nested",
            (Field("m", MAP, (), (Field("inner", "float32", (2,)),)),),
            (Field("y", "int64", (FREE,)),),
        ),
    ),
)


@pytest.fixture
def protobin(tmp_path):
    """Write the contract as a model directory has it."""
    path = tmp_path / "contract.protobin"
    path.write_bytes(serialise(CONTRACT))
    return path


def test_show_prints_a_table_and_the_format(command, protobin):
    """The table has each field, those of maps by dotted names; the format read is told."""
    code, out, err = command("contract", "show", protobin)
    assert (code, err) == (0, "")
    assert 'model "iris", in the format of Hydrosphere 0.1 to 2.x' in out
    rows = [line.split() for line in out.splitlines()]
    assert ["predict", "input", "x", "float64", "[-1,", "4]", "numerical"] in rows
    assert ["predict", "input", "name", "string", "[]"] in rows
    assert ["predict", "output", "y", "int64", "[...]"] in rows
    assert ["nested", "input", "m.inner", "float32", "[2]"] in rows


def test_show_takes_a_model_directory(command, protobin):
    """The contract is found inside a model directory."""
    code, out, _ = command("contract", "show", protobin.parent)
    assert code == 0
    assert "m.inner" in out


def test_show_as_yaml_can_be_compiled_again(command, protobin, tmp_path):
    """YAML from `show` compiles to the same bytes."""
    code, out, err = command("contract", "show", protobin, "--format", "yaml")
    assert code == 0
    assert "in the format of" in err
    source = tmp_path / "other.yaml"
    source.write_text(out)
    assert read_yaml(source) == CONTRACT
    code, out, _ = command("contract", "compile", source, "-o", tmp_path / "other.protobin")
    assert code == 0
    assert "2 signatures (predict, nested)" in out
    assert (tmp_path / "other.protobin").read_bytes() == protobin.read_bytes()


def test_show_as_json_is_json_alone(command, protobin):
    """JSON goes to the output alone, so that a program can read it; any shape is null."""
    code, out, _ = command("contract", "show", protobin, "--format", "json")
    shown = json.loads(out)
    assert code == 0
    assert shown["model_name"] == "iris"
    assert shown["signatures"][0]["outputs"] == [{"name": "y", "dtype": "int64", "shape": None}]
    assert shown["signatures"][1]["inputs"][0]["subfields"][0]["name"] == "inner"


def test_compile_writes_beside_its_source(command, tmp_path):
    """Without -o, contract.protobin appears beside contract.yaml."""
    source = tmp_path / "contract.yaml"
    source.write_text(
        "name: predict\n"
        "inputs: {x: {shape: [-1, 4], type: double, profile: numerical}}\n"
        "outputs: {y: {shape: scalar, type: int64}}\n"
    )
    code, out, _ = command("contract", "compile", source)
    assert code == 0
    assert "1 signature (predict)" in out
    compiled = parse((tmp_path / "contract.protobin").read_bytes())
    assert compiled.signatures[0].inputs[0] == Field("x", "float64", (FREE, 4), (), "numerical")
    assert command("contract", "show", source)[1].splitlines()[0].endswith("in the format of YAML")


def test_compile_to_standard_output(protobin, capfdbinary):
    """`-o -` writes the bytes where a pipe can take them."""
    from serving_runtime.cli import main

    assert main(["contract", "compile", str(protobin), "-o", "-"]) == 0
    assert capfdbinary.readouterr().out == protobin.read_bytes()


@pytest.mark.parametrize("action", ["show", "compile"])
def test_unreadable_contract_is_shown_in_one_message(command, tmp_path, action):
    """What is wrong, and where, comes without a traceback; the exit code is 1."""
    source = tmp_path / "contract.yaml"
    source.write_text("name: predict\ninputs: {x: {type: dubble}}\noutputs: {y: {type: int64}}\n")
    code, out, err = command("contract", action, source)
    assert (code, out) == (1, "")
    assert err.startswith("serving-runtime contract: ")
    assert "dubble" in err


def test_directory_without_contract(command, tmp_path):
    """A directory that has no contract is told, with what was expected in it."""
    code, _, err = command("contract", "show", tmp_path)
    assert code == 1
    assert "expected contract.protobin or contract.yaml in it" in err


def test_unwritable_target(command, protobin, tmp_path):
    """A target that cannot be written is told with the flag that names another."""
    code, _, err = command("contract", "compile", protobin, "-o", tmp_path / "no" / "x.protobin")
    assert code == 1
    assert "cannot be written" in err
    assert "-o FILE" in err


def test_action_is_required(command):
    """`contract` alone is a usage error that names its actions."""
    code, _, err = command("contract")
    assert code == 2
    assert "expected an action" in err
