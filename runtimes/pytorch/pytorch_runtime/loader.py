"""Serve PyTorch models: TorchScript, programs of torch.export, weights with the user's network."""

from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import numpy as np
import torch

from pytorch_runtime import exported, inference, kinds, opening, state
from pytorch_runtime.calling import Call
from pytorch_runtime.network import Network
from pytorch_runtime.tensors import check_dtypes
from pytorch_runtime.user_network import UserNetwork
from serving_runtime import logs
from serving_runtime.errors import LoadError
from serving_runtime.model import Arrays, Model
from serving_runtime.signature import Contract

logger = logs.get_logger(__name__)


class PyTorchModel(Model):
    """A network whose functions answer the contract's signatures."""

    # The first calls choose kernels and compile TorchScript.
    warm_up = True
    # PyTorch computes without the interpreter's lock; its modes are each thread's own.
    runs_in_threads = True

    def __init__(
        self, network: Network, contract: Contract, device: torch.device, code: UserNetwork
    ) -> None:
        self._code = code
        self._watched = network.watched
        self._origin = state.Restoration(network.changing) if network.changing else None
        self.changes = ", ".join(network.changes)
        self._calls: Dict[str, Call] = {}
        for signature in contract.signatures:
            call = Call(signature, network.function_for(signature, contract), device)
            logger.info('signature "%s": inputs are matched %s', signature.name, call.binding.how)
            self._calls[signature.name] = call

    def predict(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Call the signature's function; what it raises is raised here, unchanged."""
        return self._calls[signature_name](inputs)

    def rehearse(self, signature_name: str, inputs: Arrays) -> Arrays:
        """Call the function twice, note what the second call has changed, and undo it.

        What only the first one has changed is likely a cache; it is emptied, since it need not be.
        Sums of zeros are zeros, so floating-point inputs are something else.
        """
        if self._watched is None:
            return self.predict(signature_name, inputs)
        origin, states = state.Restoration(self._watched), [state.read(self._watched)]
        try:
            for _ in range(2):
                results = self.predict(signature_name, _halves(inputs))
                states.append(state.read(self._watched))
        finally:
            if not state.are_same(states[0], state.read(self._watched)):
                origin.restore()
        changed = state.differing(states[1], states[2])
        if changed:
            self._origin = self._origin or origin
            self.changes = ", ".join(filter(None, [self.changes, *changed]))
        return results

    def reset(self) -> None:
        """Return to the network as it was loaded, if it is known what calls change."""
        if self._origin is None:
            super().reset()
        else:
            self._origin.restore()

    def close(self) -> None:
        """Release the network and the user's code."""
        self._calls = {}
        self._watched = self._origin = None
        self._code.forget()


def _halves(inputs: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a copy of a sample, in which numbers that need not be whole are 0.5."""
    return {name: _halves(value) if isinstance(value, Mapping)
            else np.full_like(value, 0.5) if value.dtype.kind in "fc" else value.copy()
            for name, value in inputs.items()}  # fmt: skip


def load(files: Path, contract: Optional[Contract], **options: Any) -> Model:
    """Open the model's file and match its functions with the contract.

    Args:
        files: the folder with the file, and with ``src/model.py`` where it is weights.
        contract: what the network takes and gives.
        options: ``model_file``, ``model_sha256``, ``allow_pickle``, ``device``, ``threads``, as the
            settings say.

    Raises:
        LoadError: the file, the user's code or the contract cannot be served.
    """
    if contract is None:
        raise LoadError("a network does not say what it takes and gives: expected a contract")
    check_dtypes(contract)
    if options.get("threads"):
        torch.set_num_threads(options["threads"])
    device = opening.device_of(options.get("device", "auto"))
    artefact = opening.choose(files, options.get("model_file", ""), options.get("model_sha256", ""))
    code = UserNetwork(files)
    try:
        network = opening.open_network(artefact, device, options.get("allow_pickle", False), code)
        return PyTorchModel(network, contract, device, code)
    except BaseException:
        code.forget()
        raise


def infer_contract(
    files: Path,
    contract: Optional[Contract] = None,
    model_file: str = "",
    model_sha256: str = "",
    allow_pickle: bool = False,
) -> Optional[Contract]:
    """Return what a program of torch.export says itself; other files do not say enough.

    Args:
        files: the folder with the file.
        contract: names the signature, and what the program has no names for.
        model_file: as the setting says; the others too.
        model_sha256: what the file must have.
        allow_pickle: whether code in the file may run.

    Raises:
        LoadError: the file cannot be loaded.
    """
    artefact = opening.choose(files, model_file, model_sha256)
    if kinds.kind_of(artefact) != kinds.EXPORTED:
        return None
    return inference.contract_of(exported.read_program(artefact, allow_pickle), contract)
