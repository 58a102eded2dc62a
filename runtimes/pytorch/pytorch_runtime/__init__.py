"""Declare, cheaply, what the PyTorch runtime can be set to and which models are its own."""

import re
from pathlib import Path
from typing import Dict, Tuple

from serving_runtime.framework import artefacts
from serving_runtime.settings import Setting, parsing
from serving_runtime.settings.parsing import Parser

LIBRARY = "torch"

SUFFIXES = (".pt", ".pth", ".pt2", ".safetensors")


def _device(text: str) -> str:
    if not re.match(r"^(auto|cpu|cuda(:\d+)?)$", text.strip().lower()):
        raise ValueError(text)
    return text.strip().lower()


SETTINGS: Tuple[Setting, ...] = (
    artefacts.MODEL_FILE,
    artefacts.MODEL_SHA256,
    # PyTorch has formats without pickles, so a file that needs one is refused unless it is meant.
    artefacts.ALLOW_PICKLE._replace(default="0"),
    Setting(
        "RUNTIME_DEVICE",
        "device",
        Parser(_device, "auto, cpu, cuda, or cuda:N with the GPU's number"),
        "auto",
        "Where a PyTorch model runs; `auto` takes the first GPU, or the CPU where there is none.",
    ),
    # PyTorch reads this variable itself, once, when it is imported: too early for a worker that is
    # a thread of the front.
    Setting(
        "OMP_NUM_THREADS",
        "threads",
        parsing.COUNT,
        "0",
        "Threads that one operation of a PyTorch model may use; workers get their share of the "
        "CPUs, and 0 leaves it to PyTorch.",
    ),
)


ENVIRONMENT: Dict[str, str] = {
    # Threads that wait for each other sleep. PyTorch's would spin, which costs the front, and every
    # other process that shares the CPUs, its turn: small calls took 20 times as long.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def recognises(files: Path) -> bool:
    """Whether ``files`` hold a file of one of PyTorch's formats."""
    return bool(artefacts.candidates(files, SUFFIXES))
