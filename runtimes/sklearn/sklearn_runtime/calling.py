"""Call several methods of an estimator on one input, running what they share once."""

from typing import Any, Dict, Sequence, Tuple

import numpy as np

from sklearn_runtime.framework import is_own
from sklearn_runtime.structure import is_pipeline, searched

# Their `predict` is defined as the most probable class, and is not merely equal to it.
_VOTES = ("ExtraTreesClassifier", "RandomForestClassifier")


def call(estimator: Any, methods: Sequence[str], rows: Any) -> Dict[str, Any]:
    """Return the result of each method.

    Args:
        estimator: fitted.
        methods: of the estimator, each once.
        rows: whatever the estimator takes.
    """
    if len(methods) > 1:
        estimator, rows = _last_step(estimator, rows)
    results: Dict[str, Any] = {}
    for method in methods:
        if not (method == "predict" and _is_vote(estimator) and "predict_proba" in methods):
            results[method] = getattr(estimator, method)(rows)
    if len(results) < len(methods):
        results["predict"] = _winners(estimator, results["predict_proba"])
    return results


def _last_step(estimator: Any, rows: Any) -> Tuple[Any, Any]:
    """Do what a pipeline's methods all do first: transform with every step but the last."""
    estimator = searched(estimator)
    if not is_pipeline(estimator):
        return estimator, rows
    for _, step in estimator.steps[:-1]:
        if step is not None and step != "passthrough":
            rows = step.transform(rows)
    return _last_step(estimator.steps[-1][1], rows)


def _is_vote(estimator: Any) -> bool:
    return is_own(estimator, "sklearn.ensemble", _VOTES) and estimator.n_outputs_ == 1


def _winners(estimator: Any, probabilities: np.ndarray) -> np.ndarray:
    winners: np.ndarray = estimator.classes_.take(np.argmax(probabilities, axis=1), axis=0)
    return winners
