"""Makes the models beside it, which the runtime is held to, with an old PyTorch.

They are checked in. To make them again, run this from the top of the repository, with PyTorch
1.10.2::

    .venvs/pytorch-test-1.10.2/bin/python -m runtimes.pytorch.tests.make_models

Contracts and ``src/model.py`` are written by hand. Every newer version loads the same files.
"""

import json
from pathlib import Path

import torch

from runtimes.pytorch.tests import networks

MODELS = Path(__file__).resolve().parent / "models"
SCRIPTED = ("identity", "later_dtypes", "summator", "defaults", "features", "mirror")
TOLERANCE = 1e-6


def files_of(name):
    """Return the folder of a model's files, which is made if need be."""
    files = MODELS / name / "files"
    files.mkdir(parents=True, exist_ok=True)
    return files


def described(tensor, dtype):
    """Return a tensor as a recording has it."""
    values = [round(value, 9) for value in tensor.flatten().tolist()]
    return {"dtype": dtype, "shape": list(tensor.shape), "values": values}


def record(network):
    """Return what the network answers to a few pictures."""
    torch.manual_seed(1)
    images = torch.rand(2, 8, 8)
    with torch.no_grad():
        label, scores = network(images)
    return {
        "made_by": f"PyTorch {torch.__version__}",
        "tolerance": TOLERANCE,
        "signature": "predict",
        "calls": [
            {
                "inputs": {"images": described(images, "DT_FLOAT")},
                "outputs": {
                    "label": described(label, "DT_INT64"),
                    "scores": described(scores, "DT_FLOAT"),
                },
            }
        ],
    }


def make_convolution():
    """Write the network's script, and what it answers."""
    network = networks.convolution()
    networks.save_script(network, files_of("convolution") / "model.pt")
    recorded = json.dumps(record(network))
    (MODELS / "convolution" / "recorded.json").write_text(recorded + "\n")


def main():
    """Write all models."""
    for name in SCRIPTED:
        networks.save_script(getattr(networks, name)(), files_of(name) / "model.pt")
    make_convolution()
    # A network without weights: what it does is in src/model.py.
    torch.save({}, str(files_of("rows") / "weights.pt"))


if __name__ == "__main__":
    main()
