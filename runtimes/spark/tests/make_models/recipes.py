"""The words that recipes of models are written in."""

from typing import Any, Dict, FrozenSet, NamedTuple, Sequence, Tuple

Row = Tuple[Any, ...]


class Stage(NamedTuple):
    """A stage of Spark ML by its Java name after ``org.apache.spark.ml``, and its parameters."""

    kind: str
    params: Dict[str, Any]
    optional: Dict[str, Any] = {}
    """Parameters that are set where a Spark has them."""

    @property
    def name(self) -> str:
        """The class's own name."""
        return self.kind.rpartition(".")[2]

    def but(self, **params: Any) -> "Stage":
        """Return it with other parameters too."""
        return self._replace(params={**self.params, **params})

    def where_known(self, **params: Any) -> "Stage":
        """Return it with parameters that are set where a Spark has them."""
        return self._replace(optional={**self.optional, **params})


class Model(NamedTuple):
    """A pipeline, the rows that it is fitted to, and the rows that real Spark answers."""

    name: str
    columns: Dict[str, str]
    """Each column's type, in the order of the rows."""
    train: Sequence[Row]
    ask: Sequence[Row]
    """Without the columns of ``learned_from``."""
    stages: Sequence[Stage]
    learned_from: FrozenSet[str] = frozenset()
    """Columns that are there when it is fitted, and not when it is asked."""
    refuse: Sequence[Row] = ()
    """Rows that Spark fails on, each asked alone."""
    is_bare: bool = False
    """Whether its only stage is saved, with no pipeline around it."""
    is_pythons: bool = False
    """Whether Python saves it, which it does itself where a stage is not only Java's."""
    rtol: float = 1e-12
    atol: float = 1e-14


def stage(kind: str, **params: Any) -> Stage:
    """Return a stage that adds what its parameters name."""
    return Stage(kind, params)


def predictor(kind: str, name: str, **params: Any) -> Stage:
    """Return a stage whose every output is named after one name, so that several fit in a row."""
    outputs = {
        "probabilityCol": f"{name}_probability",
        "rawPredictionCol": f"{name}_raw",
    }
    return Stage(kind, {"predictionCol": name, **params}, outputs)


def pipeline(*stages: Stage) -> Stage:
    """Return a pipeline, for one inside another."""
    return Stage("Pipeline", {"stages": list(stages)})
