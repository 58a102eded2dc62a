"""Hold a model's results against the signature, so that clients get only what it declared."""

from typing import Any, Dict, Mapping, Sequence

import numpy as np

from serving_runtime.errors import BrokenResult, Problem, ProblemKind
from serving_runtime.signature import ANY, MAP, Field, MapArray, Signature, Tensor, Value
from serving_runtime.validation import casts, fast_path, maps
from serving_runtime.validation.fields import convert_field
from serving_runtime.validation.problems import Problems, child, declared
from serving_runtime.validation.tensors import NotATensor, as_tensor


def validate_outputs(signature: Signature, results: Any) -> Dict[str, Value]:
    """Return the declared outputs in their declared dtypes, for the wire; others are dropped.

    Args:
        signature: what the model gives.
        results: what it returned: anything that NumPy takes, by name.

    Raises:
        BrokenResult: has every output that is missing or does not fit, and why.
    """
    exact = fast_path.outputs(signature.outputs, results)
    if exact is not None:
        return exact
    if not isinstance(results, Mapping):
        kind = type(results).__name__
        raise BrokenResult(f"the result is of type {kind}, not a dict of arrays by output name")
    validator = OutputValidator()
    values = validator.validate(signature.outputs, results)
    if validator.problems:
        raise BrokenResult(str(validator.problems), problems=validator.problems.found)
    return values


class OutputValidator:
    """Makes a model's results tensors for the wire, and gathers what prevents it."""

    def __init__(self) -> None:
        self.problems = Problems("output")

    def validate(self, fields: Sequence[Field], results: Mapping[Any, Any]) -> Dict[str, Any]:
        """Return the tensors of a signature's fields; what prevents one is in ``problems``."""
        return self._map(fields, results, "")

    def _map(
        self, fields: Sequence[Field], results: Mapping[Any, Any], parent: str
    ) -> Dict[str, Any]:
        """Return the tensors of a signature or of a map; those with problems are None."""
        values: Dict[str, Any] = {}
        for field in fields:
            path = child(parent, field.name)
            if field.name in results:
                values[field.name] = self._value(field, results[field.name], path)
            else:
                self.problems.add_missing(path, field, _unclaimed(fields, results))
        return values

    def _value(self, field: Field, result: Any, path: str) -> Any:
        try:
            found = maps.found_in(result, field.dtype) if field.dtype in (MAP, ANY) else None
            if found is not None:
                return self._maps(field, found, path)
            tensor = as_tensor(result, field.dtype)
        except NotATensor as error:
            self._add_dtype(field, str(error), path)
            return None
        if field.dtype == MAP:
            self._add_dtype(field, str(tensor), path)
            return None
        array = convert_field(field, tensor, casts.SAME_KIND, path, self.problems)
        if array is None:
            return None
        return Tensor(tensor.dtype if field.dtype == ANY else field.dtype, array)

    def _maps(self, field: Field, found: maps.Maps, path: str) -> Any:
        if field.shape == ():
            found = maps.unwrapped(field, found)
        values = maps.convert(field, found, path, self._map, self.problems)
        return MapArray(values) if isinstance(values, np.ndarray) else values

    def _add_dtype(self, field: Field, got: str, path: str) -> None:
        self.problems.add(Problem(ProblemKind.DTYPE, path, declared(field), got))


def _unclaimed(fields: Sequence[Field], results: Mapping[Any, Any]) -> Sequence[str]:
    """List the names of results that no field has: one may be a misspelling."""
    claimed = {field.name for field in fields}
    return tuple(name for name in results if isinstance(name, str) and name not in claimed)
