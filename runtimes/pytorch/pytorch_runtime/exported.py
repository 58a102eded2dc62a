"""Open programs of torch.export, and read from them what they take and give."""

import functools
import io
from typing import Any, Callable

import torch

from pytorch_runtime import description, failures, training, vetting
from pytorch_runtime.description import Program
from pytorch_runtime.network import FORWARD, Function, Network
from pytorch_runtime.reading import FAILURES
from serving_runtime import logs
from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.framework.artefacts import Artefact

logger = logs.get_logger(__name__)


# The contract is inferred before the model is loaded: both are made of one reading.
@functools.lru_cache(maxsize=1)
def read_program(artefact: Artefact, allow_pickle: bool) -> Program:
    """Return the program in a file.

    Raises:
        LoadError: it is damaged, runs code, is too new, or this version cannot load such files.
    """
    if not hasattr(torch, "export"):
        raise LoadError(
            f"{artefact.path} is a program of torch.export, and PyTorch {torch.__version__} "
            "cannot load such",
            "serve it from a newer image",
        )
    vetting.vet(artefact, allow_pickle)
    try:
        return torch.export.load(io.BytesIO(artefact.content))
    except FAILURES as error:
        raise failures.not_read(artefact, error) from None


def open_program(artefact: Artefact, device: torch.device, allow_pickle: bool) -> Network:
    """Return a program as a network with one function."""
    program = read_program(artefact, allow_pickle)
    read_program.cache_clear()
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    parameters, ranges = description.parameters(program), description.ranges(program)
    module = program.module()
    forward = Function(_call(program, module), parameters, ranges)
    _warn_of_training(program)
    changes = training.changes(program)
    changing = module if changes else None
    return Network("a program of torch.export", {FORWARD: forward}, changes, changing)


def _warn_of_training(program: Program) -> None:
    if training.drops_values(program):
        logger.warning(
            "the program drops values at random: it was exported in training mode; call eval() "
            "before torch.export.export"
        )
    if training.mixes_rows(program):
        logger.warning(
            "a row's answer depends on the other rows of its call, by batch normalisation: "
            "RUNTIME_MAX_BATCH_SIZE=1 keeps calls apart"
        )


def _call(program: Program, module: Any) -> Callable[..., Any]:
    from torch.utils import _pytree as pytree

    leaves = description.leaves(program)

    def call(**tensors: Any) -> Any:
        flat = [leaf.value if leaf.is_fixed else tensors[leaf.name] for leaf in leaves]
        positional, named = pytree.tree_unflatten(flat, program.call_spec.in_spec)
        try:
            return module(*positional, **named)
        except (AssertionError, RuntimeError) as error:
            # The first is 2.9's and later, the second before.
            if str(error).startswith(("Guard failed", "Expected input")):
                raise InvalidInput(
                    f"not a shape that the program was exported for: {error}"
                ) from None
            raise

    return call
