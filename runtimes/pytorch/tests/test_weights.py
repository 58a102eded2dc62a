"""Weights with the user's network, checkpoints, and pickled networks where they are allowed."""

import sys

import numpy as np
import pytest
import torch

from serving_runtime.errors import LoadError

SCALE = """
    import torch

    class Scale(torch.nn.Module):
        def __init__(self, factor=0.0):
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor(factor))

        def forward(self, x):
            return x * self.factor

        def halve(self, x):
            return x / 2

    def build():
        return Scale()
"""
TWO = np.array([2], np.float32)
WEIGHTS = {"factor": torch.tensor(3.0)}


@pytest.mark.parametrize(
    "content",
    [WEIGHTS, {"state_dict": WEIGHTS, "epoch": 3}, {"model_state_dict": WEIGHTS, "lr": [0.1]}],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_weights_and_checkpoints_are_served(load, files, write, signature, content, legacy):
    """A state dict may be alone, or in a checkpoint beside other things."""
    torch.save(content, str(files / "w.pt"), _use_new_zipfile_serialization=not legacy)
    write(SCALE)
    assert load(signature()).predict("forward", {"x": TWO})["y"] == [6]


def test_methods_of_the_user_s_network_are_signatures(load, files, write, signature):
    """Methods of the user's class answer signatures of their name; those of every module do not."""
    torch.save(WEIGHTS, str(files / "w.pt"))
    write(SCALE)
    model = load(signature(), signature(name="halve"))
    assert model.predict("halve", {"x": TWO})["y"] == [1]
    with pytest.raises(LoadError, match='signature "double" is not in the model'):
        load(signature(), signature(name="double"))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = 1", "has no function build()"),
        ("def build(): return 3", "returned a int, not a torch.nn.Module"),
        ("def build():\n    raise OSError('no disk')",
         "build() raised OSError: no disk (files/src/model.py:2: raise OSError('no disk'))"),
        ("import no_such_module",
         'module "no_such_module" is not installed here (files/src/model.py:1: import no_such_'),
        ("import sys\nsys.exit(3)",
         "importing model.py called sys.exit(3) (files/src/model.py:2: sys.exit(3))"),
        ("import torch\ndef build(): return torch.nn.Linear(2, 2)",
         'do not fit the network of src/model.py: Error(s) in loading state_dict for Linear: '
         'Missing key(s) in state_dict: "weight", "bias". Unexpected key(s)'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_user_s_code_is_told(refusal, files, write, code, told):
    """The line of the user's own file is named where there is one."""
    torch.save(WEIGHTS, str(files / "w.pt"))
    write(code)
    assert told in refusal()


def test_weights_alone_are_no_network(refusal, files):
    """Without src/model.py the message says what to write."""
    torch.save(WEIGHTS, str(files / "w.pt"))
    text = refusal()
    assert "src/model.py was not found: weights alone are no network" in text
    assert "def build(): return Net()" in text


@pytest.mark.parametrize(
    ("content", "told"), [({"epoch": 3}, "a dict of epoch"), (torch.ones(2), "a Tensor")]
)
def test_what_is_no_state_dict_is_told(refusal, files, write, content, told):
    """Plain data that are no weights are named."""
    torch.save(content, str(files / "w.pt"))
    write(SCALE)
    assert f"holds {told}; expected a state dict" in refusal()


def test_a_pickled_network_needs_permission(load, refusal, files, write, signature, caplog):
    """It is refused by default; allowed, it is announced with its SHA-256, and served."""
    write(SCALE)
    sys.path.insert(0, str(files / "src"))
    import model

    torch.save(model.Scale(3.0), str(files / "w.pt"))
    sys.path.remove(str(files / "src"))
    del sys.modules["model"]
    assert "RUNTIME_ALLOW_PICKLE is off" in refusal(signature())
    served = load(signature(), allow_pickle=True)
    assert served.predict("forward", {"x": TWO})["y"] == [6]
    assert "is based on pickle: loading it runs code that is in it" in caplog.text
    assert "w.pt is a pickled Scale, on cpu" in caplog.text


def test_the_user_s_code_is_forgotten(load, files, write, signature):
    """A closed model leaves neither modules nor folders behind, and neither does a failed load."""
    torch.save(WEIGHTS, str(files / "w.pt"))
    write(SCALE)
    before = list(sys.path)
    load(signature()).close()
    write("raise ValueError")
    with pytest.raises(LoadError):
        load(signature())
    assert sys.path == before
    assert "model" not in sys.modules


def test_safetensors_may_be_missing(refusal, files, write, monkeypatch):
    """Old images say what to do with such a file."""
    monkeypatch.setitem(sys.modules, "safetensors", None)
    (files / "w.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    write(SCALE)
    assert "needs the package safetensors, which is not installed here" in refusal()
