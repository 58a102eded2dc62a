"""Makes the conformance models beside it, which every scikit-learn from 0.19 on can load.

They are checked in; to make them again, run this from the top of the repository::

    python -m runtimes.sklearn.tests.make_models

A pickle of an estimator holds its state, which another version cannot be trusted to understand.
These hold how to make it instead: calls of classes and of ``fit``, with arguments that all versions
take. They are made, and fitted, where they are loaded.
"""

import importlib
import operator
import pickle
from pathlib import Path

MODELS = Path(__file__).resolve().parent / "models"


class Recipe:
    """Is pickled as a call, and so comes out as what that returns."""

    def __init__(self, make, *arguments):
        self._call = make, arguments

    def __reduce__(self):
        """Return the call for pickle to make."""
        return self._call


def main():
    """Write each model's file."""
    write("identity", made("sklearn.preprocessing", "FunctionTransformer", validate=False))
    points, names = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], ["a", "b", "ц"]
    nearest = made("sklearn.neighbors", "KNeighborsClassifier", n_neighbors=1)
    write("estimator", Recipe(operator.methodcaller("fit", points, names), nearest))


def made(module, name, **parameters):
    """Return a recipe that calls a class by its public name: the module behind it has moved."""
    return Recipe(
        operator.methodcaller(name, **parameters), Recipe(importlib.import_module, module)
    )


def write(name, recipe):
    """Write the file of one model, the same bytes each time."""
    path = MODELS / name / "files" / f"{name}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(recipe, protocol=2))


if __name__ == "__main__":
    main()
