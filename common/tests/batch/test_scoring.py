import numpy as np
import pyarrow as pa

from serving_runtime.batch.binding import Wishes, bind
from serving_runtime.batch.parts import NOTHING_KNOWN, Plan
from serving_runtime.batch.scoring import Scorer
from serving_runtime.model import Model
from serving_runtime.signature import FREE, Field, Signature

SIGNATURE = Signature("infer", (Field("x", "int64", (FREE,)),), (Field("y", "int64", (FREE,)),))


class Doubling(Model):
    """Doubles numbers, refuses 13, and notes how many it was given at a time."""

    def __init__(self):
        self.calls = []

    def predict(self, signature_name, inputs):
        """Answer."""
        x = inputs["x"]
        self.calls.append(x.size)
        if (x == 13).any():
            raise ValueError("thirteen")
        return {"y": x[:-1] if (x == 7).any() and x.size > 1 else x * 2}


def score(values, model, signature=SIGNATURE, care=NOTHING_KNOWN, rows_per_call=8):
    """Return the results, the bad rows with their reasons, and the ranges that were announced."""
    announced = []
    batch = pa.record_batch({"x": values})
    binding = bind(signature, batch.schema, Wishes(keep=("*",)), False)
    plan = Plan(binding, "", "", rows_per_call, "same_kind")
    scorer = Scorer(model, plan, lambda *rows: announced.append(rows))
    found = list(scorer.score(batch, np.arange(100, 100 + len(values)), care))
    rows = [row for each in found if each.rows is not None for row in each.rows.to_pylist()]
    return rows, {bad.row: bad.reason for each in found for bad in each.bad}, announced


def test_rows_go_together():
    """A call has as many rows as may be; results stand beside what is kept."""
    model = Doubling()
    rows, bad, announced = score(list(range(20, 30)), model)
    assert rows == [{"x": x, "y": 2 * x} for x in range(20, 30)]
    assert (bad, model.calls, announced) == ({}, [8, 2], [(100, 108), (108, 110)])


class Changing(Model):
    """Writes into what it is given."""

    def predict(self, signature_name, inputs):
        """Answer."""
        inputs["x"] += 1
        return {"y": inputs["x"]}


def test_what_the_model_gets_is_its_own():
    """The columns that are kept stay as they were."""
    rows, bad, _ = score([1, 2], Changing())
    assert (rows, bad) == ([{"x": 1, "y": 2}, {"x": 2, "y": 3}], {})


def test_a_row_that_fails_takes_no_other_with_it():
    """Each row that the model refuses is singled out, by ever fewer rows in a call."""
    rows, bad, _ = score([13, 1, 2, 3, 4, 13, 5, 6], Doubling())
    assert [row["y"] for row in rows] == [2, 4, 6, 8, 10, 12]
    assert bad == {100: "ValueError('thirteen')", 105: "ValueError('thirteen')"}


def test_a_call_that_loses_rows_is_tried_with_fewer():
    """Results are never given to other rows than theirs."""
    rows, bad, _ = score([1, 7, 3], Doubling())
    assert ([row["y"] for row in rows], bad) == ([2, 14, 6], {})


def test_rows_that_do_not_fit_are_put_aside_at_once():
    """Rows without a value are known before the model is called."""
    model = Doubling()
    rows, bad, _ = score([1, None, 3, None], model)
    assert ([row["x"] for row in rows], list(bad), model.calls) == ([1, 3], [101, 103], [2])


def test_each_row_is_a_call_where_rows_cannot_go_together():
    """A signature of scalars takes one row at a time."""
    scalars = Signature("infer", (Field("x", "int64", ()),), (Field("y", "int64", ()),))
    model = Doubling()
    rows, bad, _ = score([1, 13, 3], model, scalars)
    assert [row["y"] for row in rows] == [2, 6]
    assert (list(bad), model.calls) == ([101], [1, 1, 1])


def test_rows_that_end_the_process_are_narrowed_down():
    """A call that never came back is made of fewer rows, until the row is known, and left out."""
    care = NOTHING_KNOWN.narrowed(100, 108, "died")
    assert [care.step(row, 8) for row in (90, 99, 100, 107, 108)] == [8, 1, 1, 1, 8]
    care = care.narrowed(103, 104, "died")
    rows, bad, announced = score([1, 2, 3, 4, 5, 6], Doubling(), care=care)
    assert ([row["x"] for row in rows], bad) == ([1, 2, 3, 5, 6], {103: "died"})
    assert (103, 104) not in announced
