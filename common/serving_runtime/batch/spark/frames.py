"""Score a Spark data frame: the same calls as on one machine, in each executor.

The rows reach the model as Arrow's record batches (``mapInArrow``). Each Python process of an
executor loads the model once.
"""

import os
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from serving_runtime.batch import loading, types
from serving_runtime.batch.binding import Binding, Wishes, bind
from serving_runtime.batch.job import chosen
from serving_runtime.batch.loading import Loaded
from serving_runtime.batch.parts import Plan
from serving_runtime.batch.scoring import Scored, Scorer
from serving_runtime.batch.spark import packing
from serving_runtime.errors import StartError

BAD_REASON = "bad_reason"
_OLDEST = (3, 3)


class Options(NamedTuple):
    """How a data frame is scored.

    ``signature_name``: which is called; empty for the only one. ``columns``: those that make up the
    only input. ``keep``: those that the result has as well; by default all that are no inputs.
    ``prefix`` stands before the names of outputs. ``runtime_name``: the framework; empty to
    recognise it from the files. ``environ``: the model's settings; by default those of this
    process.
    """

    signature_name: str = ""
    columns: Optional[Tuple[str, ...]] = None
    keep: Optional[Tuple[str, ...]] = None
    prefix: str = ""
    runtime_name: str = ""
    environ: Optional[Mapping[str, str]] = None
    rows_per_call: int = 8192


DEFAULT = Options()


class Scoring(NamedTuple):
    """What executors need: all of it is pickled.

    ``archive``: the name of the archive with the model.
    """

    plan: Plan
    archive: str
    runtime_name: str
    environ: Mapping[str, str]


def score(
    spark: Any,
    dataframe: Any,
    model_dir: str,
    options: Options = DEFAULT,
) -> Any:
    """Return a data frame with the outputs beside the kept columns, and for bad rows the reason.

    A bad row has nulls for the outputs. Nothing is computed before the data frame is used.

    Args:
        spark: the session.
        dataframe: has a column for each input.
        model_dir: on the driver; it is loaded there once, to see what it takes.
        options: what is called, with which columns.

    Raises:
        StartError: the model cannot be served, or the data frame lacks what it takes.
    """
    _check_version(spark)
    runtime_name = options.runtime_name
    environ = {**(options.environ or os.environ), "MODEL_DIR": os.path.abspath(model_dir)}
    environ = loading.own_variables(environ, runtime_name)
    loaded = loading.load(environ, runtime_name)
    try:
        loading.refuse_state(loaded.reason_not)
        signature = chosen(loaded.contract, options.signature_name)
    finally:
        loaded.close()
    wishes = Wishes(options.columns, options.keep, options.prefix)
    binding = bind(signature, _arrow_schema(dataframe), wishes, is_text=False)
    if BAD_REASON in binding.schema.names:
        raise StartError(
            f'the result would have two columns "{BAD_REASON}": the reason of a bad row is one',
            "keep other columns (keep=...), or name outputs by a prefix",
        )
    plan = Plan(binding, "", "", options.rows_per_call, loaded.cast)
    scoring = Scoring(plan, _ship(spark, model_dir), runtime_name, environ)
    wanted = dataframe.select(*(f"`{name}`" for name in binding.columns))
    return wanted.mapInArrow(_scorer(scoring), _spark_schema(binding))


def _check_version(spark: Any) -> None:
    version = tuple(int(text) for text in spark.version.split(".")[:2])
    if version < _OLDEST:
        raise StartError(
            f"this is Spark {spark.version}: expected 3.3 or newer, which has mapInArrow",
            "score the files without --master, or use a newer cluster",
        )


def _ship(spark: Any, model_dir: str) -> str:
    """Have executors unpack the model; return the name of the folder that they find it in."""
    archive = packing.pack_model(model_dir)
    name = os.path.basename(os.path.dirname(archive))
    spark.sparkContext.addArchive(f"{archive}#{name}")
    return name


def _arrow_schema(dataframe: Any) -> Any:
    from pyspark.sql.pandas.types import to_arrow_schema

    try:
        return to_arrow_schema(dataframe.schema)
    except TypeError as error:
        raise StartError(f"a column of the data frame has no form in Arrow: {error}") from None


def _spark_schema(binding: Binding) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StringType, StructField, StructType

    found = from_arrow_schema(_result_schema(binding, with_reason=False))
    nullable = [StructField(each.name, each.dataType, nullable=True) for each in found.fields]
    return StructType([*nullable, StructField(BAD_REASON, StringType(), nullable=True)])


def _result_schema(binding: Binding, with_reason: bool = True) -> Any:
    """Return the columns of the result, in types that Spark has: it has no unsigned numbers."""
    import pyarrow as pa

    known = [(field.name, types.signed(field.type)) for field in binding.schema]
    return types.schema([*known, *([(BAD_REASON, pa.string())] if with_reason else [])])


# One model in each Python process of an executor, whichever tasks run there.
_LOADED: Dict[Tuple[str, str], Loaded] = {}


def _scorer(scoring: Scoring) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def score_batches(batches: Iterator[Any]) -> Iterator[Any]:
        loaded = _loaded(scoring)
        scorer = Scorer(loaded.model, scoring.plan, lambda start, stop: None)
        schema = _result_schema(scoring.plan.binding)
        for rows in batches:
            for scored in scorer.score(rows, np.arange(rows.num_rows)):
                yield from _with_reasons(scored, scoring.plan.binding, schema)

    return score_batches


def _loaded(scoring: Scoring) -> Loaded:
    from pyspark import SparkFiles

    key = scoring.archive, scoring.runtime_name
    if key not in _LOADED:
        where = SparkFiles.get(scoring.archive)
        environ = {**scoring.environ, "MODEL_DIR": where}
        _LOADED[key] = loading.load(environ, scoring.runtime_name)
    return _LOADED[key]


def _with_reasons(scored: Scored, binding: Binding, schema: Any) -> Iterator[Any]:
    """Return results with no reason, and bad rows with theirs and no outputs."""
    import pyarrow as pa

    if scored.rows is not None:
        count = scored.rows.num_rows
        columns = [column.cast(field.type) for column, field in zip(scored.rows.columns, schema)]
        columns.append(pa.nulls(count, pa.string()))
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
    if scored.bad:
        rows: List[Dict[str, Optional[Any]]] = [
            {**{name: bad.values[name] for name in binding.kept}, BAD_REASON: bad.reason}
            for bad in scored.bad
        ]
        yield pa.RecordBatch.from_pylist(rows, schema)
