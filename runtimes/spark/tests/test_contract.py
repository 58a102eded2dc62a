"""What a pipeline says of its columns, with a contract and without."""

import json

import numpy as np
import pytest

from serving_runtime.contract import read_yaml
from serving_runtime.errors import InvalidInput, LoadError
from spark_runtime import inference

TOKENIZER = ("feature.Tokenizer", {"inputCol": "text", "outputCol": "words"})
HASHING = ("feature.HashingTF", {"inputCol": "words", "outputCol": "tf", "numFeatures": 8})
WIDE = ("feature.HashingTF", {"inputCol": "words", "outputCol": "wide"})
BUCKETS = (
    "feature.Bucketizer",
    {"inputCol": "age", "outputCol": "group", "splits": ["-Inf", 18.0, "Inf"]},
)
ASSEMBLER = ("feature.VectorAssembler", {"inputCols": ["age", "group"], "outputCol": "both"})
HASHER = (
    "feature.FeatureHasher",
    {"inputCols": ["age", "city"], "outputCol": "hashed", "numFeatures": 4},
)


def described(fields):
    """Return fields as texts."""
    return [f"{field.name}: {field}" for field in fields]


def test_without_a_contract_the_stages_say_what_there_is(files, save_pipeline, serve):
    """Inputs are what no stage adds, outputs all that a tensor can hold."""
    save_pipeline(files, TOKENIZER, HASHING, BUCKETS, ASSEMBLER)
    contract, model = serve()
    [signature] = contract.signatures
    assert signature.name == "predict"
    assert described(signature.inputs) == ["text: string[-1]", "age: float64[-1]"]
    assert described(signature.outputs) == [
        "tf: float64[-1, 8]",
        "group: float64[-1]",
        "both: float64[-1, 2]",
    ]
    found = model.predict("predict", {"text": np.array(["a b"], object), "age": np.array([20.0])})
    assert found["both"].tolist() == [[20.0, 1.0]]
    assert sorted(found) == ["both", "group", "tf"]


def test_what_no_tensor_should_hold_is_left_out(files, save_pipeline, serve, caplog):
    """Lists of words and very wide vectors are named in the log, and not served."""
    save_pipeline(files, TOKENIZER, WIDE, HASHING)
    contract, _ = serve()
    assert described(contract.signatures[0].outputs) == ["tf: float64[-1, 8]"]


def test_a_contract_may_name_a_wide_column(files, save_pipeline, serve):
    """What is left out of an inferred contract is served where a contract names it."""
    save_pipeline(files, TOKENIZER, WIDE)
    declared = read_yaml(
        "name: predict\ninputs:\n  text: {shape: [-1], type: string}\n"
        "outputs:\n  wide: {shape: [-1, 262144], type: double}\n"
    )
    _, model = serve(declared)
    found = model.predict("predict", {"text": np.array(["a b a"], object)})
    assert found["wide"].shape == (1, 262144)
    assert found["wide"].toarray().sum() == 3


def lists_of(width):
    """Return a contract of lists of words."""
    return read_yaml(
        "name: predict\ninputs:\n  text: {shape: [-1], type: string}\n"
        f"outputs:\n  words: {{shape: [-1, {width}], type: string}}\n"
    )


def test_lists_are_filled_up_to_a_declared_length(files, save_pipeline, serve):
    """Short lists end in empty texts; one that is longer is the caller's mistake."""
    save_pipeline(files, TOKENIZER)
    _, model = serve(lists_of(3))
    found = model.predict("predict", {"text": np.array(["a b c", "d"], object)})
    assert found["words"].tolist() == [["a", "b", "c"], ["d", "", ""]]
    with pytest.raises(InvalidInput, match='row 0: the output "words" has 4 texts, and the contra'):
        model.predict("predict", {"text": np.array(["a b c d"], object)})


def test_lists_of_any_length_are_not_filled_up(files, save_pipeline, serve):
    """A row has the answer that it has alone, so lists of several lengths are refused."""
    save_pipeline(files, TOKENIZER)
    _, model = serve(lists_of(-1))
    found = model.predict("predict", {"text": np.array(["a b", "c d"], object)})
    assert found["words"].tolist() == [["a", "b"], ["c", "d"]]
    with pytest.raises(InvalidInput, match="from 1 to 2 texts: ask for one row at a time"):
        model.predict("predict", {"text": np.array(["a b", "c"], object)})
    none = model.predict("predict", {"text": np.array([], object)})
    assert none["words"].shape == (0, 0)


