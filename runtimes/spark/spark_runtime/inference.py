"""Work out a pipeline's contract, in the declared contract's own form if there is one."""

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from serving_runtime import logs
from serving_runtime.errors import LoadError, nearest
from serving_runtime.signature import ANY, FREE, STRING, Contract, Field, Shape, Signature
from serving_runtime.validation import casts
from spark_runtime.columns import (
    NUMBER,
    TEXT,
    UNKNOWN,
    VECTOR,
    WORDS,
    Column,
    Schema,
    declared,
    vector_of,
    width_of,
)
from spark_runtime.pipeline import Pipeline

logger = logs.get_logger(__name__)

SIGNATURE = "predict"
SCHEMA_FILE = "schema.json"
# Wider vectors are left out of a contract that nobody has written: a row of a default HashingTF
# would be 2 MB.
MAX_WIDTH = 4096

_SQL_TYPES = {
    "boolean": "bool",
    "byte": "int8",
    "short": "int16",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
}


def contract_of(pipeline: Pipeline, files: Path) -> Contract:
    """Return what the pipeline takes and gives, where nobody has declared it.

    Raises:
        LoadError: the stages do not say what a column is, and no schema does.
    """
    schema = pipeline.plan(_of_schema_file(files / SCHEMA_FILE))
    _require_known(schema)
    inputs = tuple(Field(name, it.dtype, it.shape) for name, it in schema.inputs.items())
    outputs = {name: it for name, it in schema.added.items() if name not in schema.inputs}
    left_out = [name for name, column in outputs.items() if not _fits_a_tensor(column)]
    if left_out:
        logger.info(
            "the columns %s are left out of the contract: lists of words, or vectors wider than %d;"
            " a contract.yaml that names one serves it",
            ", ".join(left_out),
            MAX_WIDTH,
        )
    kept = {name: column for name, column in outputs.items() if name not in left_out}
    fields = tuple(Field(name, it.dtype, it.shape) for name, it in kept.items())
    return Contract("", (Signature(SIGNATURE, inputs, fields),))


def fitted_to(pipeline: Pipeline, signature: Signature) -> Signature:
    """Return what the pipeline says of a declared signature.

    Numbers of any type are taken, and results are converted where no value is lost, so a declared
    dtype stands unless its kind is another.

    Raises:
        LoadError: the contract lacks an input that the pipeline reads, or says too little of one.
    """
    schema = planned(pipeline, signature)
    _require_known(schema)
    names = {field.name for field in signature.inputs}
    missing = [name for name in schema.inputs if name not in names]
    if missing:
        raise _lacking(signature, missing, schema)
    _note_unread(signature, schema)
    inputs = [_fitted(it, schema.inputs.get(it.name), is_input=True) for it in signature.inputs]
    known = {**{it.name: declared(it) for it in signature.inputs}, **schema.added}
    outputs = [
        _fitted(field, known[field.name], is_input=False)
        for field in signature.outputs
        if field.name in known
    ]
    more = [Field(name, it.dtype, it.shape) for name, it in schema.added.items()]
    named = {field.name for field in outputs}
    return signature._replace(
        inputs=tuple(inputs),
        outputs=(*outputs, *(field for field in more if field.name not in named)),
    )


def planned(pipeline: Pipeline, signature: Signature) -> Schema:
    """Return a pipeline's columns as a signature declares them."""
    given = {field.name: declared(field) for field in signature.inputs}
    return pipeline.plan(given, {field.name for field in signature.outputs})


def _note_unread(signature: Signature, schema: Schema) -> None:
    """Warn of inputs that no stage reads: a data frame has them, and passes them through."""
    outputs = {field.name for field in signature.outputs}
    names = [it.name for it in signature.inputs if it.name not in (*schema.inputs, *outputs)]
    if names:
        logger.warning(
            'signature "%s": no stage reads the inputs %s, which clients must send all the same',
            signature.name,
            ", ".join(names),
        )


