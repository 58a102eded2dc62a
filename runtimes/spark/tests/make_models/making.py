"""Fit a recipe's pipeline, save it, and ask it."""

import shutil
from pathlib import Path
from typing import Any, Dict, List

from py4j.protocol import Py4JJavaError

from runtimes.spark.tests.make_models import answers, session
from runtimes.spark.tests.make_models.java_stages import JavaStages, possible
from runtimes.spark.tests.make_models.recipes import Model

ROW = "__row"
"""A column that every stage passes on: some stages lose rows, some change their order."""


def make(spark: Any, model: Model, folder: Path) -> bool:
    """Write a model's folder, unless this Spark has none of its stages; say what it lacks."""
    shutil.rmtree(str(folder), ignore_errors=True)
    java = JavaStages(spark)
    made = []
    for stage, one, reason in possible(model.stages, set(model.columns), java):
        made += [one] if one is not None else []
        if reason and one is None and "another form" not in reason:
            print(f"  {folder.name}: without {stage.name}: {reason}", flush=True)
    if not made:
        return False
    fitted = _fit(spark, model, java, made)
    folder.mkdir(parents=True)
    fitted.write().overwrite().save(str(folder / "files"))
    for path in folder.rglob("*.crc"):
        path.unlink()
    header = {"spark": spark.version, "java": _java(spark)}
    answers.write(folder, model, header, _found(spark, model, fitted))
    return True


def _fit(spark: Any, model: Model, java: JavaStages, made: List[Any]) -> Any:
    rows = _numbered(spark, model.columns, model.train)
    if model.is_bare:
        return made[0].fit(rows) if hasattr(made[0], "fit") else made[0]
    whole = spark.sparkContext._jvm.org.apache.spark.ml.Pipeline("Pipeline_00")
    whole.setStages(java.array("PipelineStage", made))
    return whole.fit(rows)


def _found(spark: Any, model: Model, fitted: Any) -> Dict[str, Any]:
    """Return what was asked and what Spark answered; ``rows`` has those of which it lost none."""
    asked = {name: kind for name, kind in model.columns.items() if name not in model.learned_from}
    kinds, rows = _ask(spark, fitted, asked, model.ask)
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
    refused = [_refused(spark, fitted, asked, row) for row in model.refuse]
    return {**found, "refused": [one for one in refused if one]} if refused else found


def _ask(spark: Any, fitted: Any, asked: Dict[str, str], rows: Any) -> Any:
    kinds, found = session.collect(spark, fitted.transform(_numbered(spark, asked, rows)))
    return kinds, sorted(found, key=lambda row: row[ROW])


def _numbered(spark: Any, columns: Dict[str, str], rows: Any) -> Any:
    numbered = [(*row, number) for number, row in enumerate(rows)]
    return session.frame(spark, {**columns, ROW: "bigint"}, numbered)


def _refused(spark: Any, fitted: Any, asked: Dict[str, str], row: Any) -> Dict[str, Any]:
    try:
        _ask(spark, fitted, asked, [row])
    except Py4JJavaError as error:
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        message = str(cause.getMessage()).splitlines()[0]
        columns = {name: answers.plain([value])[0] for name, value in zip(asked, row)}
        return {"inputs": columns, "error": f"{cause.getClass().getName()}: {message}"}
    except Exception as error:  # what newer Sparks' Python makes of Java's
        columns = {name: answers.plain([value])[0] for name, value in zip(asked, row)}
        return {"inputs": columns, "error": str(error).splitlines()[0]}
    print(f"  not refused: {row}", flush=True)
    return {}


def _java(spark: Any) -> str:
    return str(spark.sparkContext._jvm.java.lang.System.getProperty("java.version"))
