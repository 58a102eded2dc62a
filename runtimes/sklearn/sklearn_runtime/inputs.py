"""Make of the contract's inputs what the estimator was fitted on: a matrix, a frame or texts."""

from typing import Any, Callable

from serving_runtime.errors import LoadError
from serving_runtime.framework import columns
from serving_runtime.model import Arrays
from serving_runtime.signature import STRING, Field, Signature
from sklearn_runtime import structure

Assemble = Callable[[Arrays], Any]


def assembler(signature: Signature, estimator: Any) -> Assemble:
    """Return what turns a request's arrays into the estimator's input.

    Raises:
        LoadError: the inputs have shapes that no table is made of, or pandas is needed and missing.
    """
    if is_by_column(signature, estimator):
        return _by_column(signature, estimator)
    if not signature.inputs:
        raise LoadError(f'signature "{signature.name}" has no inputs: expected at least one')
    return _whole(signature.name, signature.inputs[0], estimator)


def is_by_column(signature: Signature, estimator: Any) -> bool:
    """Whether each input is a column, and not the one input the whole table."""
    if len(signature.inputs) != 1:
        return bool(signature.inputs)
    (field,) = signature.inputs
    return columns.is_column(field) and field.name in structure.feature_names(estimator)


def _whole(signature_name: str, field: Field, estimator: Any) -> Assemble:
    name = field.name
    fitted = structure.feature_names(estimator)
    if fitted and hasattr(structure.first_step(estimator), "transformers_"):
        columns.require_pandas(signature_name)
    if fitted and columns.has_pandas():
        frame = columns.framing(fitted)
        return lambda inputs: frame(columns.matrix(inputs[name]))
    if field.shape is None or structure.takes_text(estimator):
        return lambda inputs: inputs[name]
    if len(field.shape) == 1 and field.dtype == STRING and _is_free(estimator):
        return lambda inputs: inputs[name]
    return lambda inputs: columns.matrix(inputs[name])


def _is_free(estimator: Any) -> bool:
    return structure.feature_count(estimator) is None


def _by_column(signature: Signature, estimator: Any) -> Assemble:
    columns.validate_columns(signature)
    declared = tuple(field.name for field in signature.inputs)
    fitted = structure.feature_names(estimator)
    # In the order of the fit; a name that the model does not know fails the contract's comparison.
    names = tuple(sorted(declared, key=fitted.index)) if set(declared) <= set(fitted) else declared
    if fitted or _is_free(estimator):
        columns.require_pandas(signature.name)
        return columns.joining(signature.inputs, names)
    return lambda inputs: columns.stacked(inputs, names)
