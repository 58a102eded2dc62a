"""The networks of the models beside it, as source of TorchScript and as Python."""

import textwrap
import warnings

import torch

DTYPES = (
    "bool int8 int16 int32 int64 uint8 float16 bfloat16 float32 float64 complex64 complex128 "
    "qint8 quint8 qint16 qint32"
)


class Convolution(torch.nn.Module):
    """A small convolutional network: pictures of 8 x 8 pixels in, a label and scores out."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(1, 4, 3)
        self.dense = torch.nn.Linear(4 * 6 * 6, 10)

    def forward(self, images):
        """Return the label and the scores of each picture."""
        hidden = torch.relu(self.convolution(images.unsqueeze(1)))
        scores = torch.softmax(self.dense(hidden.flatten(1)), 1)
        return scores.argmax(1), scores


def convolution():
    """Return the network with the same weights each time, ready to be called."""
    torch.manual_seed(0)
    return Convolution().eval()


def scripted(name, *methods):
    """Return a TorchScript module of a class of its own, whose methods are given as source."""
    module = type(name, (torch.jit.ScriptModule,), {})()
    for method in methods:
        module.define(textwrap.dedent(method) + "\n")
    return module.eval()


def save_script(network, path):
    """Write a network as TorchScript, of which the newest PyTorch warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(network), str(path))


def identity():
    """Return what comes in, one method for each dtype."""
    return scripted(
        "Identity",
        "def forward(self, x): return x",
        *[f"def identity_{dtype}(self, x): return x" for dtype in DTYPES.split()],
    )


def later_dtypes():
    """Return what comes in."""
    return scripted(
        "LaterDtypes", "def identity_bfloat16(self, x): return x", "def forward(self, x): return x"
    )


def summator():
    """Add and multiply two numbers."""
    return scripted(
        "Summator",
        "def add(self, a, b): return {'sum': a + b}",
        "def mul(self, a, b): return {'mul': a * b}",
        "def forward(self, a, b): return self.add(a, b)",
    )


def defaults():
    """Return a network whose functions differ in the sign, which shows the one that was called."""
    return scripted(
        "Defaults",
        "def other(self, x): return -x",
        "def serving_default(self, x): return x",
        "def forward(self, x): return x",
    )


def features():
    """Sum rows with a weight for each; outputs in order."""
    return scripted(
        "Features",
        """
        def forward(self, x, weight):
            wide = x.double()
            rows = torch.full([x.size(0)], x.size(1), dtype=torch.int64)
            return (wide[:, 0] + wide[:, 1] + wide[:, 2]) * weight, rows
        """,
    )


def mirror():
    """Turn each row around."""
    return scripted("Mirror", "def forward(self, x): return torch.flip(x, [1])")
