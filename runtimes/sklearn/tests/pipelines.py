"""Five fitted pipelines, with requests to them and the answers of scikit-learn itself."""

import contextlib
import importlib
import warnings
from typing import Any, Callable, Dict, NamedTuple

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    importlib.import_module("sklearn")
    warnings.simplefilter("ignore")  # again: importing it makes it show its own
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    try:
        import joblib
    except ImportError:
        from sklearn.externals import joblib
    try:
        compose = importlib.import_module("sklearn.compose")
    except ImportError:  # before 0.20
        compose = None

__all__ = ["PIPELINES", "Sample", "compose", "joblib", "linear", "quietly", "table"]

ROWS = 200
WORDS = ["grün", "blue", "red", "tall", "small", "old", "new", "雪"]


class Sample(NamedTuple):
    """A fitted estimator, and how to ask it.

    ``inputs`` are the rows as a client sends them; ``native`` makes of some of them what
    scikit-learn takes itself.
    """

    estimator: Any
    inputs: Dict[str, np.ndarray]
    native: Callable[[Dict[str, np.ndarray]], Any]


@contextlib.contextmanager
def quietly():
    """Fit without what old versions say of their defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def numbers():
    """Return a table of 200 rows, and a class for each."""
    random = np.random.RandomState(0)
    rows = random.standard_normal((ROWS, 6))
    return rows, (rows[:, 0] + rows[:, 1] ** 2 > 0.5).astype(np.int64)


def texts():
    """Return 200 short texts."""
    random = np.random.RandomState(1)
    return np.array([" ".join(random.choice(WORDS, 5)) for _ in range(ROWS)], dtype=object)


def table():
    """Return 200 rows of mixed columns, by name."""
    random = np.random.RandomState(2)
    return {
        "age": random.randint(18, 90, ROWS),
        "city": random.choice(np.array(["Kyiv", "Köln", "京都"], dtype=object), ROWS),
        "income": random.standard_normal(ROWS) * 1000,
        "about": texts(),
    }


def linear():
    """Return scaled logistic regression over 6 numbers, with classes that are strings."""
    rows, classes = numbers()
    with quietly():
        model = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
        return model.fit(rows, np.array(["no", "yes"])[classes])


def _linear():
    return Sample(linear(), {"x": numbers()[0]}, lambda inputs: inputs["x"])


def _forest():
    model = RandomForestClassifier(n_estimators=20, random_state=0).fit(*numbers())
    return Sample(model, {"x": numbers()[0]}, lambda inputs: inputs["x"])


def _boosting():
    model = GradientBoostingClassifier(n_estimators=20, random_state=0).fit(*numbers())
    return Sample(model, {"x": numbers()[0]}, lambda inputs: inputs["x"])


def _text():
    model = Pipeline([("words", TfidfVectorizer()), ("model", LogisticRegression())])
    with quietly():
        model.fit(texts(), numbers()[1])
    return Sample(model, {"text": texts()}, lambda inputs: inputs["text"])


def _columns():
    import pandas

    columns = compose.ColumnTransformer(
        [
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("about", TfidfVectorizer(), "about"),
            ("numbers", StandardScaler(), ["age", "income"]),
        ]
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression())])
    with quietly():
        model.fit(pandas.DataFrame(table()), numbers()[1])
    return Sample(model, table(), pandas.DataFrame)


PIPELINES = {"linear": _linear, "forest": _forest, "boosting": _boosting, "text": _text}
if compose is not None:
    PIPELINES["columns"] = _columns
