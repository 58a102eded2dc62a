import textwrap

import pytest

from python_runtime import loader
from serving_runtime.signature import FREE, Contract, Field, Signature


def _signature(name="infer", inputs=("x",), outputs=("y",), dtype="float64", shape=(FREE,)):
    """Return a signature whose fields are all alike."""
    return Signature(
        name,
        tuple(Field(field, dtype, shape) for field in inputs),
        tuple(Field(field, dtype, shape) for field in outputs),
    )


@pytest.fixture
def signature():
    """Make a signature; by default ``infer`` from x to y, float64[-1]."""
    return _signature


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, with an empty ``src``."""
    folder = tmp_path / "files"
    (folder / "src").mkdir(parents=True)
    return folder


@pytest.fixture
def write(files):
    """Write a file of the model, ``src/func_main.py`` unless told otherwise."""

    def write_file(code, name="src/func_main.py"):
        path = files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def load(files, write):
    """Load code as a model, and close the models at the end of the test."""
    models = []

    def load_code(code=None, *signatures, style="auto"):
        if code is not None:
            write(code)
        contract = Contract("model", signatures or (_signature(),))
        models.append(loader.load(files, contract, style))
        return models[-1]

    yield load_code
    for model in models:
        model.close()
