import pickle

import pytest

from runtimes.sklearn.tests.pipelines import joblib
from sklearn_runtime import loader


def pytest_configure(config):
    """Ignore what old scikit-learns warn of in newer surroundings, so that they can be imported."""
    for message in (
        "numpy.ufunc size changed",
        "numpy.dtype size changed",
        "Data with input dtype",
    ):
        config.addinivalue_line("filterwarnings", f"ignore:{message}")
    config.addinivalue_line("filterwarnings", "ignore:numpy.core.umath_tests:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:can't resolve package:ImportWarning")


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, empty."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def save(files):
    """Save an object in the format of a name's suffix."""

    def save_as(model, name="model.pkl"):
        path = files / name
        if name.endswith(".joblib"):
            joblib.dump(model, str(path))
        elif name.endswith(".skops"):
            pytest.importorskip("skops.io").dump(model, path)
        elif name.endswith(".cloudpickle"):
            path.write_bytes(pytest.importorskip("cloudpickle").dumps(model))
        else:
            path.write_bytes(pickle.dumps(model))
        return path

    return save_as


@pytest.fixture
def serve(files, save):
    """Save an estimator and load it as the server does; returns the contract and the model."""

    def load(model=None, declared=None, **options):
        if model is not None:
            save(model)
        contract = loader.infer_contract(files, declared, **options)
        return contract, loader.load(files, contract, **options)

    return load
