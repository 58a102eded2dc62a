"""Go from a model's folder and the settings to a network, by what the chosen file is."""

from pathlib import Path

import torch

from pytorch_runtime import SUFFIXES, eager, exported, kinds, scripted
from pytorch_runtime.network import Network
from pytorch_runtime.user_network import UserNetwork
from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.framework import artefacts
from serving_runtime.framework.artefacts import Artefact

logger = logs.get_logger(__name__)


def choose(files: Path, model_file: str, model_sha256: str) -> Artefact:
    """Return the file that is the model.

    Raises:
        LoadError: there is none, there are several, or it is not the one that was pinned.
    """
    return artefacts.read(artefacts.find(files, SUFFIXES, model_file), model_sha256)


def open_network(
    artefact: Artefact, device: torch.device, allow_pickle: bool, code: UserNetwork
) -> Network:
    """Return the network in a file, on a device and ready to be called.

    Raises:
        LoadError: it cannot be served; the text says why.
    """
    kind = kinds.kind_of(artefact)
    if kind == kinds.TORCHSCRIPT:
        network = scripted.open_module(artefact, device)
    elif kind == kinds.EXPORTED:
        network = exported.open_program(artefact, device, allow_pickle)
    else:
        network = eager.open_network(artefact, kind, device, allow_pickle, code)
    logger.info("%s is %s, on %s", artefact.path.name, network.description, device)
    return network


def device_of(wanted: str) -> torch.device:
    """Return the device that a setting means.

    Raises:
        LoadError: this machine, or this build of PyTorch, does not have it.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        logger.info("RUNTIME_DEVICE=auto: %s", "a GPU was found" if gpus else "there is no GPU")
        return torch.device("cuda:0" if gpus else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= gpus:
        raise LoadError(
            f"RUNTIME_DEVICE={wanted} is not here: PyTorch {torch.__version__} sees {gpus} GPUs",
            "run the container with --gpus and a PyTorch built for CUDA, or RUNTIME_DEVICE=auto",
        )
    return device
