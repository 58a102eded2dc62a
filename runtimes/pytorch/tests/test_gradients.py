"""Networks whose answer is a gradient are served in the mode that they need."""

import concurrent.futures
import sys

import numpy as np
import pytest
import torch

ROWS = np.array([[1, 2, 3]], np.float32)
FORCES = [[-2, -4, -6]]

# Each gives the forces of the energy x ** 2, as networks in the wild do.
GRADIENTS = {
    "on, with a copy": """
        with torch.enable_grad():
            x = x.clone().requires_grad_(True)
            (slope,) = torch.autograd.grad((self.k * x ** 2).sum(), x)
        return -slope
    """,
    "on, without a copy": """
        with torch.enable_grad():
            x.requires_grad_(True)
            (self.k * x ** 2).sum().backward()
        return -x.grad
    """,
    "on, by a setting": """
        with torch.set_grad_enabled(True):
            x = torch.nn.Parameter(x)
            (slope,) = torch.autograd.grad((self.k * x ** 2).sum(), x)
        return -slope
    """,
    "taken for granted": """
        x = x.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad((self.k * x ** 2).sum(), x)
        return -slope
    """,
    "of a detached copy": """
        x = x.detach().requires_grad_()
        (self.k * x ** 2).sum().backward()
        return -x.grad
    """,
    "by torch.autograd.functional": """
        return -torch.autograd.functional.jacobian(lambda it: (it ** 2).sum(), x)
    """,
}

NET = """
import threading
import torch

class Net(torch.nn.Module):
    first, began, ended = threading.Semaphore(), threading.Event(), threading.Event()

    def __init__(self):
        super().__init__()
        self.k = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
{body}

build = Net
"""


def _network(files, write, body):
    """Write weights, and a network with this body of forward."""
    torch.save({"k": torch.ones(1)}, str(files / "weights.pt"))
    lines = [line for line in body.splitlines() if line.strip()]
    write(NET.format(body="\n".join(lines)))


@pytest.fixture
def forces(signature):
    """The signature of forces."""
    return signature(shape=(-1, 3))


@pytest.mark.parametrize("name", sorted(GRADIENTS))
def test_gradients_are_answers(load, files, write, forces, name, caplog):
    """Each call gives them, however they are computed; the log says where they are always on."""
    _network(files, write, GRADIENTS[name])
    model = load(forces)
    for _ in range(3):
        assert model.predict("forward", {"x": ROWS.copy()})["y"].tolist() == FORCES
    is_tried_again = name in ("taken for granted", "of a detached copy")
    assert caplog.text.count("the network computes gradients") == is_tried_again


def test_a_call_in_another_thread_finds_the_mode_too(load, files, write, forces):
    """One that was begun in the first mode is tried again, though another has moved on since."""
    first = """
        if self.first.acquire(blocking=False):
            self.began.set()
            self.ended.wait(60)"""
    _network(files, write, first + GRADIENTS["taken for granted"])
    model = load(forces)
    network = sys.modules["model"].Net
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        early = thread.submit(model.predict, "forward", {"x": ROWS.copy()})
        assert network.began.wait(60)
        late = model.predict("forward", {"x": ROWS.copy()})
        network.ended.set()
        assert [it["y"].tolist() for it in (early.result(), late)] == [FORCES] * 2


def test_functional_gradients_are_answers(load, files, write, forces):
    """torch.func, which newer versions have, works too."""
    if not hasattr(torch, "func"):
        pytest.skip(f"PyTorch {torch.__version__} has no torch.func")
    _network(files, write, "        return -torch.func.grad(lambda it: (it ** 2).sum())(x)")
    model = load(forces)
    assert model.predict("forward", {"x": ROWS.copy()})["y"].tolist() == FORCES


def test_scripted_gradients_are_answers(load, save_scripted, forces):
    """TorchScript has no way to switch gradients on, so it has them on."""
    save_scripted("""
        def forward(self, x):
            x = x.clone().requires_grad_(True)
            slope = torch.autograd.grad([(x ** 2).sum()], [x])[0]
            assert slope is not None
            return -slope
    """)
    model = load(forces)
    for _ in range(3):
        assert model.predict("forward", {"x": ROWS.copy()})["y"].tolist() == FORCES


def test_scripted_gradients_of_a_backward_pass_are_answers(load, save_scripted, forces):
    """Inside of a method that is called, and within a condition."""
    save_scripted(
        """
        def slope(self, x):
            x = x.detach().requires_grad_(True)
            (x ** 2).sum().backward()
            slope = x.grad
            assert slope is not None
            return slope
        """,
        """
        def forward(self, x):
            y = x
            if x.sum() > 0:
                y = -self.slope(x)
            return y
        """,
    )
    assert load(forces).predict("forward", {"x": ROWS.copy()})["y"].tolist() == FORCES


def test_others_are_called_in_inference_mode(load, save_scripted, forces):
    """TorchScript that computes no gradients is served as fast as can be."""
    save_scripted("def forward(self, x): return x * int(torch.is_grad_enabled())")
    assert load(forces).predict("forward", {"x": ROWS.copy()})["y"].tolist() == [[0, 0, 0]]


def test_an_exported_gradient_is_an_answer(load, save_exported, forces):
    """A program holds the gradient's own operations."""

    class Forces(torch.nn.Module):
        def forward(self, x):
            with torch.enable_grad():
                x = x.clone().requires_grad_(True)
                (slope,) = torch.autograd.grad((x**2).sum(), x)
            return -slope

    try:
        save_exported(Forces(), (torch.rand(2, 3),), strict=False)
    except (RuntimeError, AssertionError) as error:
        pytest.skip(f"this PyTorch cannot export it: {type(error).__name__}")
    assert load(forces).predict("forward", {"x": ROWS.copy()})["y"].tolist() == FORCES


def test_maps_may_have_gradients(load, files, write, signature):
    """Inputs in a map are looked at like others before a call is tried again."""
    body = GRADIENTS["taken for granted"].replace("x.clone()", "x['n'].clone()")
    _network(files, write, body.replace("return -slope", "return {'y': {'n': -slope}}"))
    model = load(signature(dtype="map", shape=None))
    assert model.predict("forward", {"x": {"n": ROWS.copy()}})["y"]["n"].tolist() == FORCES


def test_a_call_whose_inputs_were_changed_is_not_tried_again(load, files, write, forces):
    """It fails, since its inputs are lost; the next ones are answered."""
    body = "        x.mul_(2)\n        x = x / 2\n" + GRADIENTS["taken for granted"]
    _network(files, write, body)
    model = load(forces)
    answers = []
    for _ in range(4):
        try:
            answers.append(model.predict("forward", {"x": ROWS.copy()})["y"].tolist())
        except RuntimeError:
            answers.append(None)
    assert answers == [None, FORCES, FORCES, FORCES]


def test_other_failures_are_raised_at_once(load, files, write, forces):
    """An error that has nothing to do with gradients is the first call's only."""
    _network(files, write, "        print('called')\n        raise RuntimeError('no such row')")
    with pytest.raises(RuntimeError, match="no such row"):
        load(forces).predict("forward", {"x": ROWS.copy()})


def test_a_failure_in_every_mode_is_told(load, files, write, forces):
    """What still fails with gradients on is raised as it is."""
    _network(files, write, "        return torch.autograd.grad(torch.ones(1), torch.ones(1))[0]")
    with pytest.raises(RuntimeError, match="grad"):
        load(forces).predict("forward", {"x": ROWS.copy()})
