"""Make Spark's stages straight in Java: each Spark's Python lacks some that its Scala has."""

from typing import Any, Iterator, List, Sequence, Set

from py4j.protocol import Py4JJavaError
from pyspark.ml.common import _py2java
from pyspark.sql.utils import IllegalArgumentException

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

    def array(self, kind: str, items: List[Any]) -> Any:
        """Return a Java array."""
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
            raise AbsentError(f"{kind} is not there")
        return found

    def _set(self, made: Any, stage: Stage, name: str, value: Any) -> None:
        if name == "grid":
            made.setEstimatorParamMaps(self._grid(made.getEstimator(), value))
        elif name == "stages":
            made.setStages(self.array("PipelineStage", [self.make(part) for part in value]))
        elif not made.hasParam(name):
            raise AbsentError(f"{stage.kind} has no {name}")
        elif isinstance(value, Stage):
            getattr(made, f"set{name[0].upper()}{name[1:]}")(self.make(value))
        else:
            self._set_plain(made, stage, name, value)

    def _set_plain(self, made: Any, stage: Stage, name: str, value: Any) -> None:
        try:
            made.set(made.getParam(name).w(_py2java(self._context, value)))
        except (IllegalArgumentException, Py4JJavaError) as error:
            raise AbsentError(f"{stage.kind} has no {name} of {value!r}") from error

    def _grid(self, estimator: Any, grid: Any) -> Any:
        """Return parameter maps of the last stage that has the parameter: one for each value."""
        name, values = grid
        parts = estimator.getStages() if estimator.hasParam("stages") else [estimator]
        param = [part for part in parts if part.hasParam(name)][-1].getParam(name)
        maps = [self._class("param.ParamMap")() for _ in values]
        for one, value in zip(maps, values):
            one.put([param.w(value)])
        return self.array("param.ParamMap", maps)


def possible(stages: Sequence[Stage], columns: Set[str], java: JavaStages) -> Any:
    """Return the Java objects of the stages that this Spark has, and why it lacks the others.

    Of several stages that make the same columns, the first that it has is taken.
    """
    known, made, reasons = set(columns), [], []
    for stage in stages:
        if _writes(stage) and _writes(stage) <= known:
            continue
        missing = sorted(_reads(stage) - known)
        try:
            if missing:
                raise AbsentError(f"{stage.kind} has no column {', '.join(missing)}")
            made.append(java.make(stage))
        except AbsentError as absent:
            reasons.append(str(absent))
        else:
            known |= _writes(stage)
    return made, reasons


def _columns(stage: Stage) -> Iterator[Any]:
    """Yield each parameter that names columns, with their names."""
    for name, value in [*stage.params.items(), *stage.optional.items()]:
        if name.endswith("Col"):
            yield name, [value]
        elif name.endswith("Cols"):
            yield name, value


def _inner(stage: Stage) -> List[Stage]:
    values = stage.params.values()
    parts = [
        value for value in values if isinstance(value, Stage) and "evaluation" not in value.kind
    ]
    return [*parts, *stage.params.get("stages", ())]


def _is_written(stage: Stage, name: str) -> bool:
    inputs = {"inputCol", "inputCols", "featuresCol", "labelCol", "weightCol", "offsetCol"}
    inputs |= {"censorCol", "userCol", "itemCol", "ratingCol", "itemsCol", "categoricalCols"}
    return name not in inputs or (stage.name == "RFormula" and name in {"featuresCol", "labelCol"})


def _writes(stage: Stage) -> Set[str]:
    own = {one for name, some in _columns(stage) if _is_written(stage, name) for one in some}
    return own.union(*(_writes(part) for part in _inner(stage)))


def _reads(stage: Stage) -> Set[str]:
    own = {one for name, some in _columns(stage) if not _is_written(stage, name) for one in some}
    needed = own.union(*(_reads(part) for part in _inner(stage)))
    return needed.difference(*(_writes(part) for part in _inner(stage)))
