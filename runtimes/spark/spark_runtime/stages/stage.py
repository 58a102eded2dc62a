"""What each stage of a pipeline is: it reads columns and adds columns."""

import abc
from typing import Any, Callable, Dict, List, Tuple, Type, TypeVar

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import FREE
from spark_runtime.columns import Column, Schema, Table, vector_of
from spark_runtime.saved import Saved


class Stage(abc.ABC):
    """A fitted stage.

    Args:
        saved: as Spark has saved it; what a call needs is made of it now.

    Raises:
        LoadError: its data cannot be read.
        Unsupported: it is set to what cannot be evaluated here.
    """

    def __init__(self, saved: Saved) -> None:
        self.saved = saved
        self.version = saved.version
        self.param = saved.param
        self.prepare()

    def prepare(self) -> None:
        """Read the stage's data, once."""

    @property
    @abc.abstractmethod
    def reads(self) -> Tuple[str, ...]:
        """The names of the columns that it reads."""

    @abc.abstractmethod
    def plan(self, schema: Schema) -> None:
        """Note in the schema what the stage reads and what it adds."""

    @abc.abstractmethod
    def transform(self, table: Table) -> None:
        """Add the stage's columns to the table.

        Raises:
            InvalidInput: Spark would refuse a value, or leave its row out.
        """

    def samples(self) -> Dict[str, Any]:
        """Return values that it takes of columns of which it may refuse zeros, or empty texts.

        It is asked once what it reads is planned.
        """
        return {}

    def refuse(self, bad: np.ndarray, column: str, reason: str) -> None:
        """Raise for the first row that is marked as bad, if there is any.

        Raises:
            InvalidInput: there is one.
        """
        if bad.any():
            row = int(np.argmax(bad))
            raise InvalidInput(f'row {row}, column "{column}": {reason}')


class ColumnStage(Stage):
    """A stage that makes a column of each of its input columns.

    ``pairs``: the names of the inputs, each with its output's, of which those ``kept`` are made.
    ``is_label_stage``: Spark leaves an input alone that is not there, such as a label to predict.
    """

    is_label_stage = False

    def prepare(self) -> None:
        """Read which columns it makes of which."""
        self.pairs = self.find_pairs()
        self.kept = list(range(len(self.pairs)))
        self.load()

    def load(self) -> None:
        """Read the stage's data, once."""

    def find_pairs(self) -> List[Tuple[str, str]]:
        """Return the names of the inputs, each with that of its output."""
        if "inputCols" in self.saved.set_params:
            return list(zip(self.param("inputCols"), self.param("outputCols")))
        name = self.param("inputCol") or self.param("featuresCol")
        return [(name, self.param("outputCol") or f"{self.saved.uid}__output")]

    @property
    def reads(self) -> Tuple[str, ...]:
        """The names of its inputs."""
        return tuple(self.pairs[at][0] for at in self.kept)

    @property
    @abc.abstractmethod
    def takes(self) -> Column:
        """What an input is."""

    @abc.abstractmethod
    def gives(self, column: Column, at: int) -> Column:
        """Return what the output is that is made of an input, the ``at``-th one."""

    def plan(self, schema: Schema) -> None:
        """Note the inputs and the outputs."""
        self.inputs: Dict[int, Column] = {}
        for at in self.kept:
            name, made = self.pairs[at]
            self.inputs[at] = schema.need(name, self.takes)
            schema.add(made, self.gives(self.inputs[at], at))

    def transform(self, table: Table) -> None:
        """Make each output."""
        for at in self.kept:
            name, made = self.pairs[at]
            table[made] = self.apply(table[name], at)

    def samples(self) -> Dict[str, Any]:
        """Return the samples of its inputs."""
        found = {self.pairs[at][0]: self.sample(at) for at in self.kept}
        return {name: value for name, value in found.items() if value is not None}

    def sample(self, at: int) -> Any:
        """Return a value that it takes of the ``at``-th input; None where a zero or "" will do."""
        return None

    @abc.abstractmethod
    def apply(self, column: Any, at: int) -> Any:
        """Return the output of the ``at``-th input."""


class OfVectors(ColumnStage):
    """A stage that makes vectors of the same size."""

    takes = vector_of(FREE)

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are vectors of the same size."""
        return vector_of(column.size, column.slots)


_Class = TypeVar("_Class", bound=Type[Stage])

_STAGES: Dict[str, Type[Stage]] = {}


def evaluates(*names: str) -> Callable[[_Class], _Class]:
    """Register a class for the stages of these names of Java's, without ``org.apache.spark.ml``."""

    def register(stage: _Class) -> _Class:
        for name in names:
            _STAGES[name] = stage
        return stage

    return register


def registered() -> Dict[str, Type[Stage]]:
    """Return the classes of stages by Java's names."""
    return dict(_STAGES)
