"""What stops a model from being loaded is told with advice that fits the cause, or with none."""

import io
import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from runtimes.sklearn.tests.pipelines import joblib, linear
from serving_runtime.errors import LoadError
from sklearn_runtime import causes, formats
from sklearn_runtime.options import Options

LOG = "the log has the traceback"
SUFFIXES = [".pkl", ".joblib"]


def refusal(files):
    """Return what stops the start."""
    with pytest.raises(LoadError) as caught:
        formats.open_model(files, Options())
    return caught.value


class Mine(LogisticRegression):
    """An estimator of a script."""


class Buggy(LogisticRegression):
    """An estimator whose own code fails when it is loaded."""

    error = ValueError("my bug")

    def __setstate__(self, state):
        raise self.error


def dumped(model, suffix):
    """Return the bytes of a file."""
    if suffix == ".pkl":
        return pickle.dumps(model, 2)
    content = io.BytesIO()
    joblib.dump(model, content)
    return content.getvalue()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_class_of_the_script_that_saved_it(files, monkeypatch, suffix):
    """It has to be importable, or be taken along; the file is whole."""
    monkeypatch.setattr(Mine, "__module__", "__main__")
    monkeypatch.setattr("__main__.Mine", Mine, raising=False)
    (files / ("model" + suffix)).write_bytes(dumped(Mine(), suffix))
    monkeypatch.undo()
    error = refusal(files)
    assert 'needs "Mine" of the script or notebook that saved it (__main__)' in error.problem
    assert "save with cloudpickle" in error.fix


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("wrong", "fix"), [
    (b"csklearn.no_such_part\nModel\n.", "serve it from the image of the scikit-learn that saved"),
    (b"csklearn.base\nNoSuchModel\n.", "serve it from the image of the scikit-learn that saved it"),
    (b"cnumpy.no_such_part\narray\n.", "install the version of numpy that saved it"),
    (b"cno_such_package\nModel\n.", "serve it from an image of your own that installs it"),
])  # fmt: skip
def test_what_the_file_refers_to_and_is_not_here(files, suffix, wrong, fix):
    """scikit-learn itself, another package of another version, or one that is missing."""
    (files / ("model" + suffix)).write_bytes(wrong)
    assert refusal(files).fix.startswith(fix)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [
    ValueError("my bug"), TypeError("my bug"), KeyError("my bug"), AttributeError("my bug"),
    ImportError("my bug"), RuntimeError("my bug"),
    AttributeError("module 'x' has no attribute 'y'"),
])  # fmt: skip
def test_a_bug_of_the_model_s_own_code_has_no_remedy(files, caplog, monkeypatch, suffix, error):
    """Only the traceback shows it, so the message says where that is."""
    monkeypatch.setattr(Buggy, "error", error)
    (files / ("model" + suffix)).write_bytes(dumped(Buggy(), suffix))
    told = refusal(files)
    assert "my bug" in told.problem or "has no attribute" in told.problem
    assert told.fix == LOG
    assert "__setstate__" in caplog.text


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [0, 5, 40, 200])
def test_a_file_that_is_cut_short(files, suffix, size):
    """It is to be looked at, not to be traced."""
    (files / ("model" + suffix)).write_bytes(dumped(linear(), suffix)[:size])
    assert refusal(files).fix.startswith("check that the file is whole")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_something_else(files, suffix):
    """Text is no pickle."""
    (files / ("model" + suffix)).write_bytes(b"<!DOCTYPE html><html></html>")
    assert refusal(files).fix.startswith("check that the file is whole")


def test_an_error_of_another_scikit_learn_needs_that_one(files, monkeypatch):
    """Its own code refuses the state of another version, which the file records."""
    monkeypatch.setattr(causes.versions, "hint", lambda content: "; saved by another one")
    content = pickle.dumps(_Refused(), 2)
    (files / "model.pkl").write_bytes(content)
    error = refusal(files)
    assert "saved by another one" in error.problem
    assert (
        error.fix == "serve it from the image of the scikit-learn that saved it, or save it again"
    )


class _Refused:
    def __reduce__(self):
        from sklearn.utils.validation import check_array

        return check_array, (np.array([[np.nan]]),)
