"""State dicts of PyTorch's own making are served, whatever they hold beside tensors."""

import collections

import numpy as np
import pytest
import torch

from pytorch_runtime import reading

X = np.ones((1, 3), np.float32)
QUANTISATION = "torch.quantization" if not hasattr(torch, "ao") else "torch.ao.quantization"

QUANTISED = f"""
import torch, warnings
import {QUANTISATION} as quantisation

def build():
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = torch.nn.Sequential(torch.nn.Linear(3, 3))
        return quantisation.quantize_dynamic(network, {{torch.nn.Linear}}, dtype=torch.qint8)
"""

EXTRA = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 3)
        self.offset = None

    def get_extra_state(self):
        return self.offset

    def set_extra_state(self, state):
        self.offset = state

    def forward(self, x):
        return self.dense(x) + self.offset["by"]

build = Net
"""

TIED = """
import torch

class Net(torch.nn.Module):
    def __init__(self, tied=True):
        super().__init__()
        self.first = torch.nn.Linear(3, 3, bias=False)
        self.second = torch.nn.Linear(3, 3, bias=False)
        if tied:
            self.second.weight = self.first.weight
        self.register_buffer("shift", torch.ones(3), persistent=False)

    def forward(self, x):
        return self.second(self.first(x)) + self.shift

build = Net
"""


def _built(code):
    """Return what the code builds, outside of the runtime."""
    names = {}
    exec(code, names)
    return names["build"]().eval()


@pytest.fixture
def served(files, write, load, signature):
    """Load a network of the user's and call it."""

    def serve(code):
        write(code)
        return load(signature(shape=(-1, 3))).predict("forward", {"x": X.copy()})["y"]

    return serve


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a checkpoint"])
def test_quantised_networks_are_served(files, served, inside):
    """Packed weights are no tensors; they are read without running code."""
    network = _built(QUANTISED)
    weights = network.state_dict()
    content = {"state_dict": weights, "loss": torch.ones(1)} if inside else weights
    torch.save(content, str(files / "w.pt"))
    with torch.no_grad():
        expected = network(torch.from_numpy(X)).numpy()
    np.testing.assert_array_equal(served(QUANTISED), expected)


@pytest.mark.parametrize(
    "state", [{"by": 2.0}, {"by": 2, "names": ["a", None]}, collections.OrderedDict(by=2.0)]
)
def test_an_extra_state_is_set(files, served, state):
    """What get_extra_state() returned is given to set_extra_state()."""
    network = _built(EXTRA)
    network.offset = state
    torch.save(network.state_dict(), str(files / "w.pt"))
    expected = network(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_array_equal(served(EXTRA), expected)


def test_tied_weights_are_served_from_safetensors(files, served):
    """Safetensors saves a tensor that two names share once, and its own loader knows."""
    writer = pytest.importorskip("safetensors.torch", reason="safetensors needs Python 3.7")
    network = _built(TIED)
    writer.save_model(network, str(files / "w.safetensors"))
    expected = network(torch.from_numpy(X)).detach().numpy()
    np.testing.assert_array_equal(served(TIED), expected)


def test_weights_that_are_not_tied_must_be_there(files, write, refusal):
    """A name that is missing is not filled with another tensor of that shape."""
    writer = pytest.importorskip("safetensors.torch", reason="safetensors needs Python 3.7")
    writer.save_file({"first.weight": torch.ones(3, 3)}, str(files / "w.safetensors"))
    write(TIED.replace("tied=True", "tied=False"))
    assert 'Missing key(s) in state_dict: "second.weight"' in refusal()


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("module.", "those of DataParallel: save model.module.state_dict() instead"),
        ("_orig_mod.", "those of torch.compile: save model._orig_mod.state_dict() instead"),
        ("other.", "build the network as it was"),
    ],
)
def test_the_fix_of_other_names_is_that_of_their_cause(files, write, refusal, prefix, told):
    """Wrappers put a prefix before each name."""
    torch.save(torch.nn.Linear(3, 3).state_dict(prefix=prefix), str(files / "w.pt"))
    write("import torch\ndef build(): return torch.nn.Linear(3, 3)")
    assert told in refusal()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_weights_of_other_dtypes_are_served(files, served, dtype):
    """The network decides what they become, as in load_state_dict()."""
    weights = {"weight": torch.eye(3).to(getattr(torch, dtype)), "bias": torch.zeros(3)}
    torch.save(weights, str(files / "w.pt"))
    assert served("import torch\ndef build(): return torch.nn.Linear(3, 3)").tolist() == [[1, 1, 1]]


PLAIN = {
    "a dtype": lambda: torch.qint8,
    "a size": lambda: torch.Size([2]),
    "a device": lambda: torch.device("cpu"),
    "a set": lambda: {1},
    "bytes": lambda: b"\x00\xff",
    "a complex number": lambda: 1j,
    "a counter": lambda: collections.Counter("aab"),
    "a quantised tensor": lambda: torch.quantize_per_tensor(torch.ones(2), 0.5, 0, torch.qint8),
    "quantised channels": lambda: torch.quantize_per_channel(
        torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8
    ),
    "a sparse tensor": lambda: torch.eye(2).to_sparse(),
    "a parameter": lambda: torch.nn.Parameter(torch.ones(2)),
}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain_values_need_no_pickle(tmp_path, name):
    """What PyTorch calls weights only is read on every version."""
    path = tmp_path / "w.pt"
    value = PLAIN[name]()
    torch.save({"it": value}, str(path))
    assert type(reading.weights_in(path.read_bytes())["it"]) is type(value)


def test_what_needs_a_pickle_is_named(files, write, refusal):
    """The message has the class, and the way out that fits it."""
    torch.save({"scale": np.float64(2)}, str(files / "w.pt"))
    write(EXTRA)
    text = refusal()
    assert "RUNTIME_ALLOW_PICKLE is off" in text
    assert "save tensors and plain values in place of numpy" in text
