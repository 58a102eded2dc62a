"""The README's examples work as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from pytorch_runtime import loader
from serving_runtime.signature import FREE, Contract, Field, Signature

README = Path(__file__).parent.parent.joinpath("README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
EXPORT, WEIGHTS = [text for kind, text in BLOCKS if kind == "python"]
ROWS = np.array([[1, 2, 3]], np.float32)


@pytest.mark.skipif(not hasattr(torch, "export"), reason="this PyTorch has no torch.export")
def test_the_first_model_is_served(tmp_path, monkeypatch):
    """The script writes a model that needs no contract."""
    monkeypatch.chdir(tmp_path)
    exec(compile(EXPORT, "README.md", "exec"), {"__name__": "readme"})
    files = tmp_path / "model" / "files"
    contract = loader.infer_contract(files)
    model = loader.load(files, contract)
    assert model.predict("forward", {"x": ROWS})["y"].tolist() == [[2, 4, 6]]
    model.close()


def test_the_user_s_network_is_served(files, write):
    """The example of model.py takes the weights that its network has."""
    write(WEIGHTS)
    torch.save({"factor": torch.tensor([3.0])}, str(files / "weights.pt"))
    free = Field("x", "float32", (FREE, 3))
    signature = Signature("predict", (free,), (free._replace(name="y"),))
    model = loader.load(files, Contract("", (signature,)))
    assert model.predict("predict", {"x": ROWS})["y"].tolist() == [[3, 6, 9]]
    model.close()


def test_the_readme_leads_to_the_settings():
    """The reference of settings, which is generated, is one link away."""
    assert "docs/settings.md#the-pytorch-runtime" in README
