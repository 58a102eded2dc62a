"""Networks that calls change are found out, by their form or by a rehearsal that is undone."""

import warnings
from typing import List

import numpy as np
import pytest
import torch

from runtimes.pytorch.tests.networks import convolution, save_script
from serving_runtime.errors import InvalidInput
from serving_runtime.settings import Settings
from serving_runtime.worker import loading

X = np.ones((2, 3), np.float32)

NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 3)
        self.register_buffer("count", torch.zeros(()))
        self.calls = 0
        self.hidden = None
        self.seen = []
        self.cache = {{}}
        self.states = (torch.zeros(1),)

    def forward(self, x):
        {line}
        return x * 0 + {result}

build = Net
"""

CHANGES = {
    "a buffer in place": ("self.count += 1", "self.count"),
    "a buffer that is replaced": ("self.count = self.count + 1", "self.count"),
    "a number": ("self.calls += 1", "self.calls"),
    "a tensor": (
        "self.hidden = x + (0 if self.hidden is None else self.hidden)",
        "self.hidden.sum()",
    ),
    "a list": ("self.seen.append(1)", "len(self.seen)"),
    "a dict": ("self.cache['n'] = self.cache.get('n', 0) + 1", "self.cache['n']"),
    "a tuple": ("self.states = (self.states[0] + 1,)", "self.states[0]"),
    "a tensor in a tuple": ("self.states[0].add_(1)", "self.states[0]"),
}

STEADY = {
    "nothing": ("pass", "1"),
    "the shape that was seen last": ("self.calls = x.shape[1]", "1"),
    "what was computed last": ("self.hidden = x * 2", "1"),
    "a cache that the first call fills": (
        "self.cache.setdefault('table', torch.arange(3.0))",
        "self.cache['table']",
    ),
    "random numbers": ("self.calls", "torch.rand(1)"),
}


@pytest.fixture
def user_network(files, write, load, signature):
    """Load a network of the user's, whose forward has this line and returns this."""

    def make(line, result):
        write(NET.format(line=line, result=result))
        weights = {**torch.nn.Linear(3, 3).state_dict(prefix="dense."), "count": torch.zeros(())}
        torch.save(weights, str(files / "weights.pt"))
        return load(signature(shape=(-1, 3)))

    return make


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_what_calls_change_is_seen_in_a_rehearsal(user_network, name):
    """It is named, and undone: answers are those of a network that was never called."""
    expected = [float(user_network(*CHANGES[name]).predict("forward", {"x": X})["y"][0, 0])]
    model = user_network(*CHANGES[name])
    assert not model.changes
    model.rehearse("forward", {"x": np.zeros_like(X)})
    assert model.changes
    expected.append(2 * expected[0])
    for _ in range(2):
        assert [model.predict("forward", {"x": X})["y"][0, 0] for _ in range(2)] == expected
        model.reset()


@pytest.mark.parametrize("name", sorted(STEADY))
def test_what_stays_the_same_is_no_state(user_network, name):
    """Caches, and what is only kept to be looked at, cost nobody batches or workers."""
    model = user_network(*STEADY[name])
    model.rehearse("forward", {"x": np.zeros_like(X)})
    assert not model.changes


def test_a_rehearsal_that_fails_is_undone_too(user_network):
    """A network may refuse the sample, after it has counted it."""
    model = user_network("self.count += 1; assert x.max() > 0.75", "self.count")
    with pytest.raises(AssertionError):
        model.rehearse("forward", {"x": np.zeros_like(X)})
    assert model.predict("forward", {"x": X})["y"][0, 0] == 1


def test_a_network_that_calls_change_is_served_in_order(user_network, files, caplog):
    """The whole start: it is stateful, not stacked, and its first answer is its own first one."""
    user_network(*CHANGES["a buffer in place"])
    (files.parent / "contract.yaml").write_text(
        "name: forward\ninputs:\n  x: {shape: [-1, 3], type: float32}\n"
        "outputs:\n  y: {shape: [-1, 3], type: float32}\n"
    )
    environ = {"MODEL_DIR": str(files.parent)}
    model = loading.load(environ, Settings.from_env(environ), "pytorch").model
    assert model.stateful
    assert "this model changes when called: count" in caplog.text
    assert [model.predict("forward", {"x": X})["y"][0, 0] for _ in range(2)] == [1, 2]
    model.close()


def test_an_unknown_state_has_no_way_back(user_network):
    """A model that was never rehearsed is reset with the service only."""
    with pytest.raises(InvalidInput, match="cannot be reset"):
        user_network(*CHANGES["a number"]).reset()