def _fitted(field: Field, column: Optional[Column], is_input: bool) -> Field:
    if column is None:
        return field
    dtype = _fitted_dtype(field, column, is_input)
    return field._replace(dtype=dtype, shape=_fitted_shape(field, column, is_input))


def _fitted_dtype(field: Field, column: Column, is_input: bool) -> str:
    if field.dtype == ANY:
        return column.dtype
    is_same_kind = (field.dtype == STRING) == (column.dtype == STRING)
    stands = is_same_kind if is_input else _is_allowed(column.dtype, field.dtype)
    return field.dtype if stands else column.dtype


def _fitted_shape(field: Field, column: Column, is_input: bool) -> Shape:
    declared_shape = field.shape
    if declared_shape is None:
        return column.shape
    is_picture = is_input and _is_picture(field, column)
    if declared_shape == () or _is_column(field, column) or is_picture:
        return declared_shape
    is_row = column.kind == VECTOR and len(declared_shape) == 1 and declared_shape != (FREE,)
    return column.shape[1:] if is_row else column.shape


def _is_allowed(theirs: str, ours: str) -> bool:
    return casts.is_allowed(theirs, ours, casts.SAME_KIND)


def _is_column(field: Field, column: Column) -> bool:
    shape = field.shape or ()
    return column.kind in (NUMBER, TEXT) and len(shape) == 2 and shape[1] == 1


def _is_picture(field: Field, column: Column) -> bool:
    """Whether vectors are declared with more axes, which are flattened."""
    shape = field.shape or ()
    return column.kind == VECTOR and len(shape) > 2 and column.size in (width_of(shape), FREE)


def _fits_a_tensor(column: Column) -> bool:
    return column.kind != WORDS and column.size <= MAX_WIDTH


def _require_known(schema: Schema) -> None:
    unknown = [name for name, it in schema.inputs.items() if it.kind == UNKNOWN]
    if unknown:
        raise LoadError(
            f"the stages do not say whether the columns {', '.join(unknown)} are numbers or texts",
            "declare them in contract.yaml beside files/, or save the schema of the data that the "
            f"model was fitted on, `dataframe.schema.json()`, as files/{SCHEMA_FILE}",
        )


def _lacking(signature: Signature, missing: List[str], schema: Schema) -> LoadError:
    names = tuple(it.name for it in signature.inputs if it.name not in schema.inputs)
    listed = ", ".join(f'"{name}"{nearest(name, names)}' for name in missing)
    return LoadError(
        f'signature "{signature.name}" lacks inputs that the pipeline reads: {listed}',
        "declare an input for each column that the pipeline reads, by its name there",
    )


def _of_schema_file(path: Path) -> Optional[Mapping[str, Column]]:
    """Read the columns of a schema as Spark writes it; None if there is no such file."""
    if not path.is_file():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))["fields"]
        found = ((field["name"], _of_sql_type(field["type"])) for field in fields)
        return {name: column for name, column in found if column is not None}
    except (ValueError, KeyError, TypeError) as error:
        raise LoadError(
            f"{path} cannot be read: {type(error).__name__}: {error}",
            "write what `dataframe.schema.json()` gives into it, or remove it",
        ) from None


def _of_sql_type(sql_type: Any) -> Optional[Column]:
    if sql_type == "string":
        return Column(TEXT, STRING)
    if isinstance(sql_type, dict):
        return _of_complex_type(sql_type)
    if sql_type.startswith("decimal"):
        return Column(NUMBER)
    return Column(NUMBER, _SQL_TYPES[sql_type]) if sql_type in _SQL_TYPES else None


def _of_complex_type(sql_type: Dict[str, Any]) -> Optional[Column]:
    if sql_type.get("type") == "udt" and "VectorUDT" in sql_type.get("class", ""):
        return vector_of(FREE)
    is_words = sql_type.get("type") == "array" and sql_type.get("elementType") == "string"
    return Column(WORDS, STRING) if is_words else None
