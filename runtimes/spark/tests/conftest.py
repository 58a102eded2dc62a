import pytest

from runtimes.spark.tests import saving
from spark_runtime import loader


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, empty."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def save():
    """Save a stage that has no data."""
    return saving.save_stage


@pytest.fixture
def save_pipeline():
    """Save a pipeline of such stages."""
    return saving.save_stages


@pytest.fixture
def serve(files):
    """Load what is in ``files`` as the server does; returns the contract and the model."""

    def load(declared=None):
        contract = loader.infer_contract(files, declared)
        return contract, loader.load(files, declared or contract)

    return load
