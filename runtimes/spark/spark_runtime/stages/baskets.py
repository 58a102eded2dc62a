"""Evaluate rules of what is bought together."""

from typing import Any, Dict, FrozenSet, List, Set, Tuple

from spark_runtime.columns import ANY_WORDS, Column
from spark_runtime.stages.stage import ColumnStage, evaluates
from spark_runtime.unsupported import Unsupported

_Items = Tuple[str, ...]


@evaluates("fpm.FPGrowthModel")
class FPGrowth(ColumnStage):
    """What else goes with the items of a row."""

    takes = ANY_WORDS

    def load(self) -> None:
        """Read the sets of items that were frequent, and make rules of them."""
        counts = {tuple(row["items"]): row["freq"] for row in self.saved.rows()}
        if not all(isinstance(item, str) for items in counts for item in items):
            raise Unsupported("its items are not texts")
        self._rules = _rules(counts, self.param("minConfidence", 0.8))

    def find_pairs(self) -> List[Tuple[str, str]]:
        """Return the names of the items and of what else goes with them."""
        return [(self.param("itemsCol", "items"), self.param("predictionCol", "prediction"))]

    def gives(self, column: Column, at: int) -> Column:
        """Return that these are items too."""
        return ANY_WORDS

    def apply(self, column: Any, at: int) -> List[List[str]]:
        """Return what the rules add to each row, in no order that Spark would have."""
        return [self._added(set(row)) for row in column]

    def _added(self, items: Set[str]) -> List[str]:
        rules = self._rules.items()
        matching = (added for before, added in rules if before <= items)
        return [item for item in dict.fromkeys(sum(matching, [])) if item not in items]


def _rules(counts: Dict[_Items, int], least: float) -> Dict[FrozenSet[str], List[str]]:
    """Return which items follow from which, if often enough."""
    found: Dict[FrozenSet[str], List[str]] = {}
    for items, count in counts.items():
        for at, item in enumerate(items):
            before = items[:at] + items[at + 1 :]
            if before in counts and count / counts[before] >= least:
                found.setdefault(frozenset(before), []).append(item)
    return found
