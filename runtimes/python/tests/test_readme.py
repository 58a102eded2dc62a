"""The README's examples work as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest

from python_runtime import loader
from serving_runtime import validation
from serving_runtime.contract import read_yaml
from serving_runtime.errors import InvalidInput

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
CONTRACTS = [text for kind, text in BLOCKS if kind == "yaml"]
MODELS = [text for kind, text in BLOCKS if text.startswith("# files/src/func_main.py")]


@pytest.mark.parametrize("code", MODELS)
def test_every_model_of_the_readme_answers(files, write, code):
    """Each func_main.py fits the first contract and gives what that promises."""
    write(code)
    contract = read_yaml(CONTRACTS[0])
    model = loader.load(files, contract)
    outputs = model.predict("infer", {"x": np.array([[0.0, 1.0, 0.5, 0.5]])})
    validation.validate_outputs(contract.signatures[0], outputs)
    model.close()


@pytest.mark.parametrize("text", CONTRACTS)
def test_every_contract_of_the_readme_is_valid(text):
    """Each contract.yaml can be read."""
    assert read_yaml(text).names == ("infer",)


def test_the_readme_s_refusal_reaches_the_client(load):
    """The example of InvalidInput is a function that can be served."""
    (code,) = [text for _, text in BLOCKS if text.startswith("from serving_runtime.errors")]
    with pytest.raises(InvalidInput, match="negative lengths"):
        load(code).predict("infer", {"x": np.array([-1.0])})


def test_the_readme_leads_to_the_settings():
    """The reference of settings, which is generated, is one link away."""
    assert "docs/settings.md#the-python-runtime" in README
