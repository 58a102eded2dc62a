"""Make Spark's stages straight in Java: each Spark's Python lacks some that its Scala has."""

from typing import Any, List, Sequence, Set

from py4j.protocol import Py4JJavaError
from pyspark.ml.common import _py2java
from pyspark.sql.utils import CapturedException

from runtimes.spark.tests.make_models.recipes import Stage

PACKAGE = "org.apache.spark.ml"


class AbsentError(Exception):
    """This Spark has no such class, no such parameter of it, or no such value of that."""


class JavaStages:
    """Makes the Java object of a recipe's stage; each is named by the order of their making."""

    def __init__(self, session: Any) -> None:
        self._context = session.sparkContext
        self._made = 0

    def make(self, stage: Stage) -> Any:
        """Return a stage with its parameters set."""
        made = self._class(stage.kind)(f"{stage.name}_{self._next():02d}")
        for name, value in stage.params.items():
            self._set(made, stage, name, value)
        for name, value in stage.optional.items():
            if made.hasParam(name):
                self._set(made, stage, name, value)
        return made

    def pipeline(self, stages: List[Any]) -> Any:
        """Return a pipeline of stages that are made."""
        return self._class("Pipeline")("Pipeline_00").setStages(
            self._array("PipelineStage", stages)
        )

    def _array(self, kind: str, items: List[Any]) -> Any:
        made = self._context._gateway.new_array(self._class(kind), len(items))
        for place, item in enumerate(items):
            made[place] = item
        return made

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _class(self, kind: str) -> Any:
        found = self._context._jvm
        for part in f"{PACKAGE}.{kind}".split("."):
            found = getattr(found, part)
        if type(found).__name__ == "JavaPackage":
            raise AbsentError("no such class")
        return found

    def _set(self, made: Any, stage: Stage, name: str, value: Any) -> None:
        if name == "grid":
            made.setEstimatorParamMaps(self._grid(made.getEstimator(), value))
        elif name == "stages":
            made.setStages(self._array("PipelineStage", [self.make(part) for part in value]))
        elif not made.hasParam(name):
            raise AbsentError(f"no parameter {name}")
        elif isinstance(value, Stage):
            getattr(made, f"set{name[0].upper()}{name[1:]}")(self.make(value))
        else:
            self._set_plain(made, stage, name, value)

    def _set_plain(self, made: Any, stage: Stage, name: str, value: Any) -> None:
        try:
            made.set(made.getParam(name).w(_py2java(self._context, value)))
        except (CapturedException, Py4JJavaError) as error:
            raise AbsentError(f"no {name} of {value!r}") from error

    def _grid(self, estimator: Any, grid: Any) -> Any:
        """Return parameter maps of the last stage that has the parameter: one for each value."""
        name, values = grid
        parts = estimator.getStages() if estimator.hasParam("stages") else [estimator]
        param = [part for part in parts if part.hasParam(name)][-1].getParam(name)
        maps = [self._class("param.ParamMap")() for _ in values]
        for one, value in zip(maps, values):
            one.put([param.w(value)])
        return self._array("param.ParamMap", maps)


def possible(stages: Sequence[Stage], schema: Any, java: JavaStages) -> Any:
    """Return the Java objects of the stages that this Spark has, and why it lacks the others.

    Of several stages that make the same columns, the first that it has is taken.
    """
    made, reasons = [], []
    for stage in stages:
        names = _outputs(stage)
        if names and names <= set(schema.fieldNames()):
            continue
        try:
            one = java.make(stage)
            schema = one.transformSchema(schema)
            made.append(one)
        except (AbsentError, CapturedException, Py4JJavaError) as error:
            reasons.append(f"without a {stage.kind}: {str(error).splitlines()[0]}")
    return made, reasons


def _outputs(stage: Stage) -> Set[str]:
    """Return the names of the columns that a stage makes, as far as its parameters have them."""
    outputs = ("outputCol", "predictionCol")
    found = {value for name, value in stage.params.items() if name in outputs}
    return found.union(stage.params.get("outputCols", ()))
