"""Hold requests and results against the contract, so that the model sees only what it declared."""

from typing import AbstractSet, Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from serving_runtime.errors import BrokenResult, InvalidInput
from serving_runtime.model import Arrays
from serving_runtime.protocols.tensorflow_serving import wording
from serving_runtime.signature import ANY, MAP, STRING, Field, Signature, Tensor, Value
from serving_runtime.validation import casts, fast_path, shapes
from serving_runtime.validation.problems import Problems, child, declared, mismatch
from serving_runtime.validation.results import NotATensor, as_tensor
from serving_runtime.validation.selection import check_output_filter, choose_signature

__all__ = ["check_inputs", "check_output_filter", "check_outputs", "choose_signature"]


def check_inputs(
    signature: Signature,
    tensors: Mapping[str, Value],
    policy: str,
    string_type: type,
    unreadable: Optional[Mapping[str, str]] = None,
) -> Arrays:
    """Return the arrays for the model, in the signature's dtypes, writable and contiguous.

    Args:
        signature: what the model takes.
        tensors: by name, as decoded; the elements of strings are bytes.
        policy: which casts are made, as in ``casts.convert``.
        string_type: ``str`` decodes strings as UTF-8, ``bytes`` leaves them as they are.
        unreadable: why an input's tensor could not be decoded, by the input's name.

    Raises:
        InvalidInput: names every input that is missing, not declared, or does not fit, and why.
    """
    exactly = None if unreadable else fast_path.inputs(signature.inputs, tensors)
    if exactly is not None:
        return exactly
    intake = _InputValidator(policy, string_type)
    unreadable = unreadable or {}
    for name, reason in unreadable.items():
        intake.problems.add(name, f": {reason}")
    readable = [field for field in signature.inputs if field.name not in unreadable]
    arrays = intake.take_all(readable, tensors, "")
    _compare_rows(signature.inputs, arrays, intake.problems)
    if intake.problems:
        sent = {*tensors, *unreadable}
        raise InvalidInput(f"{intake.problems}{_in_serving_s_words(signature, sent)}")
    return arrays


def check_outputs(signature: Signature, results: Any) -> Dict[str, Value]:
    """Return the declared outputs in their declared dtypes, for the wire; others are dropped.

    Args:
        signature: what the model gives.
        results: what it returned: anything that NumPy takes, by name.

    Raises:
        BrokenResult: names every output that is missing or does not fit, and why.
    """
    exactly = fast_path.outputs(signature.outputs, results)
    if exactly is not None:
        return exactly
    if not isinstance(results, Mapping):
        kind = type(results).__name__
        raise BrokenResult(f"the result is of type {kind}, not a dict of arrays by output name")
    outlet = _OutputValidator()
    values = outlet.give_all(signature.outputs, results, "")
    if outlet.problems:
        raise BrokenResult(str(outlet.problems))
    return values


class _InputValidator:
    """Makes a request's tensors arrays for the model, and notes what prevents it."""

    def __init__(self, policy: str, string_type: type) -> None:
        self.problems = Problems("input")
        self._policy = policy
        self._string_type = string_type

    def take_all(
        self, fields: Sequence[Field], values: Mapping[str, Value], parent: str
    ) -> Dict[str, Any]:
        """Take the fields of a signature or of a map; those with problems are None."""
        arrays: Dict[str, Any] = {}
        missing: List[str] = []
        for field in fields:
            path = child(parent, field.name)
            if field.name in values:
                arrays[field.name] = self._take(field, values[field.name], path)
            else:
                self.problems.add_missing(path, field)
                missing.append(field.name)
        if len(values) > len(arrays):
            for name in sorted(values):  # protobuf's maps have no order
                if name not in arrays:
                    self.problems.add_extra(child(parent, name), name, missing)
        return arrays

    def _take(self, field: Field, value: Value, path: str) -> Any:
        if isinstance(value, Tensor) and field.dtype != MAP:
            return self._take_tensor(field, value, path)
        if isinstance(value, Tensor) or field.dtype not in (MAP, ANY):
            got = value if isinstance(value, Tensor) else MAP
            self.problems.add(path, f": expected {declared(field)}, got {got}")
            return None
        return self.take_all(field.subfields or _anything(value), value, path)

    def _take_tensor(self, field: Field, tensor: Tensor, path: str) -> Optional[np.ndarray]:
        array = _converted(field, tensor, self._policy, path, self.problems)
        if array is None:
            return None
        if tensor.dtype == STRING and self._string_type is str:
            return self._decoded(array, path)
        return array if array.flags.carray else array.copy()

    def _decoded(self, strings: np.ndarray, path: str) -> Optional[np.ndarray]:
        decoded = np.empty(strings.size, dtype=object)
        for index, string in enumerate(strings.ravel().tolist()):
            try:
                decoded[index] = string.decode("utf-8")
            except UnicodeDecodeError as problem:
                self.problems.add(path, f": element {index} is not UTF-8 ({problem.reason})")
                return None
        return decoded.reshape(strings.shape)