class Normalised(torch.nn.Module):
    """Has the layers that behave otherwise in training."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3), torch.nn.Dropout(), torch.nn.ReLU(True)
        )

    def forward(self, x):
        """Return as many columns."""
        return self.layers(x)


def traced(network):
    """Return a network as TorchScript of the operations that it ran."""
    return torch.jit.trace(network, torch.rand(2, 3), check_trace=False)


def test_ordinary_networks_change_nothing(files, load, signature):
    """Batch normalisation and dropout in evaluation, as TorchScript: scripted and traced."""
    for make in (torch.jit.script, traced):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.jit.save(make(Normalised().eval()), str(files / "model.pt"))
        model = load(signature(shape=(-1, 3)))
        model.rehearse("forward", {"x": X.copy()})
        assert not model.changes


def test_a_scripted_training_network_is_set_to_evaluation(files, load, signature):
    """TorchScript keeps the mode as an attribute, which eval() sets."""
    save_script(Normalised().train(), files / "model.pt")
    model = load(signature(shape=(-1, 3)))
    model.rehearse("forward", {"x": X.copy()})
    assert not model.changes


def test_a_network_traced_in_training_is_told(files, load, signature):
    """Tracing fixes the mode, so each call moves the statistics on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(traced(Normalised().train()), str(files / "model.pt"))
    assert "statistics of batch normalisation" in load(signature(shape=(-1, 3))).changes


class Counter(torch.nn.Module):
    """Counts calls in a buffer and in a number."""

    calls: int

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(1))
        self.calls = 0

    def forward(self, x):
        """Return what was counted."""
        self.count += 1
        self.calls += 1
        return x * 0 + self.count + self.calls


def test_attributes_of_torchscript_are_seen_in_its_code(files, load, signature):
    """No call is needed for them."""
    save_script(Counter(), files / "model.pt")
    assert load(signature(shape=(-1, 3))).changes == 'the attribute "calls"'


class Listed(torch.nn.Module):
    """Keeps what it has seen in a list, and counts in a tensor that is no buffer."""

    seen: List[torch.Tensor]

    def __init__(self):
        super().__init__()
        self.seen = []
        self.counts = torch.zeros(2, 3)

    def forward(self, x):
        """Return what was counted."""
        self.seen.append(x)
        self.counts[0].add_(1)
        return x * 0 + self.counts[0] + len(self.seen)


def test_what_torchscript_changes_in_place_is_seen_in_its_code(files, load, signature):
    """Lists, and tensors through views of them."""
    save_script(Listed(), files / "model.pt")
    changes = load(signature(shape=(-1, 3))).changes
    assert changes == 'the attribute "counts", the attribute "seen"'


class Buffered(torch.nn.Module):
    """Counts calls in a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        """Return what was counted."""
        self.count += 1
        return x * 0 + self.count


def test_buffers_of_torchscript_are_seen_in_a_rehearsal(files, load, signature):
    """They are put back, and so they are by a reset."""
    save_script(Buffered(), files / "model.pt")
    model = load(signature(shape=(-1, 3)))
    model.rehearse("forward", {"x": X.copy()})
    assert "count" in model.changes
    for _ in range(2):
        assert [model.predict("forward", {"x": X})["y"][0, 0] for _ in range(2)] == [1, 2]
        model.reset()


def test_buffers_of_a_program_are_named(save_exported, load, signature):
    """A program says itself what it writes to; it is set back by a reset."""
    save_exported(Buffered(), (torch.rand(2, 3),))
    model = load(signature(shape=(-1, 3)))
    assert model.changes == 'the buffer "count"'
    for _ in range(2):
        assert [model.predict("forward", {"x": X})["y"][0, 0] for _ in range(2)] == [1, 2]
        model.reset()


def test_ordinary_programs_change_nothing(save_exported, load, signature, caplog):
    """Exported in evaluation, they are stacked and served by several workers."""
    save_exported(Normalised().eval(), (torch.rand(2, 3),))
    assert not load(signature(shape=(-1, 3))).changes
    save_exported(convolution(), (torch.rand(3, 8, 8),))
    assert not [it for it in caplog.records if it.levelname == "WARNING"]


def test_a_program_exported_in_training_is_told(save_exported, load, signature, caplog):
    """Its statistics move on, its rows are mixed, and its dropout is random."""
    save_exported(Normalised().train(), (torch.rand(2, 3),))
    assert load(signature(shape=(-1, 3))).changes
    assert "a row's answer depends on the other rows" in caplog.text
    assert "drops values at random" in caplog.text
