"""Open what holds other stages: pipelines, the best model of a search, a formula's own pipeline."""

from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

from spark_runtime.columns import Schema, Table
from spark_runtime.saved import Saved
from spark_runtime.stages.stage import Stage, evaluates


def _stages_of(saved: Saved) -> List[Path]:
    uids = saved.param("stageUids")
    digits = len(str(len(uids)))
    names = (f"{number:0{digits}}_{uid}" for number, uid in enumerate(uids))
    return [saved.folder / "stages" / name for name in names]


def _inside(name: str) -> Callable[[Saved], List[Path]]:
    return lambda saved: [saved.folder / name]


CONTAINERS: Dict[str, Callable[[Saved], List[Path]]] = {
    "PipelineModel": _stages_of,
    "tuning.CrossValidatorModel": _inside("bestModel"),
    "tuning.TrainValidationSplitModel": _inside("bestModel"),
    "feature.RFormulaModel": _inside("pipelineModel"),
}


def flattened(folder: Path) -> Iterator[Saved]:
    """Yield the stages of a saved model that hold no others, in the order of their evaluation.

    Raises:
        LoadError: one of them cannot be read.
    """
    saved = Saved(folder)
    if saved.name not in CONTAINERS:
        yield saved
        return
    for inner in CONTAINERS[saved.name](saved):
        yield from flattened(inner)


@evaluates("feature.ColumnPruner")
class ColumnPruner(Stage):
    """Takes away the columns that a formula needed on its way."""

    def prepare(self) -> None:
        """Read their names."""
        self._names: Tuple[str, ...] = tuple(self.saved.row()["columnsToPrune"])

    @property
    def reads(self) -> Tuple[str, ...]:
        """Nothing: what is not there need not be taken away."""
        return ()

    def plan(self, schema: Schema) -> None:
        """Note that they are gone."""
        for name in self._names:
            schema.drop(name)

    def transform(self, table: Table) -> None:
        """Leave them: nobody reads them, or gets them."""


@evaluates("feature.VectorAttributeRewriter")
class VectorAttributeRewriter(Stage):
    """Gives the places of a vector other names, which no value depends on."""

    @property
    def reads(self) -> Tuple[str, ...]:
        """The name of the vectors."""
        return (self.param("vectorCol"),)

    def plan(self, schema: Schema) -> None:
        """Change nothing."""

    def transform(self, table: Table) -> None:
        """Change nothing."""
