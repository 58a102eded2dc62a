"""Make the request that is sent again and again."""

from typing import Dict, Tuple

from serving_runtime import client
from serving_runtime.contract.samples import sample_inputs
from serving_runtime.errors import StartError
from serving_runtime.signature import Field, Signature, Value


def inputs(signature: Signature, rows: int) -> Dict[str, Value]:
    """Return inputs of zeros for a signature.

    Args:
        signature: what is called.
        rows: the size of the inputs' first axis, where it is free.

    Raises:
        StartError: the inputs have no rows to choose the number of, or are too large.
    """
    return sample_inputs(_with_rows(signature, rows))


def request(signature: Signature, rows: int, as_content: bool) -> bytes:
    """Return the bytes of a request with zeros for a signature.

    Args:
        signature: what is called.
        rows: the size of the inputs' first axis, where it is free.
        as_content: numbers travel as raw bytes; False: in typed fields.

    Raises:
        StartError: the inputs have no rows to choose the number of, or are too large.
    """
    return client.encode_request(signature.name, inputs(signature, rows), as_content)


def _with_rows(signature: Signature, rows: int) -> Signature:
    if rows == 1:  # what a sample has anyway
        return signature
    fixed = [field for field in signature.inputs if not field.has_free_first_axis]
    if fixed:
        named = ", ".join(f'"{field.name}" ({field})' for field in fixed)
        raise StartError(f"{rows} rows cannot be sent: the first axis is not free in {named}")
    inputs: Tuple[Field, ...] = tuple(
        field._replace(shape=(rows, *(field.shape or ())[1:])) for field in signature.inputs
    )
    return signature._replace(inputs=inputs)
