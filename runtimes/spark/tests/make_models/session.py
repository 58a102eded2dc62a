"""Start the Spark of the environment that this runs in, as small as it goes."""

from typing import Any, Dict, Sequence, Tuple

from pyspark.ml.linalg import VectorUDT
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as sql

TYPES = {
    "string": sql.StringType(),
    "double": sql.DoubleType(),
    "float": sql.FloatType(),
    "int": sql.IntegerType(),
    "bigint": sql.LongType(),
    "boolean": sql.BooleanType(),
    "vector": VectorUDT(),
}
SETTINGS = {
    "spark.driver.memory": "1g",
    # The compiler's own threads would take more than what they save in a run of a minute.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    # To compile a plan takes longer than to interpret it for a few rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def start(warehouse: str) -> SparkSession:
    """Return a session of one core."""
    builder = SparkSession.builder.master("local[1]")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.config("spark.sql.warehouse.dir", warehouse).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def frame(session: SparkSession, columns: Dict[str, str], rows: Sequence[Tuple[Any, ...]]) -> Any:
    """Return Java's data frame of some rows, all in one partition, made once."""
    fields = [sql.StructField(name, TYPES[kind]) for name, kind in columns.items()]
    return session.createDataFrame(list(rows), sql.StructType(fields)).cache()._jdf


def collect(session: SparkSession, java_frame: Any) -> Tuple[Dict[str, str], Sequence[Any]]:
    """Return a Java data frame's columns with their types, and its rows."""
    found = python_frame(session, java_frame)
    kinds = {field.name: field.dataType.simpleString() for field in found.schema.fields}
    return kinds, found.collect()


def python_frame(session: SparkSession, java_frame: Any) -> Any:
    """Return Python's data frame of Java's."""
    return DataFrame(java_frame, getattr(session, "_wrapped", session))
