"""A model that another scikit-learn saved is told, or refused."""

import pickle
import zipfile

import pytest

from runtimes.sklearn.tests.pipelines import joblib, linear
from serving_runtime.errors import LoadError
from sklearn_runtime import formats, versions
from sklearn_runtime.framework import VERSION
from sklearn_runtime.options import Options


@pytest.fixture
def said(monkeypatch):
    """Return a function that saves as another version of scikit-learn would."""

    def save_as(version, save):
        import sklearn.base

        monkeypatch.setattr(sklearn.base, "__version__", version)
        save()
        monkeypatch.undo()

    return save_as


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_version_is_read_from_a_pickle(protocol):
    """Every protocol has the version within a few bytes of its name."""
    assert versions.recorded_in(pickle.dumps(linear(), protocol)) == VERSION


def test_the_version_is_read_from_skops(files, save):
    """Its schema has it as JSON."""
    save(linear(), "model.skops")
    schema = zipfile.ZipFile(str(files / "model.skops")).read("schema.json")
    assert versions.recorded_in(schema) == VERSION


@pytest.mark.parametrize("compress", [0, 3])
def test_another_version_is_warned_of_once(files, said, caplog, compress):
    """A compressed file tells only while it is loaded; one line either way, with the tag."""
    path = files / "model.joblib"
    said("0.18.2", lambda: joblib.dump(linear(), str(path), compress=compress))
    formats.open_model(files, Options())
    (line,) = [record.getMessage() for record in caplog.records if "0.18.2" in record.getMessage()]
    assert f"was saved by scikit-learn 0.18.2, and here is {VERSION}" in line
    assert "serving-runtime-sklearn:0.18.2-latest" in line


@pytest.mark.parametrize("compress", [0, 3])
def test_another_version_can_be_refused(files, said, compress):
    """RUNTIME_VERSION_SKEW=refuse stops the start."""
    path = files / "model.joblib"
    said("0.18.2", lambda: joblib.dump(linear(), str(path), compress=compress))
    with pytest.raises(LoadError, match=r"saved by scikit-learn 0\.18\.2"):
        formats.open_model(files, Options(version_skew="refuse"))


def test_another_patch_is_no_other_version(files, save, said, caplog):
    """1.5.1 and 1.5.2 differ in what was mended."""
    said(VERSION.rpartition(".")[0] + ".99", lambda: save(linear()))
    formats.open_model(files, Options(version_skew="refuse"))
    assert len(caplog.records) == 1  # that it is a pickle


def test_a_failure_names_the_other_version(files, said, save):
    """A class that has moved since is the usual reason, so the message says where to go."""
    said("0.18.2", lambda: save(linear()))
    path = files / "model.pkl"
    content = path.read_bytes().replace(b"StandardScaler", b"StandardScalor")
    path.write_bytes(content)
    with pytest.raises(LoadError, match=r"StandardScalor.*saved by scikit-learn 0\.18\.2"):
        formats.open_model(files, Options())
