"""Compare a saved model's columns with those that the Spark answered that saved it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import STRING
from spark_runtime.columns import Column, vector_of
from spark_runtime.pipeline import Pipeline
from spark_runtime.vectors import dense

MODELS = Path(__file__).parent / "models"

DTYPES = {
    "double": "float64",
    "float": "float32",
    "int": "int32",
    "bigint": "int64",
    "boolean": "bool",
}


# These are summed in another order than Spark's.
OTHER_SUMS = (
    "waves",  # of cosines, by a fast transform
    "waves_back",
    "normal_probability",  # whose covariance has all but no inverse
)
SUMMED_OTHERWISE = {"rtol": 1e-9, "atol": 1e-9}
# Spark starts these from other random numbers in each session.
STARTED_OTHERWISE = {"rtol": 1e-3, "atol": 1e-3}
# An empty pattern splits between the halves of a character, which no text can hold.
SPLIT_IN_UNITS = ("points",)
# Spark tells NaN from null in these outputs: a request cannot, and its NaN means null.
NAN_IS_NULL = ("wide", "few", "named", "a_marked", "b_marked")


def is_nan(value):
    """Whether a value is NaN, and not null."""
    return isinstance(value, float) and math.isnan(value)


def is_beyond_a_unit(value):
    """Whether a text has a character that is two of Java's."""
    return isinstance(value, str) and any(ord(character) > 0xFFFF for character in value)


class Answers:
    """What a Spark answered: the inputs, and all columns.

    Args:
        model_dir: has ``expected.json`` beside ``files/``.
    """

    def __init__(self, model_dir):
        expected = json.loads((model_dir / "expected.json").read_text(encoding="utf-8"))
        self.inputs = expected["inputs"]
        self._has_sql = "-sql" in model_dir.name
        self.outputs = expected["outputs"]
        self.types = expected.get("input_types") or {}
        self.refused = expected.get("refused", [])
        self.tolerance = {"rtol": expected["rtol"], "atol": expected["atol"]}
        self._has_starts = kind_of(model_dir) == "topics-em" or model_dir.name == "spark21-topics"
        self.count = len(next(iter(self.inputs.values())))
        self.answered = expected.get("rows", list(range(self.count)))
        columns = {name: self._column(name) for name in self.inputs}
        self._pipeline = Pipeline(model_dir / "files")
        self.schema = self._pipeline.plan(columns, set(self.outputs))

    def transformed(self, rows):
        """Return all columns that the pipeline makes of some rows."""
        table = {
            name: self._array(name, [values[row] for row in rows])
            for name, values in self.inputs.items()
        }
        # A statement may select the number of the row, by which its maker put the answers in order.
        for name in set(self.schema.inputs) - set(table):
            table[name] = np.array(rows)
        self._pipeline.transform(table)
        return table

    def settled(self, name):
        """Return the rows in which an output does not depend on whether a number is NaN or null."""
        is_odd = is_nan if name in NAN_IS_NULL or self._has_sql else is_beyond_a_unit
        if is_odd is is_beyond_a_unit and name not in SPLIT_IN_UNITS:
            return self.answered
        return [row for row in self.answered if not any(map(is_odd, self._row(row)))]

    def _row(self, row):
        return [values[row] for values in self.inputs.values()]

    def is_refused(self, row):
        """Whether the pipeline refuses one row, by name of its inputs."""
        table = {name: self._array(name, [value]) for name, value in row.items()}
        try:
            self._pipeline.transform(table)
        except InvalidInput:
            return True
        return False

    def refusals(self):
        """Return the rows that Spark fails at, and those that it leaves out."""
        rows = sorted(set(range(self.count)) - set(self.answered))
        left_out = [dict(zip(self.inputs, self._row(row))) for row in rows]
        failed = [it["inputs"] for it in self.refused]
        return [row for row in [*failed, *left_out] if self._has_sizes(row)]

    def _has_sizes(self, row):
        """Whether a row's vectors are as long as the others: a contract refuses them otherwise."""
        wide = [name for name, kind in self.types.items() if kind == "vector"]
        return all(len(full(row[name])) == len(full(self.inputs[name][0])) for name in wide)

    def tolerance_of(self, name):
        """Return how far the numbers of a column may be off."""
        if self._has_starts and name.startswith("topics"):
            return STARTED_OTHERWISE
        return SUMMED_OTHERWISE if name in OTHER_SUMS else self.tolerance

    def _type(self, name):
        if name in self.types:
            return self.types[name]
        values = [value for value in self.inputs[name] if value is not None]
        return {str: "string", bool: "boolean", int: "bigint"}.get(type(values[0]), "double")

    def _column(self, name):
        kind = self._type(name)
        if kind == "string":
            return Column("text", STRING)
        if kind.startswith("array"):
            return Column("words", STRING)
        if kind == "vector":
            return vector_of(len(full(self.inputs[name][0])))
        return Column("number", DTYPES.get(kind, "float64"))

    def _array(self, name, values):
        kind = self._type(name)
        if kind == "string":
            return np.array([*values, None], object)[:-1]
        if kind.startswith("array"):
            return values
        if kind == "vector":
            return np.array([full(value) for value in values], np.float64)
        if None in values or not DTYPES.get(kind, "float64").startswith("int"):
            dtype = np.float32 if kind == "float" else np.float64
            numbers = np.array([np.nan if it is None else it for it in values], dtype)
            return numbers.astype(np.float64)
        return np.array(values, DTYPES[kind])