def test_columns_of_which_nothing_is_known_are_asked_for(files, save_pipeline, serve):
    """A hasher takes numbers and texts: the message names the columns and both ways to say it."""
    save_pipeline(files, HASHER)
    with pytest.raises(LoadError, match="age, city") as caught:
        serve()
    assert "contract.yaml" in caught.value.fix
    assert "schema.json" in caught.value.fix


def test_a_schema_of_the_data_says_what_columns_are(files, save_pipeline, serve):
    """What ``dataframe.schema.json()`` gives, beside the model, settles them."""
    save_pipeline(files, HASHER)
    fields = [
        {"name": "age", "type": "integer", "nullable": True, "metadata": {}},
        {"name": "city", "type": "string", "nullable": True, "metadata": {}},
        {"name": "when", "type": "timestamp", "nullable": True, "metadata": {}},
    ]
    (files / "schema.json").write_text(json.dumps({"type": "struct", "fields": fields}))
    contract, _ = serve()
    assert described(contract.signatures[0].inputs) == ["age: int32[-1]", "city: string[-1]"]


def test_a_schema_that_is_none_stops_the_start(files, save_pipeline, serve):
    """A damaged schema is not taken for one that is not there."""
    save_pipeline(files, HASHER)
    (files / "schema.json").write_text("[1, 2]")
    with pytest.raises(LoadError, match=r"schema\.json cannot be read"):
        serve()


def test_declared_numbers_of_any_type_are_taken(files, save_pipeline, serve):
    """A contract's own dtypes stand where the kind is the same."""
    save_pipeline(files, BUCKETS, ASSEMBLER)
    declared = read_yaml(
        "name: score\ninputs:\n  age: {shape: [-1], type: int32}\n"
        "outputs:\n  group: {shape: [-1], type: float32}\n"
    )
    contract, model = serve(declared)
    assert described(contract.signatures[0].inputs) == ["age: int32[-1]"]
    found = model.predict("score", {"age": np.array([3, 30], np.int32)})
    assert found["group"].tolist() == [0.0, 1.0]


def test_texts_for_numbers_are_the_pipelines_to_refuse(files, save_pipeline, serve):
    """Where a stage takes nothing else, what it says is what the contract is compared with."""
    save_pipeline(files, BUCKETS)
    declared = read_yaml(
        "name: predict\ninputs:\n  age: {shape: [-1], type: string}\n"
        "outputs:\n  group: {shape: [-1], type: double}\n"
    )
    contract, _ = serve(declared)
    assert described(contract.signatures[0].inputs) == ["age: float64[-1]"]


def test_an_input_that_a_contract_lacks_is_named(files, save_pipeline, serve):
    """The pipeline could not run without it, so the start ends, with the name that was meant."""
    save_pipeline(files, BUCKETS, ASSEMBLER)
    declared = read_yaml(
        "name: predict\ninputs:\n  agee: {shape: [-1], type: double}\n"
        "outputs:\n  both: {shape: [-1, 2], type: double}\n"
    )
    with pytest.raises(LoadError, match='"age": did you mean "agee"'):
        serve(declared)


def test_columns_that_no_stage_reads_may_be_declared(files, save_pipeline, serve, monkeypatch):
    """A data frame has more columns than a pipeline reads: the log names them."""
    said = []
    monkeypatch.setattr(inference.logger, "warning", lambda *parts: said.append(parts))
    save_pipeline(files, BUCKETS)
    declared = read_yaml(
        "name: predict\ninputs:\n  age: {shape: [-1], type: double}\n"
        "  more: {shape: [-1], type: string}\n"
        "outputs:\n  group: {shape: [-1], type: double}\n"
    )
    contract, _ = serve(declared)
    assert described(contract.signatures[0].inputs) == ["age: float64[-1]", "more: string[-1]"]
    assert said[0][-1] == "more"


