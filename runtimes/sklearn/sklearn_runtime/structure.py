"""Look into a fitted estimator: which methods it has, what sees the input first, and how wide."""

import inspect
from typing import Any, Optional, Sequence, Tuple

import numpy as np

from sklearn_runtime import boosters
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
# How libraries name the columns of an array: LightGBM, XGBoost, converters, R's habit; CatBoost.
_INVENTED = ("Column_", "f", "feature_", "x", "")


def methods_of(estimator: Any) -> Tuple[str, ...]:
    """Name the methods that can be served; those that depend on others' presence included."""
    return tuple(name for name in METHODS if takes_one_table(getattr(estimator, name, None)))


def odd_methods(estimator: Any) -> Tuple[Tuple[str, str], ...]:
    """Return the methods that cannot be called with rows alone, and what they take instead."""
    found = ((name, getattr(estimator, name, None)) for name in METHODS)
    return tuple(
        (name, str(inspect.signature(method, follow_wrapped=False)))
        for name, method in found
        if callable(method) and not takes_one_table(method)
    )


def takes_one_table(method: Any) -> bool:
    """Whether a method can be called with one argument: the rows."""
    if not callable(method):
        return False
    try:
        inspect.signature(method, follow_wrapped=False).bind(None)
    except TypeError:
        return False
    except ValueError:  # one that is written in C does not say
        return True
    return True


def is_pipeline(estimator: Any) -> bool:
    """Whether it is scikit-learn's own pipeline, and not one derived from it that may differ."""
    return is_own(estimator, "sklearn.pipeline", ("Pipeline",))


def is_union(estimator: Any) -> bool:
    """Whether it is scikit-learn's own union, whose parts all see the same columns."""
    return is_own(estimator, "sklearn.pipeline", ("FeatureUnion",))


def is_imputer(estimator: Any) -> bool:
    """Whether it hands on its columns as they are, with something in place of what is missing."""
    return is_own(estimator, "sklearn.impute", ("SimpleImputer",))


def is_function(estimator: Any) -> bool:
    """Whether it is scikit-learn's, and what it does with its columns is not known all the same."""
    return type(estimator).__name__ == "FunctionTransformer"


def is_sklearns(estimator: Any) -> bool:
    """Whether its type is scikit-learn's own, and not one derived from it."""
    return type(estimator).__module__.partition(".")[0] == "sklearn"


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
    """Return the names of the columns that it was fitted on, in order; empty if it had none.

    They may be ``are_invented``.
    """
    return own_feature_names(estimator) or own_feature_names(first_step(estimator))


def own_feature_names(step: Any) -> Tuple[str, ...]:
    """Return the names that one step has by itself."""
    found = (getattr(step, name, None) for name in _NAMES)
    names = next((names for names in found if names is not None), None)
    if names is None and boosters.is_booster(step):
        names = boosters.names(step)
    return () if names is None else tuple(map(str, names))


def are_invented(names: Sequence[str]) -> bool:
    """Whether names only count the columns, as those that a library makes up for an array."""
    return any(
        all(name == f"{prefix}{index}" for index, name in enumerate(names)) for prefix in _INVENTED
    )


def feature_count(estimator: Any) -> Optional[int]:
    """Return how many columns it was fitted on; None where it does not say."""
    first = first_step(estimator)
    for place, name in (
        (estimator, "n_features_in_"),
        (first, "n_features_in_"),
        (first, "n_features_"),
    ):
        if getattr(place, name, None):  # CatBoost's is 0 once it has been saved and loaded
            return int(getattr(place, name))
    learnt = (getattr(first, name, None) for name in _LEARNT)
    shapes = (np.shape(found) for found in learnt if found is not None)
    return next((int(shape[-1]) for shape in shapes if shape), len(feature_names(first)) or None)
