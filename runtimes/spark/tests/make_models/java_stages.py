"""Make Spark's stages straight in Java, since every Spark's Python lacks some that its Scala has."""

from typing import Any, Iterator, List, Set

from pyspark.ml.common import _py2java

from runtimes.spark.tests.make_models.recipes import Stage

PACKAGE = "org.apache.spark.ml"


class AbsentError(Exception):
    """This Spark has no such class, or no such parameter of it."""


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
            raise AbsentError(f"there is no {kind}")
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
            made.set(made.getParam(name).w(_py2java(self._context, value)))

    def _grid(self, estimator: Any, grid: Any) -> Any:
        """Return parameter maps of the last stage that has the parameter: one for each value."""
        name, values = grid
        parts = estimator.getStages() if estimator.hasParam("stages") else [estimator]
        param = [part for part in parts if part.hasParam(name)][-1].getParam(name)
        maps = [self._class("param.ParamMap")() for _ in values]
        for one, value in zip(maps, values):
            one.put([param.w(value)])
        return self.array("param.ParamMap", maps)


def possible(stages: Any, columns: Set[str], java: JavaStages) -> Iterator[Any]:
    """Yield each stage with its Java object, or the reason why this Spark cannot have it."""
    known = set(columns)
    for stage in stages:
        try:
            made = _make(stage, known, java)
        except AbsentError as absent:
            yield stage, None, str(absent)
        else:
            known |= _writes(stage)
            yield stage, made, ""


def _make(stage: Stage, known: Set[str], java: JavaStages) -> Any:
    missing = sorted(_reads(stage) - known)
    if missing:
        raise AbsentError(f"there is no column {', '.join(missing)}")
    if _writes(stage) and _writes(stage) <= known:
        raise AbsentError("another form of it has made its columns")
    return java.make(stage)


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
    return own.union(stage.adds, *(_writes(part) for part in _inner(stage)))


def _reads(stage: Stage) -> Set[str]:
    own = {one for name, some in _columns(stage) if not _is_written(stage, name) for one in some}
    needed = own.union(*(_reads(part) for part in _inner(stage)))
    return needed.difference(*(_writes(part) for part in _inner(stage)))
