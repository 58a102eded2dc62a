"""The settings of this runtime, and how models are recognised."""

import pytest
import torch

import pytorch_runtime
from pytorch_runtime import SETTINGS
from serving_runtime import settings
from serving_runtime.errors import LoadError, SettingError

FORWARD = "def forward(self, x): return x"


@pytest.fixture
def threads():
    """Restore the number of threads."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_follow_the_worker_s_share(load, save_scripted, signature, threads):
    """OMP_NUM_THREADS, which workers get from the container's CPUs, is PyTorch's number too."""
    save_scripted(FORWARD)
    options = settings.read(SETTINGS, {"OMP_NUM_THREADS": "3"})
    load(signature(), **options)
    assert torch.get_num_threads() == 3


def test_pickles_are_off_by_default():
    """PyTorch has formats without pickles, so those are refused unless they are meant."""
    assert settings.read(SETTINGS, {})["allow_pickle"] is False
    assert settings.read(SETTINGS, {"RUNTIME_ALLOW_PICKLE": "1"})["allow_pickle"] is True


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "1"])
def test_a_device_that_cannot_be_read_stops_the_start(text):
    """The message says which forms there are."""
    with pytest.raises(SettingError, match="auto, cpu, cuda, or cuda:N"):
        settings.read(SETTINGS, {"RUNTIME_DEVICE": text})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_here_stops_the_start(refusal, save_scripted, load, signature, caplog):
    """A GPU that is asked for must be there; auto takes the CPU and says so."""
    save_scripted(FORWARD)
    text = refusal(device="cuda:0")
    assert "RUNTIME_DEVICE=cuda:0 is not here" in text
    assert "RUNTIME_DEVICE=auto" in text
    load(signature(), device="auto")
    assert "RUNTIME_DEVICE=auto: there is no GPU" in caplog.text


@pytest.mark.parametrize("name", ["model.pt", "w.PTH", "m.pt2", "w.safetensors"])
def test_models_are_recognised_by_suffix(files, name):
    """Any of PyTorch's suffixes will do, and nothing is read."""
    assert not pytorch_runtime.recognises(files)
    (files / name).write_bytes(b"")
    assert pytorch_runtime.recognises(files)


def test_errors_of_the_start_are_load_errors(refusal, files):
    """An empty folder is told as such."""
    assert "there is no model in" in refusal()
    assert issubclass(LoadError, Exception)