def full(value):
    """Return a vector that may be written sparse."""
    if isinstance(value, dict):
        found = np.zeros(value["size"])
        found[value["indices"]] = value["values"]
        return found
    return value


def assert_same(found, expected, tolerance):
    """Check a column: texts and words the same, and numbers but for their last bits."""
    if isinstance(found, list) or getattr(found, "dtype", np.float64) is np.dtype(object):
        assert [it if isinstance(it, str) or it is None else list(it) for it in found] == expected
        return
    numbers = [[] if it is None else full(it) for it in expected]
    there = [row for row, it in enumerate(expected) if it is not None]
    received = np.asarray(dense(found), np.float64)[there]
    wanted = np.array([numbers[row] for row in there], np.float64)
    if wanted.size or received.size:
        assert received.shape == wanted.shape
        np.testing.assert_allclose(received, wanted, equal_nan=True, **tolerance)


# Spark has no order among the items that its rules add.
UNORDERED = ("also",)
# What is not evaluated, and why, as it is said at the start.
REFUSED = {
    "sql-where": "of more than one row",
    "sql-window": "of more than one row",
}


def every_model(is_refused=False):
    """Return the folders of the kept models that are evaluated, or of those that are not."""
    found = sorted(path.parent for path in MODELS.glob("*/expected.json"))
    return [path for path in found if (kind_of(path) in REFUSED) == is_refused]


OLDEST, NEWEST = "spark21", "spark43"


def parameters(paths, by_day):
    """Return models as the parameters of a test: those of some Sparks by day, the others at night.

    Args:
        paths: of the models.
        by_day: the Sparks.
    """
    return [
        pytest.param(
            path,
            id=path.name,
            marks=() if path.name.partition("-")[0] in by_day else pytest.mark.nightly,
        )
        for path in paths
    ]


def kind_of(path):
    """Return what a model is, without the Spark that saved it."""
    return path.name.partition("-")[2]


def same_bits(alone, together, at):
    """Whether a column of one row has what another one has at a place, to the last bit."""
    if isinstance(together, list):
        return list(alone[0]) == list(together[at])
    one, other = dense(alone)[0], dense(together)[at]
    if isinstance(one, str):
        return one == other
    return np.asarray(one, np.float64).tobytes() == np.asarray(other, np.float64).tobytes()
