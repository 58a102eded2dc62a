"""Fit a recipe's pipeline, save it, and ask it."""

import shutil
from pathlib import Path
from typing import Any, Callable, Dict

from py4j.protocol import Py4JJavaError
from pyspark.ml import PipelineModel
from pyspark.sql.utils import CapturedException

from runtimes.spark.tests.make_models import answers, session
from runtimes.spark.tests.make_models.java_stages import JavaStages, possible
from runtimes.spark.tests.make_models.recipes import Model

Transform = Callable[[Any], Any]
ROW = "__row"
"""A column that every stage passes on: some stages lose rows, some change their order."""


def make(spark: Any, model: Model, folder: Path) -> bool:
    """Write a model's folder, unless this Spark has none of its stages; say what it lacks."""
    shutil.rmtree(str(folder), ignore_errors=True)
    java = JavaStages(spark)
    rows = _numbered(spark, model.columns, model.train)
    made, reasons = possible(model.stages, rows.schema(), java)
    for reason in dict.fromkeys(reasons):
        print(f"  {folder.name}: {reason}", flush=True)
    if not made or (model.is_pythons and spark.version < "3"):  # whose Python cannot save it
        return False
    fitted = (made[0] if model.is_bare else java.pipeline(made)).fit(rows)
    loaded = _saved(spark, model, fitted, str(folder / "files"))
    header = {"spark": spark.version, "java": _java(spark)}
    answers.write(folder, model, header, _found(spark, model, loaded))
    for path in [*folder.rglob("*.crc"), *folder.rglob("_SUCCESS")]:  # which nobody reads
        path.unlink()
    return True


def _saved(spark: Any, model: Model, fitted: Any, folder: str) -> Transform:
    """Save a model and load it: the hashes of Spark 2.1 come back as others than were fitted."""
    if model.is_pythons:
        PipelineModel._from_java(fitted).write().overwrite().save(folder)
        loaded = PipelineModel.load(folder)
        return lambda rows: loaded.transform(session.python_frame(spark, rows))._jdf
    fitted.write().overwrite().save(folder)
    kind = spark.sparkContext._jvm
    for part in fitted.getClass().getName().split("."):
        kind = getattr(kind, part)
    return kind.load(folder).transform


def _found(spark: Any, model: Model, loaded: Transform) -> Dict[str, Any]:
    """Return what was asked and answered; ``rows`` numbers what is left where rows were lost."""
    asked = {name: kind for name, kind in model.columns.items() if name not in model.learned_from}
    kinds, rows = _ask(spark, loaded, asked, model.ask)
    added = [name for name in kinds if name not in asked and name != ROW]
    inputs = zip(*model.ask)
    found = {
        "input_types": asked,
        "inputs": {name: answers.plain(column) for name, column in zip(asked, inputs)},
        "rows": [row[ROW] for row in rows],
        "output_types": {name: kinds[name] for name in added},
        "outputs": {name: answers.plain([row[name] for row in rows]) for name in added},
    }
    if len(rows) == len(model.ask):
        del found["rows"]
    refused = [_refused(spark, loaded, asked, row) for row in model.refuse]
    return {**found, "refused": [one for one in refused if one]} if refused else found


def _ask(spark: Any, loaded: Transform, asked: Dict[str, str], rows: Any) -> Any:
    kinds, found = session.collect(spark, loaded(_numbered(spark, asked, rows)))
    return kinds, sorted(found, key=lambda row: row[ROW])


def _numbered(spark: Any, columns: Dict[str, str], rows: Any) -> Any:
    numbered = [(*row, number) for number, row in enumerate(rows)]
    return session.frame(spark, {**columns, ROW: "bigint"}, numbered)


def _refused(spark: Any, loaded: Transform, asked: Dict[str, str], row: Any) -> Dict[str, Any]:
    try:
        _ask(spark, loaded, asked, [row])
    except (Py4JJavaError, CapturedException) as error:
        columns = {name: answers.plain([value])[0] for name, value in zip(asked, row)}
        return {"inputs": columns, "error": " ".join(_cause(error).split())[:300]}
    print(f"  not refused: {row}", flush=True)
    return {}


def _cause(error: Any) -> str:
    """Return the innermost cause: the outer ones are of jobs and tasks."""
    if not isinstance(error, Py4JJavaError):
        return str(error)
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return f"{cause.getClass().getName()}: {cause.getMessage()}"


def _java(spark: Any) -> str:
    return str(spark.sparkContext._jvm.java.lang.System.getProperty("java.version"))
