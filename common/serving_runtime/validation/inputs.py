"""Hold a request's tensors against the signature, so that the model sees only what it declared."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np

from serving_runtime.errors import Problem, ProblemKind
from serving_runtime.model import Arrays
from serving_runtime.signature import ANY, MAP, Field, Signature, Tensor, Value
from serving_runtime.validation import fast_path, maps, missing
from serving_runtime.validation.fields import convert_field
from serving_runtime.validation.problems import InputMismatch, Problems, child, declared


def validate_inputs(
    signature: Signature,
    tensors: Mapping[str, Value],
    policy: str,
    string_type: type,
    unreadable: Optional[Mapping[str, str]] = None,
    note_casts: Callable[[int], None] = lambda count: None,
) -> Arrays:
    """Return the arrays for the model, in the signature's dtypes, writable and contiguous.

    Args:
        signature: what the model takes.
        tensors: by name, as decoded; the elements of strings are bytes.
        policy: which casts are made, as in ``casts.convert``.
        string_type: ``str`` decodes strings as UTF-8, ``bytes`` leaves them as they are.
        unreadable: why an input's tensor could not be decoded, by the input's name.
        note_casts: called with how many tensors were converted, where any may have been.

    Raises:
        InputMismatch: has every input that is missing, not declared, or does not fit, and why.
    """
    exact = None if unreadable else fast_path.inputs(signature.inputs, tensors)
    if exact is not None:
        return exact
    validator = InputValidator(policy, string_type)
    tensors, marks = missing.separate(signature, tensors, validator.problems)
    arrays = validator.validate(signature.inputs, tensors, unreadable or {})
    missing.put(arrays, marks, validator.problems)
    if validator.problems:
        sent = {*tensors, *(unreadable or ())}
        names = {field.name for field in signature.inputs}
        raise InputMismatch(validator.problems, sent, names)
    note_casts(validator.casts)
    return arrays


class InputValidator:
    """Makes a request's tensors arrays for the model, and gathers what prevents it.

    ``casts``: how many were converted to another dtype.
    """

    def __init__(self, policy: str, string_type: type) -> None:
        self.problems = Problems("input")
        self.casts = 0
        self._policy = policy
        self._string_type = string_type

    def validate(
        self, fields: Sequence[Field], tensors: Mapping[str, Value], unreadable: Mapping[str, str]
    ) -> Dict[str, Any]:
        """Return the arrays of a signature's fields; what prevents one is in ``problems``."""
        for name, reason in unreadable.items():
            self.problems.add_unreadable(name, reason)
        readable = [field for field in fields if field.name not in unreadable]
        arrays = self._map(readable, tensors, "")
        self._compare_rows(fields, arrays)
        return arrays

    def _map(
        self, fields: Sequence[Field], values: Mapping[str, Value], parent: str
    ) -> Dict[str, Any]:
        """Return the arrays of a signature or of a map; those with problems are None."""
        arrays: Dict[str, Any] = {}
        not_sent: List[str] = []
        for field in fields:
            path = child(parent, field.name)
            if field.name in values:
                arrays[field.name] = self._value(field, values[field.name], path)
            else:
                self.problems.add_missing(path, field)
                not_sent.append(field.name)
        if len(values) > len(arrays):
            for name in sorted(values):  # protobuf's maps have no order
                if name not in arrays:
                    self._unexpected(fields, child(parent, name), name, not_sent)
        return arrays

    def _unexpected(
        self, fields: Sequence[Field], path: str, name: str, not_sent: Sequence[str]
    ) -> None:
        reason = missing.reason_not(name, [field.name for field in fields])
        if reason:
            self.problems.add_unreadable(path, reason)
        else:
            self.problems.add_unexpected(path, name, not_sent)

    def _value(self, field: Field, value: Value, path: str) -> Any:
        if isinstance(value, Tensor):
            if field.dtype != MAP:
                return self._tensor(field, value, path)
        elif field.dtype in (MAP, ANY):
            return self._maps(field, value, path)
        got = MAP if isinstance(value, Mapping) else str(value)
        self.problems.add(Problem(ProblemKind.DTYPE, path, declared(field), got))
        return None

    def _maps(self, field: Field, value: maps.Maps, path: str) -> Any:
        if field.dtype == MAP and field.shape is None:
            field = field._replace(shape=())  # who declares no axes has written no loop over maps
        return maps.convert(field, maps.unwrapped(field, value), path, self._map, self.problems)

    def _tensor(self, field: Field, tensor: Tensor, path: str) -> Optional[np.ndarray]:
        array = convert_field(field, tensor, self._policy, path, self.problems)
        if array is None:
            return None
        if field.dtype not in (tensor.dtype, ANY):
            self.casts += 1
        if array.dtype.kind == "O" and self._string_type is str:
            return self._text(array, path)
        return array if array.flags.carray else array.copy()

    def _text(self, strings: np.ndarray, path: str) -> Optional[np.ndarray]:
        decoded = np.empty(strings.size, dtype=object)
        for index, string in enumerate(strings.ravel().tolist()):
            try:
                decoded[index] = string.decode("utf-8")
            except UnicodeDecodeError as problem:
                reason = f"element {index} is not UTF-8 ({problem.reason})"
                self.problems.add_unreadable(path, reason)
                return None
        return decoded.reshape(strings.shape)

    def _compare_rows(self, fields: Sequence[Field], arrays: Arrays) -> None:
        """Add two inputs that have a free first axis but not the same size along it."""
        first: Optional[Field] = None
        for field in fields:
            if not field.has_free_first_axis or not isinstance(arrays.get(field.name), np.ndarray):
                continue
            first = first or field
            want, have = len(arrays[first.name]), len(arrays[field.name])
            if want != have:
                self.problems.add(
                    Problem(
                        ProblemKind.ROWS, field.name, str(want), str(have), others=(first.name,)
                    )
                )
