"""Score rows with a model: one call for many, and where that fails, ever fewer until it is clear.

A row that fails is put aside with its reason; no other row is lost with it.
"""

from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Tuple

import numpy as np
import pyarrow as pa

from serving_runtime import validation
from serving_runtime.batch.parts import NOTHING_KNOWN, BadRow, Care, Plan
from serving_runtime.batch.results import ResultWriter, plain
from serving_runtime.batch.values import ColumnReader, UnfitRows
from serving_runtime.model import Model
from serving_runtime.worker.answers import answer_for

Announce = Callable[[int, int], None]


class Scored(NamedTuple):
    """The results of some rows, and the rows that have none."""

    rows: Any
    bad: List[BadRow]


class _Piece(NamedTuple):
    """Rows that are tried together, with their numbers in the source."""

    numbers: np.ndarray
    rows: Any

    def halves(self) -> Tuple["_Piece", "_Piece"]:
        middle = len(self.numbers) // 2
        return self._cut(0, middle), self._cut(middle, len(self.numbers))

    def without(self, left_out: Any) -> "_Piece":
        kept = np.setdiff1d(np.arange(len(self.numbers)), list(left_out))
        return _Piece(self.numbers[kept], self.rows.take(pa.array(kept)))

    def refuse(self, poison: Mapping[int, str]) -> None:
        """Raise UnfitRows if there are rows that have ended the process."""
        numbers = self.numbers.tolist()
        known = {at: poison[row] for at, row in enumerate(numbers) if row in poison}
        if known:
            raise UnfitRows(known)

    def bad(self, at: int, reason: str) -> BadRow:
        return BadRow(int(self.numbers[at]), reason, plain(self.rows.slice(at, 1)))

    def _cut(self, start: int, stop: int) -> "_Piece":
        return _Piece(self.numbers[start:stop], self.rows.slice(start, stop - start))


class Scorer:
    """A model behind its contract: rows of columns in, rows of results out.

    Args:
        model: is called by one thread.
        plan: the job's.
        announce: given, before each call, the numbers of its first row and of the next one after.
    """

    def __init__(self, model: Model, plan: Plan, announce: Announce) -> None:
        self._model = model
        self._signature = plan.binding.signature
        self._cast = plan.cast
        self._announce = announce
        self._reader = ColumnReader(plan.binding, model.string_type, plan.cast)
        self._results = ResultWriter(plan.binding)
        self._rows_per_call = plan.rows_per_call if self._signature.is_stackable else 1

    def score(self, rows: Any, numbers: np.ndarray, care: Care = NOTHING_KNOWN) -> Iterator[Scored]:
        """Score a record batch, call by call.

        Args:
            rows: has the binding's columns.
            numbers: of the rows, in their source.
            care: what is known of rows that end the process.
        """
        poison = dict(care.poison)
        start = 0
        while start < rows.num_rows:
            step = care.step(int(numbers[start]), self._rows_per_call)
            piece = _Piece(numbers[start : start + step], rows.slice(start, step))
            yield from self._score(piece, poison)
            start += step

    def _score(self, piece: _Piece, poison: Mapping[int, str]) -> Iterator[Scored]:
        """Score a piece, or parts of it where it fails as a whole, in the order of its rows."""
        todo = [piece]
        while todo:
            piece = todo.pop()
            try:
                if poison:
                    piece.refuse(poison)
                yield Scored(self._call(piece), [])
            except UnfitRows as unfit:
                bad = [piece.bad(at, reason) for at, reason in sorted(unfit.reasons.items())]
                yield Scored(None, bad)
                if len(bad) < len(piece.numbers):
                    todo.append(piece.without(unfit.reasons))
            except BaseException as error:  # noqa: BLE001  user code may raise anything
                if len(piece.numbers) == 1:
                    yield Scored(None, [piece.bad(0, answer_for(error).details)])
                else:
                    todo.extend(reversed(piece.halves()))

    def _call(self, piece: _Piece) -> Any:
        tensors = self._reader.tensors(piece.rows)
        # Texts are what the model takes already: `bytes` leaves them as they are.
        inputs = validation.validate_inputs(self._signature, tensors, self._cast, bytes)
        self._announce(int(piece.numbers[0]), int(piece.numbers[-1]) + 1)
        results = self._model.predict(self._signature.name, inputs)
        outputs = validation.validate_outputs(self._signature, results)
        return self._results.rows(piece.rows, outputs)
