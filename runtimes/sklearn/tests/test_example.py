"""The example's model is served like any user's, and answers as the pipeline itself does."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from serving_runtime import validation
from serving_runtime.settings import Settings
from serving_runtime.worker import loading

pytest.importorskip("skops", reason="the example is saved as .skops")

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_the_example_answers_as_its_pipeline(tmp_path, monkeypatch):
    """Pictures in; the label and the probabilities of the contract out."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.syspath_prepend(str(EXAMPLES / "sklearn-digits"))
    digits = importlib.import_module("digits").load()
    train = importlib.import_module("train")
    try:
        scores = train.train(digits, tmp_path / "model")
    finally:
        del sys.modules["train"], sys.modules["digits"]
    environ = {"MODEL_DIR": str(tmp_path / "model"), "RUNTIME_ALLOW_PICKLE": "0"}
    predictor = loading.load(environ, Settings.from_env(environ), "sklearn")
    results = predictor.model.predict("predict", {"images": digits.held_out_images})
    validation.validate_outputs(predictor.contract.signatures[0], results)
    label, probabilities = (results[name] for name in train.OUTPUTS)
    np.testing.assert_allclose(probabilities, scores, atol=train.TOLERANCE)
    assert np.array_equal(label, scores.argmax(axis=1))
    assert (label == digits.held_out_labels).mean() > 0.9
