"""Make up a call that a model answers, to be pasted into a shell."""

import json
import shlex
from typing import Any, List, Optional, Union

from serving_runtime.contract import samples
from serving_runtime.signature import Contract, MapArray, Tensor, Value

SHOWN_CHARACTERS = 300


def predict_command(contract: Optional[Contract]) -> str:
    """Return ``serving-runtime predict …`` with zeros for the first signature.

    Without a contract, or where the inputs are too many for a shell, it names a file instead.
    """
    command = "serving-runtime predict"
    if contract is None:
        return f"{command} --input inputs.json"
    signature = contract.signatures[0]
    if len(contract.signatures) > 1:
        command += f" --signature {shlex.quote(signature.name)}"
    try:
        text = json.dumps(_plain(samples.sample_inputs(signature)), default=_text)
    except TypeError:  # complex numbers
        text = ""
    if not text or len(text) > SHOWN_CHARACTERS:
        return f"{command} --input inputs.npz"
    return f"{command} --input {shlex.quote(text)}"


def _plain(value: Union[Value, List[Any]]) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, MapArray):
        return _plain(value.array.tolist())
    if isinstance(value, Tensor):
        return value.array.tolist()
    return {name: _plain(item) for name, item in value.items()}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(value)
