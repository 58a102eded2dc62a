"""Train a small convolutional network, and save it in the form that its PyTorch prefers."""

import shutil
from pathlib import Path
from typing import Dict

import numpy as np
import torch
from digits import Digits

CONTRACT = Path(__file__).resolve().parent / "contract.yaml"
TRAINED = f"a convolutional network with PyTorch {torch.__version__}"
# float32, and the order of its sums depends on how the server stacks rows.
TOLERANCE = 1e-5
STEPS = 80


class Network(torch.nn.Module):
    """Pictures in, the digit and the probability of each out."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(1, 16, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(16, 32, 3, padding=1),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
        )
        self.logits = torch.nn.Linear(32 * 4 * 4, 10)

    def scores(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logarithms of the probabilities, up to a constant."""
        return self.logits(self.features(images.unsqueeze(1) / 16))

    def forward(self, images: torch.Tensor) -> Dict[str, torch.Tensor]:
        """Return what clients get, for any number of pictures."""
        scores = torch.softmax(self.scores(images), 1)
        return {"label": scores.argmax(1), "scores": scores}


def train(digits: Digits, folder: Path) -> np.ndarray:
    """Train on the digits and write a model directory: the contract and the network.

    Returns:
        The model's scores of the held-out pictures in this process, float32[n, 10].
    """
    torch.manual_seed(0)
    network = Network()
    _fit(network, torch.tensor(digits.images).float(), torch.tensor(digits.labels))
    network.eval()
    (folder / "files").mkdir(parents=True)
    shutil.copy(str(CONTRACT), str(folder))
    held_out = torch.tensor(digits.held_out_images).float()
    _save(network, held_out[:2], folder / "files")
    with torch.no_grad():
        scores: np.ndarray = network(held_out)["scores"].numpy()
    return scores


def _fit(network: Network, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Train on all pictures at once."""
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network.scores(images), labels).backward()
        optimiser.step()


def _save(network: Network, images: torch.Tensor, files: Path) -> None:
    """Write a program with a free number of pictures, or TorchScript where PyTorch has none."""
    if hasattr(torch, "export") and hasattr(torch.export, "Dim"):
        free = {0: torch.export.Dim("pictures")}
        program = torch.export.export(network, (images,), dynamic_shapes=(free,))
        torch.export.save(program, str(files / "digits.pt2"))
    else:
        torch.jit.script(network).save(str(files / "digits.pt"))