def test_what_only_the_training_needed_is_left_out(files, save_pipeline, serve):
    """A stage that no output needs is not run where its input is not declared."""
    label = (
        "feature.Bucketizer",
        {"inputCol": "income", "outputCol": "label", "splits": ["-Inf", 0.0, "Inf"]},
    )
    save_pipeline(files, label, BUCKETS)
    declared = read_yaml(
        "name: predict\ninputs:\n  age: {shape: [-1], type: double}\n"
        "outputs:\n  group: {shape: [-1], type: double}\n"
    )
    _, model = serve(declared)
    assert model.predict("predict", {"age": np.array([3.0])})["group"].tolist() == [0.0]


def test_a_contract_of_scalars_answers_one_row(files, save_pipeline, serve):
    """Inputs without axes are one row, and so are the outputs."""
    save_pipeline(files, BUCKETS, ASSEMBLER)
    declared = read_yaml(
        "name: predict\ninputs:\n  age: {shape: scalar, type: double}\n"
        "outputs:\n  group: {shape: scalar, type: double}\n  both: {shape: [2], type: double}\n"
    )
    contract, model = serve(declared)
    assert described(contract.signatures[0].outputs)[:2] == ["group: float64[]", "both: float64[2]"]
    found = model.predict("predict", {"age": np.array(20.0)})
    assert found["group"] == 1.0
    assert found["both"].tolist() == [20.0, 1.0]


def test_a_pipeline_has_one_signature(files, save_pipeline, serve):
    """It may have any name, but a second one would be the same pipeline."""
    save_pipeline(files, BUCKETS)
    fields = (
        "    inputs: {age: {shape: [-1], type: double}}\n"
        "    outputs: {group: {shape: [-1], type: double}}\n"
    )
    declared = read_yaml(f"signatures:\n  - name: one\n{fields}  - name: two\n{fields}")
    with pytest.raises(LoadError, match="the contract has one, two"):
        serve(declared)


def test_pictures_are_taken_for_vectors(files, save, serve):
    """More axes than one are flattened, as in the other runtimes."""
    save(files, "feature.Normalizer", inputCol="images", outputCol="unit", p="Inf")
    declared = read_yaml(
        "name: predict\ninputs:\n  images: {shape: [-1, 2, 2], type: float32}\n"
        "outputs:\n  unit: {shape: [-1, 4], type: double}\n"
    )
    contract, model = serve(declared)
    assert described(contract.signatures[0].inputs) == ["images: float32[-1, 2, 2]"]
    found = model.predict("predict", {"images": np.array([[[1, 2], [4, 8]]], np.float32)})
    assert found["unit"].tolist() == [[0.125, 0.25, 0.5, 1.0]]


def test_a_column_passes_through(files, save_pipeline, serve):
    """As in Spark, an output may be an input."""
    save_pipeline(files, BUCKETS)
    declared = read_yaml(
        "name: predict\ninputs:\n  age: {shape: [-1], type: double}\n"
        "  id: {shape: [-1], type: string}\n"
        "outputs:\n  id: {shape: [-1], type: string}\n  group: {shape: [-1], type: double}\n"
    )
    _, model = serve(declared)
    sent = {"age": np.array([1.0]), "id": np.array(["x"], object)}
    assert model.predict("predict", sent)["id"].tolist() == ["x"]


def test_columns_may_have_missing_values(files, save_pipeline, serve):
    """Numbers become floats with NaN, texts None; what a stage refuses is the caller's mistake."""
    save_pipeline(files, TOKENIZER, BUCKETS)
    contract, model = serve()
    nullable = model.nullable(contract.signatures[0])
    assert [(it.name, it.value, it.numbers) for it in nullable] == [
        ("text", None, "float64"),
        ("age", None, "float64"),
    ]
    with pytest.raises(InvalidInput, match='column "age": the number is missing'):
        model.predict("predict", {"text": np.array(["a"], object), "age": np.array([np.nan])})
    with pytest.raises(InvalidInput, match='row 0, column "text": the text is missing'):
        model.predict("predict", {"text": np.array([None], object), "age": np.array([1.0])})


def test_no_rows_are_answered_with_none(files, save_pipeline, serve):
    """A request without rows is answered in the same shapes."""
    save_pipeline(files, TOKENIZER, HASHING, BUCKETS, ASSEMBLER)
    _, model = serve()
    found = model.predict("predict", {"text": np.array([], object), "age": np.array([])})
    assert {name: it.shape for name, it in found.items()} == {
        "tf": (0, 8),
        "group": (0,),
        "both": (0, 2),
    }
