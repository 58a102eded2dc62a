"""The README's examples work as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

from serving_runtime.contract import read_yaml
from serving_runtime.settings import Settings
from serving_runtime.worker import loading
from sklearn_runtime import structure

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
CONTRACTS = [text for kind, text in BLOCKS if kind == "yaml"]


@pytest.mark.parametrize("text", ["", CONTRACTS[0]])
def test_the_first_model_is_served(tmp_path, monkeypatch, text):
    """It is fitted and saved as the README says, and answers with and without the contract."""
    pytest.importorskip("skops", reason="the README saves as .skops")
    (code,) = [block for kind, block in BLOCKS if kind == "python"]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    if text:
        (tmp_path / "model" / "contract.yaml").write_text(text)
    environ = {"MODEL_DIR": str(tmp_path / "model"), "RUNTIME_ALLOW_PICKLE": "0"}
    predictor = loading.load(environ, Settings.from_env(environ), "sklearn")
    rows, classes = load_iris(return_X_y=True)
    name = predictor.contract.names[0]
    answer = predictor.model.predict(name, {"x": rows})
    assert (answer["label" if text else "predict"] == classes).mean() > 0.9
    assert np.shape(answer.get("predict_proba", np.empty((150, 3)))) == (150, 3)


@pytest.mark.parametrize("text", CONTRACTS)
def test_every_contract_of_the_readme_is_valid(text):
    """Each contract.yaml can be read."""
    assert read_yaml(text).signatures


def test_the_readme_leads_to_the_settings():
    """The reference of settings, which is generated, is one link away."""
    assert "docs/settings.md#the-sklearn-runtime" in README


def test_the_readme_names_every_method():
    """What can be called is listed."""
    for method in structure.METHODS:
        assert f"`{method}`" in README
