"""Make of the contract's inputs what the estimator was fitted on: a matrix, a frame or texts."""

from typing import Any, Callable, Dict, Tuple

from serving_runtime.errors import LoadError
from serving_runtime.framework import columns as tables
from serving_runtime.model import Arrays
from serving_runtime.signature import STRING, Field, Signature
from sklearn_runtime import columns, structure
from sklearn_runtime.evidence import UNKNOWN, Evidence

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
    return tables.is_column(field) and field.name in structure.feature_names(estimator)


def _whole(signature_name: str, field: Field, estimator: Any) -> Assemble:
    name = field.name
    fitted = structure.feature_names(estimator)
    if fitted and hasattr(structure.first_step(estimator), "transformers_"):
        tables.require_pandas(signature_name)
    if fitted and tables.has_pandas():
        known = columns.named(estimator)
        dtype = object if _objects(known) else None
        frame = tables.categorised(tables.framing(fitted, dtype), _categories(known))
        return lambda inputs: frame(tables.matrix(inputs[name]))
    if field.shape is None or structure.takes_text(estimator):
        return lambda inputs: inputs[name]
    if len(field.shape) == 1 and field.dtype == STRING and _is_free(estimator):
        return lambda inputs: inputs[name]
    shown = columns.whole(estimator, [structure.feature_count(estimator) or 0])
    if any(column.is_objects for column in shown):
        return lambda inputs: tables.matrix(inputs[name]).astype(object)
    return lambda inputs: tables.matrix(inputs[name])


def _is_free(estimator: Any) -> bool:
    return structure.feature_count(estimator) is None


def _by_column(signature: Signature, estimator: Any) -> Assemble:
    tables.validate_columns(signature)
    declared = tuple(field.name for field in signature.inputs)
    known = columns.named(estimator, declared)
    # In the order of the fit; a name that the model does not know fails the contract's comparison.
    names = tuple(name for name in known if name in declared)
    names = names if len(names) == len(declared) else declared
    known = {name: known.get(name, UNKNOWN) for name in names}
    fitted = structure.feature_names(estimator)
    if set(declared) & set(fitted) or _is_free(estimator) or _categories(known):
        tables.require_pandas(signature.name)
    elif not (fitted and tables.has_pandas()):
        return lambda inputs: tables.stacked(inputs, names)
    frame = tables.joining(signature.inputs, names, _objects(known))
    frame = tables.categorised(frame, _categories(known))
    if not fitted or set(declared) & set(fitted):
        return frame
    # By the names that the library has made up, it takes a frame without a warning.
    return lambda inputs: tables.renamed(frame(inputs), fitted)


def _categories(known: Dict[str, Evidence]) -> Tuple[str, ...]:
    return tuple(name for name, column in known.items() if column.is_category)


def _objects(known: Dict[str, Evidence]) -> Tuple[str, ...]:
    return tuple(name for name, column in known.items() if column.is_objects)