class _OutputValidator:
    """Makes a model's results tensors for the wire, and notes what prevents it."""

    def __init__(self) -> None:
        self.problems = Problems("output")

    def give_all(
        self, fields: Sequence[Field], results: Mapping[Any, Any], parent: str
    ) -> Dict[str, Any]:
        """Give the fields of a signature or of a map; those with problems are None."""
        values: Dict[str, Any] = {}
        for field in fields:
            path = child(parent, field.name)
            if field.name in results:
                values[field.name] = self._give(field, results[field.name], path)
            else:
                self.problems.add_missing(path, field, _unclaimed(fields, results))
        return values

    def _give(self, field: Field, result: Any, path: str) -> Any:
        if isinstance(result, Mapping) and field.dtype in (MAP, ANY):
            return self.give_all(field.subfields or _anything(result), result, path)
        try:
            tensor = as_tensor(result, field.dtype)
        except NotATensor as problem:
            self.problems.add(path, f": expected {declared(field)}, got {problem}")
            return None
        if field.dtype == MAP:
            self.problems.add(path, f": expected {MAP}, got {tensor}")
            return None
        array = _converted(field, tensor, casts.SAME_KIND, path, self.problems)
        if array is None:
            return None
        return Tensor(tensor.dtype if field.dtype == ANY else field.dtype, array)


def _in_serving_s_words(signature: Signature, sent: AbstractSet[str]) -> str:
    expected = {field.name for field in signature.inputs}
    return "" if expected <= sent else f"; {wording.missing_inputs(sent, expected)}"


def _converted(
    field: Field, tensor: Tensor, policy: str, path: str, problems: Problems
) -> Optional[np.ndarray]:
    """Return the tensor's array in the field's dtype, or None and a problem more."""
    if not (
        casts.is_allowed(tensor.dtype, field.dtype, policy)
        and shapes.fits(tensor.array.shape, field.shape)
    ):
        problems.add(path, mismatch(field, tensor, policy))
        return None
    try:
        return casts.convert(tensor, field.dtype, policy)
    except casts.CastError as reason:
        problems.add(path, f": expected {field}, got {tensor}: {reason}")
        return None


def _compare_rows(fields: Sequence[Field], arrays: Arrays, problems: Problems) -> None:
    """Note two inputs that have a free first axis but not the same size along it."""
    first: Optional[Field] = None
    for field in fields:
        if not field.has_free_first_axis or not isinstance(arrays.get(field.name), np.ndarray):
            continue
        first = first or field
        rows, others = len(arrays[first.name]), len(arrays[field.name])
        if rows != others:
            problems.add(field.name, f' has {others} rows, but input "{first.name}" has {rows}')


def _anything(values: Mapping[Any, Any]) -> Sequence[Field]:
    """Declare just what is there, for a map whose fields the contract leaves open."""
    return [Field(name, ANY) for name in values]


def _unclaimed(fields: Sequence[Field], results: Mapping[Any, Any]) -> Sequence[str]:
    """List the names of results that no field has: one may be a misspelling."""
    claimed = {field.name for field in fields}
    return tuple(name for name in results if isinstance(name, str) and name not in claimed)
