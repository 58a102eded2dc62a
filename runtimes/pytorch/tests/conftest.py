import logging
import shutil
import textwrap
import warnings
from pathlib import Path

import pytest
import torch

from pytorch_runtime import loader
from runtimes.pytorch.tests import networks
from serving_runtime.errors import LoadError
from serving_runtime.signature import FREE, Contract, Field, Signature

IMAGES = Field("images", "float32", (FREE, 8, 8))
CONVOLUTION = Signature(
    "predict", (IMAGES,), (Field("label", "int64", (FREE,)), Field("scores", "float32", (FREE, 10)))
)


def _contract(*signatures):
    return Contract("", signatures)


def _signature(inputs="x", outputs="y", name="forward", dtype="float32", shape=(FREE,)):
    """Return a signature whose fields are all alike; names are separated by spaces."""
    return Signature(
        name,
        tuple(Field(field, dtype, shape) for field in inputs.split()),
        tuple(Field(field, dtype, shape) for field in outputs.split()),
    )


@pytest.fixture
def signature():
    """Make a signature; by default ``forward`` from x to y, float32[-1]."""
    return _signature


@pytest.fixture
def contract():
    """Make a contract of signatures."""
    return _contract


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def write(files):
    """Write the user's ``src/model.py``."""

    def write_code(code):
        (files / "src").mkdir(exist_ok=True)
        (files / "src" / "model.py").write_text(textwrap.dedent(code), encoding="utf-8")

    return write_code


@pytest.fixture
def load(files, caplog):
    """Load what is in ``files``, and close it at the end of the test."""
    caplog.set_level(logging.INFO)
    models = []

    def load_model(*signatures, **options):
        models.append(loader.load(files, _contract(*signatures), **options))
        return models[-1]

    yield load_model
    for model in models:
        model.close()


@pytest.fixture
def refusal(load):
    """Return what the loader says of ``files`` that it refuses."""

    def refuse(*signatures, **options):
        with pytest.raises(LoadError) as caught:
            load(*(signatures or [_signature()]), **options)
        return str(caught.value)

    return refuse


@pytest.fixture
def save_scripted(files):
    """Write TorchScript of methods that are given as source."""

    def save(*methods, name="model.pt"):
        networks.save_script(networks.scripted("Net", *methods), files / name)

    return save


def export(network, inputs, name, **options):
    """Write a program of torch.export; skips the test where PyTorch has none."""
    if not hasattr(torch, "export"):
        pytest.skip(f"PyTorch {torch.__version__} has no torch.export")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own, of its own parts
        program = torch.export.export(network, inputs, **options)
        torch.export.save(program, str(name))


@pytest.fixture
def save_exported(files):
    """Write a program whose inputs' first axis is free, or as the options say."""

    def save(network, inputs, low=None, high=None, **options):
        if hasattr(torch, "export") and "dynamic_shapes" not in options:
            batch = torch.export.Dim("batch", min=low, max=high)
            options["dynamic_shapes"] = [{0: batch}] * len(inputs)
        export(network, inputs, files / "model.pt2", **options)

    return save


def _save_torchscript(files):
    networks.save_script(networks.convolution(), files / "model.pt")


def _save_exported(files):
    free = {0: torch.export.Dim("batch")} if hasattr(torch, "export") else None
    images = torch.rand(3, 8, 8)
    export(networks.convolution(), (images,), files / "model.pt2", dynamic_shapes=[free])


def _save_code(files):
    (files / "src").mkdir()
    code = Path(networks.__file__).read_text(encoding="utf-8") + "\n\nbuild = Convolution\n"
    (files / "src" / "model.py").write_text(code, encoding="utf-8")


def _save_state_dict(files):
    _save_code(files)
    torch.save(networks.convolution().state_dict(), str(files / "weights.pt"))


def _save_safetensors(files):
    reader = pytest.importorskip("safetensors.torch", reason="safetensors needs Python 3.7")
    _save_code(files)
    reader.save_file(networks.convolution().state_dict(), str(files / "weights.safetensors"))


FORMS = {
    "torchscript": _save_torchscript,
    "exported": _save_exported,
    "state-dict": _save_state_dict,
    "safetensors": _save_safetensors,
}


@pytest.fixture(params=sorted(FORMS))
def convolution(request, tmp_path):
    """Write the convolutional network in each form; returns its model directory."""
    model = tmp_path / "convolution"
    (model / "files").mkdir(parents=True)
    FORMS[request.param](model / "files")
    source = Path(__file__).resolve().parent / "models" / "convolution" / "contract.yaml"
    shutil.copy(str(source), str(model))
    return model
