"""Look into a fitted estimator: which methods it has, what sees the input first, and how wide."""

from typing import Any, Optional, Tuple

import numpy as np

from sklearn_runtime.framework import is_own

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "transform",
    "score_samples",
    "kneighbors",
)
_SEARCHES = ("GridSearchCV", "RandomizedSearchCV")
# Before 0.24 an estimator does not say how many features it has, but what it has learnt does.
_LEARNT = (
    "coef_", "components_", "cluster_centers_", "scale_", "mean_", "data_min_", "theta_",
    "support_vectors_", "_fit_X",
)  # fmt: skip
# The names that columns were fitted by: since 1.0, in 0.24, in 0.22.
_NAMES = ("feature_names_in_", "_feature_names_in", "_df_columns")


def methods_of(estimator: Any) -> Tuple[str, ...]:
    """Name the methods that can be served; those that depend on others' presence included."""
    return tuple(name for name in METHODS if callable(getattr(estimator, name, None)))


def is_pipeline(estimator: Any) -> bool:
    """Whether it is scikit-learn's own pipeline, and not one derived from it that may differ."""
    return is_own(estimator, "sklearn.pipeline", ("Pipeline",))


def searched(estimator: Any) -> Any:
    """Return what a parameter search has found, and anything else as it is."""
    is_search = is_own(estimator, "sklearn.model_selection", _SEARCHES)
    return getattr(estimator, "best_estimator_", estimator) if is_search else estimator


def first_step(estimator: Any) -> Any:
    """Return what sees the input first: the innermost first step of pipelines and searches."""
    inner = searched(estimator)
    if not is_pipeline(inner):
        return inner
    steps = [step for _, step in inner.steps if step is not None and step != "passthrough"]
    return first_step(steps[0]) if steps else inner


def takes_text(estimator: Any) -> bool:
    """Whether the input is a list of texts: its first step is a vectoriser of texts."""
    return hasattr(first_step(estimator), "build_analyzer")


def feature_names(estimator: Any) -> Tuple[str, ...]:
    """Return the names of the columns that it was fitted on, in order; empty if it had none."""
    places = (estimator, first_step(estimator))
    found = (getattr(place, name, None) for place in places for name in _NAMES)
    return next((tuple(map(str, names)) for names in found if names is not None), ())


def feature_count(estimator: Any) -> Optional[int]:
    """Return how many columns it was fitted on; None where it does not say."""
    first = first_step(estimator)
    for place, name in (
        (estimator, "n_features_in_"),
        (first, "n_features_in_"),
        (first, "n_features_"),
    ):
        if getattr(place, name, None) is not None:
            return int(getattr(place, name))
    learnt = (getattr(first, name, None) for name in _LEARNT)
    shapes = (np.shape(found) for found in learnt if found is not None)
    return next((int(shape[-1]) for shape in shapes if shape), None)
