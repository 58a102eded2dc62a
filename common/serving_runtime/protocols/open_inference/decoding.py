"""Read the tensors of a ModelInferRequest that protobuf has parsed, and what is wrong with them."""

from typing import Any, Dict, NamedTuple, Optional

from serving_runtime.errors import InvalidInput, RequestOverBudget
from serving_runtime.protocols.open_inference import parameters, values
from serving_runtime.protocols.open_inference.datatypes import DATATYPES
from serving_runtime.signature import Tensor, Value
from serving_runtime.validation.problems import Problems, quoted


class Decoded(NamedTuple):
    """The inputs of a request: those that can be read, and why the others cannot."""

    tensors: Dict[str, Value]
    unreadable: Dict[str, str]
    as_raw: bool


def decode_all(message: Any, max_expanded_bytes: int) -> Decoded:
    """Read every input of a ModelInferRequest; those that cannot be read have the reason.

    Args:
        message: the request.
        max_expanded_bytes: how much memory a model may need for rows without columns, which cost
            the client nothing.

    Raises:
        InvalidInput: raw contents and inputs are not as many, or so many inputs cannot be read that
            no more would fit into the message.
        Unimplemented: an input's values are in shared memory.
        RequestOverBudget: more rows without columns than that.
    """
    inputs, raw = message.inputs, message.raw_input_contents
    for tensor in inputs:
        parameters.refuse_of_input(tensor.name, tensor.parameters)
    if raw and len(raw) != len(inputs):
        raise InvalidInput(
            f"{len(raw)} raw_input_contents for {len(inputs)} inputs: expected one for each "
            "input, in their order, or none"
        )
    found = Decoded({}, {}, bool(raw))
    problems = Problems("input")
    for number, tensor in enumerate(inputs):
        try:
            _add(found, tensor, raw[number] if raw else None)
        except InvalidInput as problem:
            found.tensors.pop(tensor.name, None)
            found.unreadable[tensor.name] = str(problem)
            problems.add_unreadable(tensor.name, str(problem))
            if problems.is_full:
                raise InvalidInput(str(problems), problems=problems.found) from None
    check_empty_rows(found.tensors, max_expanded_bytes)
    return found


def _add(found: Decoded, tensor: Any, raw: Optional[bytes]) -> None:
    if tensor.name in found.tensors or tensor.name in found.unreadable:
        raise InvalidInput("there are several inputs of this name")
    found.tensors[tensor.name] = _tensor(tensor, raw)


def _tensor(tensor: Any, raw: Optional[bytes]) -> Tensor:
    datatype = DATATYPES.get(tensor.datatype)
    if datatype is None:
        raise InvalidInput(f"datatype {quoted(tensor.datatype)} is none of {', '.join(DATATYPES)}")
    shape = values.shape_of(tensor.shape)
    if raw is None:
        array = values.from_contents(datatype, shape, tensor.contents)
    elif tensor.contents.ListFields():
        raise InvalidInput("values in both contents and raw_input_contents")
    else:
        array = values.from_raw(datatype, shape, memoryview(raw))
    return Tensor(datatype.dtype, array)


def check_empty_rows(tensors: Dict[str, Value], max_expanded_bytes: int) -> None:
    """Check what rows without columns, which cost the client nothing, may cost a model.

    Raises:
        RequestOverBudget: it is more than that many bytes.
    """
    arrays = [value.array for value in tensors.values() if isinstance(value, Tensor)]
    needed = sum(it.shape[0] * it.itemsize for it in arrays if it.ndim and not it.size)
    if needed > max_expanded_bytes:
        raise RequestOverBudget(
            f"the request's rows without columns would grow to {needed} bytes, "
            f"more than RUNTIME_MAX_EXPANDED_BYTES={max_expanded_bytes}"
        )
