"""Infer what a fitted estimator takes and returns, in the contract's own form if there is one."""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from serving_runtime import logs
from serving_runtime.errors import BrokenResult, LoadError
from serving_runtime.framework import columns as tables
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
from sklearn_runtime import columns, evidence, inputs, plan, probe, results, structure
from sklearn_runtime.evidence import Evidence

logger = logs.get_logger(__name__)

# What a column is said to hold where there is no contract, and nothing shows what it is.
GUESS = "float64"
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
    if structure.takes_text(estimator):
        return (Field(TEXTS, STRING, (FREE,)),)
    count = structure.feature_count(estimator)
    known = columns.named(estimator)
    texts = [column.dtype == STRING for column in known.values()]
    if known and (hasattr(structure.first_step(estimator), "transformers_") or _are_mixed(texts)):
        return _columns(known)
    whole = columns.whole(estimator, [count or 0])
    is_text = bool(whole) and all(column.dtype == STRING for column in whole)
    return (Field(MATRIX, STRING if is_text else GUESS, (FREE, FREE if count is None else count)),)


def _are_mixed(texts: List[bool]) -> bool:
    return any(texts) and not all(texts)


def _columns(known: Dict[str, Evidence]) -> Tuple[Field, ...]:
    guessed = [name for name, column in known.items() if not column.is_proven]
    if guessed:
        logger.info(
            "nothing shows for certain what the columns %s hold: a contract that says so counts",
            ", ".join(guessed),
        )
    return tuple(
        Field(name, GUESS if column.dtype == ANY else column.dtype, (FREE,))
        for name, column in known.items()
    )


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
    shape = _table_shape(estimator, field.shape)
    return (field._replace(shape=shape, dtype=_table_dtype(estimator, field.dtype)),)


def _table_dtype(estimator: Any, declared: str) -> str:
    """Return the declared dtype, unless all columns are proven to hold what it is none of."""
    if structure.takes_text(estimator):
        return _taken(MATRIX, declared, evidence.TEXT)
    known = columns.whole(estimator, [structure.feature_count(estimator) or 0])
    taken = {_taken(MATRIX, declared, column) for column in known if column.is_proven}
    is_proven = bool(known) and all(column.is_proven for column in known)
    return taken.pop() if is_proven and len(taken) == 1 else declared


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
    tables.validate_columns(signature)
    _check_count(estimator, signature)
    declared = {field.name: field for field in signature.inputs}
    theirs: List[Field] = []
    for name, column in columns.named(estimator, list(declared)).items():
        ours: Optional[Field] = declared.get(name)
        if ours is None:
            theirs.append(Field(name, GUESS if column.dtype == ANY else column.dtype, (FREE,)))
        else:
            theirs.append(Field(name, _taken(name, ours.dtype, column), ours.shape))
    return tuple(theirs)


def _check_count(estimator: Any, signature: Signature) -> None:
    """Check that columns that mean something by their order are as many as the fit had.

    Raises:
        LoadError: they are more or fewer.
    """
    names = [field.name for field in signature.inputs]
    fitted, count = structure.feature_names(estimator), structure.feature_count(estimator)
    if fitted and not columns.are_positions(fitted, names):
        return
    if fitted:
        logger.warning(
            "the model calls its columns %s, which looks made up: those of signature %s are given "
            "to it in the contract's order",
            ", ".join(fitted[:3]) + ", …" * (len(fitted) > 3),
            signature.name,
        )
    if count is not None and len(names) != count:
        raise LoadError(
            f'signature "{signature.name}" has {len(names)} columns, and the model was fitted on '
            f"{count}",
            f"declare all {count} columns, in the order of the fit, or one input of "
            f"shape [-1, {count}]",
        )


def _taken(name: str, declared: str, known: Evidence) -> str:
    """Return the declared dtype, unless the model proves that the column holds none such."""
    if ANY in (declared, known.dtype) or (declared == STRING) == (known.dtype == STRING):
        return declared
    if known.is_proven:
        return known.dtype
    logger.warning(
        "column %s looks like %s to the model's steps: the contract says %s, and that is served",
        name,
        known.dtype,
        declared,
    )
    return declared
