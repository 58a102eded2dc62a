"""Know what XGBoost, LightGBM and CatBoost have of their own: names, categories, raw boosters.

None of them is imported: what is loaded has imported its library, or there is none to look at.
"""

import sys
from typing import Any, List, NamedTuple, Sequence, Tuple

from serving_runtime.signature import ANY, STRING

_LIBRARIES = ("xgboost", "lightgbm", "catboost")


class Column(NamedTuple):
    """What a booster shows of one column; see ``evidence.Evidence``."""

    dtype: str = ANY
    is_proven: bool = False
    value: Any = 0.0
    takes_missing: bool = True
    is_category: bool = False


_NUMBER = Column("float64", is_proven=True)
_CATEGORY = Column(is_category=True)


def is_booster(estimator: Any) -> bool:
    """Whether one of the libraries made it, raw or behind scikit-learn's interface."""
    return isinstance(estimator, XgboostBooster) or library_of(estimator) in _LIBRARIES


def library_of(estimator: Any) -> str:
    """Return the package that an object's type is of."""
    return type(estimator).__module__.partition(".")[0]


def served(loaded: Any) -> Any:
    """Return what has scikit-learn's interface: XGBoost's raw booster takes no arrays by itself."""
    is_raw = library_of(loaded) == "xgboost" and type(loaded).__name__ == "Booster"
    return XgboostBooster(loaded) if is_raw else loaded


def names(estimator: Any) -> Sequence[str]:
    """Return the names of the columns that it was fitted on, or those that it made up for them."""
    library = library_of(estimator)
    if library == "lightgbm":
        return tuple(_lightgbm_booster(estimator).feature_name())
    if library == "catboost":
        return tuple(estimator.feature_names_ or ())
    return tuple(_xgboost_booster(estimator).feature_names or ())


def columns(estimator: Any, width: int) -> List[Column]:
    """Describe the columns of a fitted one.

    Args:
        estimator: one of the libraries'.
        width: how many columns there are.
    """
    library = library_of(estimator)
    found = {"lightgbm": _lightgbm, "catboost": _catboost}.get(library, _xgboost)(estimator)
    return found if len(found) == width else [Column()] * width


class XgboostBooster:
    """XGBoost's raw booster behind scikit-learn's interface.

    Args:
        booster: fitted; its predictions are what ``Booster.predict`` gives.
    """

    def __init__(self, booster: Any) -> None:
        self.booster = booster
        self.n_features_in_ = booster.num_features()
        self._matrix = sys.modules[type(booster).__module__].DMatrix
        self._options = {"enable_categorical": True} if "c" in _xgboost_types(booster) else {}

    def predict(self, rows: Any) -> Any:
        """Return what the booster predicts."""
        return self.booster.predict(self._matrix(rows, **self._options))


def _lightgbm_booster(estimator: Any) -> Any:
    return getattr(estimator, "booster_", estimator)


def _lightgbm(estimator: Any) -> List[Column]:
    """Describe columns: each of numbers, or, as its text form says, of listed categories."""
    booster = _lightgbm_booster(estimator)
    infos = _lightgbm_infos(booster.model_to_string(num_iteration=1))
    listed = booster.pandas_categorical or []
    chosen = [info for info in infos if not info.startswith("[")]
    if not listed:
        return [_NUMBER] * len(infos)
    if len(chosen) != len(listed):  # a column of one value only does not say what it is
        return [_CATEGORY if info in chosen else _NUMBER for info in infos] if chosen else []
    rest = iter(listed)
    return [_NUMBER if info.startswith("[") else _of_categories(next(rest)) for info in infos]


def _lightgbm_infos(text: str) -> Tuple[str, ...]:
    lines = (line for line in text.splitlines() if line.startswith("feature_infos="))
    return tuple(next(lines, "=").partition("=")[2].split())


def _of_categories(values: Sequence[Any]) -> Column:
    is_text = bool(values) and all(isinstance(value, str) for value in values)
    return Column(STRING, True, values[0], is_category=True) if is_text else _CATEGORY


def _catboost(estimator: Any) -> List[Column]:
    """Describe columns: its categories may be texts or integers, and NaN is none of them."""
    found = [Column()] * len(estimator.feature_names_ or ())
    for place in estimator.get_cat_feature_indices():
        found[place] = Column(STRING, value="", takes_missing=False)
    for place in estimator.get_text_feature_indices():
        found[place] = Column(STRING, True, "", takes_missing=False)
    return found


def _xgboost_booster(estimator: Any) -> Any:
    if isinstance(estimator, XgboostBooster):
        return estimator.booster
    return estimator.get_booster() if hasattr(estimator, "get_booster") else estimator


def _xgboost_types(booster: Any) -> Sequence[str]:
    return getattr(booster, "feature_types", None) or ()


def _xgboost(estimator: Any) -> List[Column]:
    booster = _xgboost_booster(estimator)
    types = _xgboost_types(booster) or ["float"] * booster.num_features()
    # Before 3.1 it does not keep which categories there were, and takes their numbers.
    keeps_categories = hasattr(booster, "get_categories")
    return [_CATEGORY if kind == "c" and keeps_categories else _NUMBER for kind in types]
