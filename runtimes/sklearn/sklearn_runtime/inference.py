"""Infer what a fitted estimator takes and returns, in the contract's own form if there is one."""

from typing import Any, List, Optional, Tuple

import numpy as np

from serving_runtime.errors import BrokenResult, LoadError
from serving_runtime.signature import (
    ANY,
    FREE,
    MAP,
    STRING,
    Contract,
    Field,
    Shape,
    Signature,
    dtype_name,
)
from serving_runtime.validation import casts
from sklearn_runtime import columns, inputs, plan, probe, results, structure

MATRIX = "x"
TEXTS = "text"


def contract_of(estimator: Any) -> Contract:
    """Return a signature for each method, over the inputs that the estimator was fitted on."""
    fields = _inputs(estimator)
    signatures = [
        Signature(method, fields, _outputs(estimator, method, fields))
        for method in structure.methods_of(estimator)
    ]
    return Contract("", tuple(signatures))


def fitted_to(estimator: Any, signature: Signature) -> Signature:
    """Return what the estimator says of a declared signature: the same where both can be true.

    Numbers of any kind are taken, and results are converted where no value is lost, so a declared
    dtype stands unless its kind is another.

    Raises:
        LoadError: an output does not come from any method, or the inputs are no table.
    """
    ours = signature._replace(inputs=_declared_inputs(estimator, signature))
    sources = plan.sources(signature, structure.methods_of(estimator))
    found = probe.results(estimator, ours, [source.method for source in sources.values()])
    if not found:
        return ours
    try:
        outputs = tuple(
            _output(field, results.array_of(found, sources[field.name]), ours)
            for field in signature.outputs
        )
    except BrokenResult as error:
        raise LoadError(f'signature "{signature.name}": {error}') from error
    return ours._replace(outputs=outputs)


def _inputs(estimator: Any) -> Tuple[Field, ...]:
    named = columns.named(estimator)
    if named and hasattr(structure.first_step(estimator), "transformers_"):
        return tuple(Field(column.name, column.dtype, (FREE,)) for column in named)
    if structure.takes_text(estimator):
        return (Field(TEXTS, STRING, (FREE,)),)
    encoded = columns.encoded(structure.first_step(estimator))
    is_text = bool(encoded) and all(column.dtype == STRING for column in encoded)
    count = structure.feature_count(estimator)
    shape = (FREE, FREE if count is None else count)
    return (Field(MATRIX, STRING if is_text else "float64", shape),)


def _outputs(estimator: Any, method: str, fields: Tuple[Field, ...]) -> Tuple[Field, ...]:
    asked = Signature(method, fields, ())
    found = probe.results(estimator, asked, [method]).get(method)
    if method == "kneighbors":
        parts = found or (None, None)
        names = plan.NEIGHBOURS.items()
        return tuple(_field(name, parts[part], asked) for name, part in names)
    if isinstance(found, list):  # a classifier of several targets
        return tuple(_field(f"{method}_{part}", it, asked) for part, it in enumerate(found))
    return (_field(method, found, asked),)


def _field(name: str, result: Any, asked: Signature) -> Field:
    if result is None:
        return Field(name, ANY)
    array = np.asarray(results.dense(result))
    return Field(name, dtype_name(array.dtype), probe.shape_of(array, asked))


def _output(field: Field, result: Any, asked: Signature) -> Field:
    if MAP in (field.dtype, *(it.dtype for it in asked.inputs)):
        return field
    theirs = _field(field.name, result, asked)
    fits = field.dtype == ANY or casts.is_allowed(theirs.dtype, field.dtype, casts.SAME_KIND)
    return field._replace(dtype=field.dtype if fits else theirs.dtype, shape=theirs.shape)


def _declared_inputs(estimator: Any, signature: Signature) -> Tuple[Field, ...]:
    if inputs.is_by_column(signature, estimator):
        return _declared_columns(estimator, signature)
    (field,) = signature.inputs
    return (field._replace(shape=_table_shape(estimator, field.shape)),)


def _table_shape(estimator: Any, shape: Shape) -> Shape:
    count = structure.feature_count(estimator)
    if shape is None or count is None or structure.takes_text(estimator):
        return shape
    if len(shape) != 2 and FREE not in shape[1:]:
        width = 1
        for size in shape[1:]:
            width *= size
        return shape if width == count else (FREE, count)
    return (FREE, count)


def _declared_columns(estimator: Any, signature: Signature) -> Tuple[Field, ...]:
    known = columns.named(estimator)
    if not known:
        return signature.inputs
    declared = {field.name: field for field in signature.inputs}
    theirs: List[Field] = []
    for column in known:
        ours: Optional[Field] = declared.get(column.name)
        dtype = column.dtype if ours is None else _taken(ours.dtype, column.dtype)
        theirs.append(Field(column.name, dtype, (FREE,) if ours is None else ours.shape))
    return tuple(theirs)


def _taken(declared: str, have: str) -> str:
    """Return the declared dtype where both are numbers, or both texts, else the model's."""
    return declared if declared == ANY or (declared == STRING) == (have == STRING) else have
