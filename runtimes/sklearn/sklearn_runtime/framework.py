"""Imports scikit-learn for all modules, without what old versions say of newer surroundings."""

import warnings

with warnings.catch_warnings():
    # Up to 0.24, on Python 3.6: deprecated imports, and the size of NumPy's objects, which is fine.
    warnings.simplefilter("ignore")
    import sklearn

    warnings.simplefilter("ignore")  # again: importing it makes it show its own
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
    from sklearn.pipeline import Pipeline

VERSION: str = sklearn.__version__
SEARCHES = (GridSearchCV, RandomizedSearchCV)
# Their `predict` is defined as the most probable class, and is not merely equal to it.
VOTES = (ExtraTreesClassifier, RandomForestClassifier)

__all__ = ["SEARCHES", "VERSION", "VOTES", "NotFittedError", "Pipeline"]
