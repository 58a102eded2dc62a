"""Turn arrays into tensors and back, without a copy where the memory can be shared."""

from typing import Any, Mapping

import numpy as np
import torch

from serving_runtime.errors import BrokenResult, InvalidInput, LoadError
from serving_runtime.signature import ANY, MAP, STRING, Contract, Field

# Quantised inputs are handed over as their integers.
_INTEGERS = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16",
             "qint32": "int32"}  # fmt: skip


def check_dtypes(contract: Contract) -> None:
    """Check that there are tensors for all that a contract declares.

    Raises:
        LoadError: a field has a dtype that this version of PyTorch does not have.
    """
    for signature in contract.signatures:
        for field in signature.inputs:
            _check_dtype(signature.name, field)


def _check_dtype(signature_name: str, field: Field) -> None:
    if field.dtype == MAP:
        for part in field.subfields:
            _check_dtype(signature_name, part)
    elif field.dtype != ANY and not hasattr(torch, _INTEGERS.get(field.dtype, field.dtype)):
        is_text = field.dtype == STRING
        what = "PyTorch" if is_text else f"PyTorch {torch.__version__}"
        raise LoadError(
            f'signature "{signature_name}", input "{field.name}": {what} has no tensors of '
            f"{field.dtype}",
            "declare numbers in the contract, and turn text into them before the call"
            if is_text
            else "declare a dtype that it has, or serve it from a newer image",
        )


def to_tensor(value: Any, field: Field, device: torch.device) -> Any:
    """Return an input as a tensor, or a map of inputs as a dict of tensors.

    Args:
        value: an array, writable and contiguous, or a dict of such.
        field: what is declared; bfloat16 arrives as float32.
        device: where the model is.

    Raises:
        InvalidInput: the value is text, where anything may be sent.
    """
    if isinstance(value, Mapping):
        parts = {part.name: part for part in field.subfields}
        return {name: to_tensor(item, parts.get(name, Field(f"{field.name}.{name}", ANY)), device)
                for name, item in value.items()}  # fmt: skip
    try:
        tensor = _bfloat16(value) if field.dtype == "bfloat16" else torch.from_numpy(value)
    except TypeError:
        raise InvalidInput(
            f'input "{field.name}": {value.dtype.name} is sent, but PyTorch has no such tensors'
        ) from None
    return tensor.to(device)


def _bfloat16(value: np.ndarray) -> torch.Tensor:
    """Take the upper halves of float32: PyTorch's own conversion would lose NaNs' bits.

    Args:
        value: float32[...], little-endian.
    """
    halves = value.reshape(-1).view(np.int16)[1::2].copy().reshape(value.shape)
    return torch.from_numpy(halves).view(torch.bfloat16)


def to_array(name: str, value: Any) -> Any:
    """Return an output as an array; what is no tensor is left to the contract's check.

    Raises:
        BrokenResult: NumPy has no arrays of the tensor's kind (sparse ones, float8).
    """
    if isinstance(value, Mapping):
        return {key: to_array(f"{name}.{key}", part) for key, part in value.items()}
    if not isinstance(value, torch.Tensor):
        return value
    wide = value.float() if value.dtype == torch.bfloat16 else value
    try:
        array: np.ndarray = wide.detach().cpu().resolve_conj().resolve_neg().numpy()
    except (TypeError, RuntimeError) as error:
        raise BrokenResult(f'output "{name}" cannot be sent: {error}') from None
    return array
