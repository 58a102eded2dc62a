"""ONNX models: names, dtypes and shapes are the model's own."""

import numpy as np
import pytest

from runtimes.sklearn.tests.pipelines import linear, numbers
from serving_runtime.contract import agreement, read_yaml
from serving_runtime.errors import InvalidInput, LoadError
from sklearn_runtime import loader

skl2onnx = pytest.importorskip("skl2onnx", reason="onnxruntime needs a newer Python")
X = numbers()[0].astype(np.float32)


@pytest.fixture
def convert(files):
    """Convert an estimator to model.onnx."""

    def to_file(estimator, **options):
        model = skl2onnx.to_onnx(estimator, X[:1], options={id(estimator): options})
        (files / "model.onnx").write_bytes(model.SerializeToString())

    return to_file


def test_the_model_says_what_it_takes(convert, serve):
    """One signature, with the model's own names."""
    convert(linear(), zipmap=False)
    (signature,) = serve()[0].signatures
    assert signature.name == "predict"
    assert [(it.name, str(it)) for it in signature.inputs] == [("X", "float32[-1, 6]")]
    assert [(it.name, str(it)) for it in signature.outputs] == [
        ("label", "string[-1]"),
        ("probabilities", "float32[-1, 2]"),
    ]


@pytest.mark.parametrize("zipmap", [False, True])
def test_it_answers_like_scikit_learn(convert, serve, zipmap):
    """To the precision of float32; dicts by class become rows of probabilities."""
    model = linear()
    convert(model, zipmap=zipmap)
    contract, served = serve()
    name = contract.signatures[0].outputs[1].name
    answer = served.predict("predict", {"X": X})
    label = contract.signatures[0].outputs[0].name
    assert list(answer[label]) == list(model.predict(X))
    np.testing.assert_allclose(answer[name], model.predict_proba(X), rtol=1e-4, atol=1e-6)


def test_a_contract_chooses_outputs_and_the_name(convert, files):
    """A signature may be called anything, and leave outputs out."""
    convert(linear(), zipmap=False)
    declared = read_yaml("""
        name: classify
        inputs: {X: {shape: [-1, 6], type: float32}}
        outputs: {probabilities: {shape: [-1, 2], type: float32}}
    """)
    agreed, warnings = agreement.reconcile(declared, loader.infer_contract(files, declared))
    served = loader.load(files, agreed)
    assert warnings == []
    assert list(served.predict("classify", {"X": X})) == ["probabilities"]


def test_a_contract_with_other_names_is_refused(convert, serve):
    """An ONNX model has names of its own."""
    convert(linear(), zipmap=False)
    declared = read_yaml("""
        name: predict
        inputs: {x: {shape: [-1, 6], type: float32}}
        outputs: {label: {shape: [-1], type: string}}
    """)
    inferred, _ = serve(None, declared)
    with pytest.raises(LoadError, match='input "x" is not in the model'):
        agreement.reconcile(declared, inferred)


def test_what_onnxruntime_refuses_is_the_caller_s_fault(convert, serve):
    """Its InvalidArgument is ours."""
    convert(linear(), zipmap=False)
    _, served = serve()
    with pytest.raises(InvalidInput, match="dimensions"):
        served.predict("predict", {"X": X[:, :3]})


def test_a_file_that_is_no_model_is_told(files, serve):
    """The reason that onnxruntime gives is in the message."""
    (files / "model.onnx").write_bytes(b"\x08\x07\x12no model")
    with pytest.raises(LoadError, match="cannot be loaded as an ONNX model"):
        serve()


def test_threads_are_handed_over(convert, serve, monkeypatch):
    """The library does not read OMP_NUM_THREADS itself."""
    import onnxruntime

    seen = []
    session = onnxruntime.InferenceSession

    def spy(content, settings, **others):
        seen.append(settings.intra_op_num_threads)
        return session(content, settings, **others)

    monkeypatch.setattr(onnxruntime, "InferenceSession", spy)
    convert(linear(), zipmap=False)
    serve(threads=3)
    assert seen == [3]
