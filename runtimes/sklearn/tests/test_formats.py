"""Each format is loaded as what it is, and what is wrong with a file is told in one message."""

import importlib.util
import io
import operator
import pickle
import zipfile

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from runtimes.sklearn.tests.pipelines import joblib, linear, numbers
from serving_runtime.errors import LoadError
from sklearn_runtime import formats, loader
from sklearn_runtime.options import Options

ROWS = numbers()[0][:5]
PICKLES = [".pkl", ".pickle", ".joblib"]
FILES = [*PICKLES, *(["." + name for name in ("cloudpickle", "skops")
                      if importlib.util.find_spec(name)])]  # fmt: skip
needs_skops = pytest.mark.skipif(".skops" not in FILES, reason="skops needs a newer Python")


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        """Return the call by which pickle makes the file."""
        return open, (str(self._path), "w")


def refused(files, match, **options):
    """Open a model that cannot be, and return the message."""
    with pytest.raises(LoadError, match=match) as caught:
        formats.open_model(files, Options(**options))
    return str(caught.value)


@pytest.mark.parametrize("suffix", FILES)
def test_a_format_gives_back_what_was_saved(save, serve, suffix):
    """A model answers the same from a file of any format."""
    model = linear()
    save(model, "model" + suffix)
    _, served = serve()
    answer = served.predict("predict_proba", {"x": ROWS})["predict_proba"]
    assert np.array_equal(answer, model.predict_proba(ROWS))


@pytest.mark.parametrize("suffix", [".joblib"])
@pytest.mark.parametrize("compress", [3, ("gzip", 3), ("xz", 3)])
def test_joblib_s_compression_is_understood(files, serve, suffix, compress):
    """joblib.dump(model, path, compress=…) is as common as without."""
    joblib.dump(linear(), str(files / ("model" + suffix)), compress=compress)
    assert serve()[0].names[0] == "predict"


@pytest.mark.parametrize("suffix", PICKLES)
def test_a_pickle_is_not_run_when_that_is_off(tmp_path, files, save, suffix):
    """RUNTIME_ALLOW_PICKLE=0 refuses before a byte of it is unpickled."""
    canary = tmp_path / "canary"
    path = save(Canary(canary), "model" + suffix)
    text = refused(files, "is based on pickle", allow_pickle=False)
    assert not canary.exists()
    assert str(path) in text
    assert "save the model as .skops" in text


def test_a_pickle_is_announced(files, save, caplog):
    """One line says which file it is, and that loading it runs code."""
    save(linear())
    formats.open_model(files, Options())
    (line,) = [record.getMessage() for record in caplog.records]
    assert "model.pkl (SHA-256 " in line
    assert "runs code" in line


def test_the_model_is_opened_once(files, save, caplog):
    """Asking for the contract and loading run a pickle once, not twice."""
    save(linear())
    contract = loader.infer_contract(files)
    loader.load(files, contract)
    assert len(caplog.records) == 1
    loader.load(files, contract)
    assert len(caplog.records) == 2


def test_another_file_than_the_pinned_one_is_not_run(tmp_path, files, save):
    """RUNTIME_MODEL_SHA256 is compared before anything is loaded."""
    save(Canary(tmp_path / "canary"))
    text = refused(files, "not the file that was pinned", model_sha256="0" * 64)
    assert "0" * 64 in text
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("suffix", FILES)
def test_a_truncated_file_is_told(files, save, suffix):
    """A copy that was cut short names the file, its size and the reason."""
    path = save(linear(), "model" + suffix)
    path.write_bytes(path.read_bytes()[:200])
    text = refused(files, r"cannot be loaded as a .*\(200 bytes\)|needs")
    assert str(path) in text


@pytest.mark.parametrize("suffix", [*FILES, ".pkl"])
def test_an_empty_file_is_told(files, suffix):
    """Nothing is no model."""
    (files / ("model" + suffix)).write_bytes(b"")
    refused(files, r"\(0 bytes\)")


@pytest.mark.parametrize("suffix", FILES)
def test_a_file_of_another_framework_is_told(files, suffix):
    """What torch.save writes is a zip archive, and none of these formats."""
    with zipfile.ZipFile(str(files / ("model" + suffix)), "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    refused(files, "cannot be loaded as|has no schema.json")


@pytest.mark.parametrize("suffix", FILES)
def test_an_object_that_is_no_estimator_is_told(files, save, suffix):
    """A dict with a model in it is a common mistake."""
    save({"model": 1}, "model" + suffix)
    refused(files, "holds an object of type builtins.dict: expected a fitted estimator")


def test_a_class_is_no_estimator(files, save):
    """Its methods are there, but it was never fitted, nor made."""
    save(FunctionTransformer)
    refused(files, "holds the class FunctionTransformer itself")


def test_an_estimator_that_is_not_fitted_is_told(save, serve):
    """It loads, and could answer nothing."""
    save(linear().steps[1][1].__class__())
    with pytest.raises(LoadError, match="not fitted"):
        serve()


@pytest.mark.parametrize("compress", [0, 3])
def test_a_joblib_file_is_not_taken_for_a_pickle(files, compress):
    """joblib.dump(model, 'model.pkl') is told, and not tried as something else."""
    joblib.dump(linear(), str(files / "model.pkl"), compress=compress)
    text = refused(files, "was written by joblib.dump")
    assert "rename it to model.joblib" in text


def test_a_module_that_is_missing_is_named(files):
    """A model of a package that the image lacks says which."""
    (files / "model.pkl").write_bytes(b"cno_such_package.models\nModel\n.")
    text = refused(files, 'needs the module "no_such_package"')
    assert "pip install" in text


@pytest.mark.parametrize(("suffix", "package"), [
    (".skops", "skops"), (".cloudpickle", "cloudpickle"), (".onnx", "onnxruntime"),
])  # fmt: skip
def test_a_format_that_the_row_lacks_is_told(files, monkeypatch, suffix, package):
    """Old rows have no skops and no onnxruntime: that is said, and nothing else is tried."""
    (files / ("model" + suffix)).write_bytes(b"")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refused(files, f"{package} is not installed here")


@needs_skops
def test_types_that_are_not_trusted_are_listed(files, save, serve):
    """A .skops file with a type beyond skops' own list needs the operator's word."""
    save(FunctionTransformer(operator.neg).fit(ROWS), "model.skops")
    text = refused(files, r"types that are not trusted: _?operator.neg")
    (setting,) = [word for word in text.split() if word.startswith("RUNTIME_TRUSTED_TYPES=")]
    trusted = tuple(setting.partition("=")[2].split(","))
    _, model = serve(trusted_types=trusted)
    assert np.array_equal(model.predict("transform", {"x": ROWS})["transform"], -ROWS)


@needs_skops
def test_trusting_one_type_trusts_no_other(files, save):
    """The list names types; it is no switch."""
    save(FunctionTransformer(operator.neg), "model.skops")
    refused(files, "not trusted", trusted_types=("operator.pos", "builtins.eval"))


@needs_skops
@pytest.mark.parametrize("name", ["../../escaped.npy", "/etc/escaped", "a/../../b"])
def test_an_archive_that_leads_out_is_refused(files, save, name):
    """Nothing is ever unpacked to the disk; such a file is hostile all the same."""
    path = save(linear(), "model.skops")
    with zipfile.ZipFile(str(path), "a") as archive:
        archive.writestr(name, b"")
    refused(files, "has a member that leads out of it")


@needs_skops
def test_a_pickle_is_not_taken_for_skops(tmp_path, files):
    """A suffix opens one format: a pickle that is renamed to .skops is not run."""
    content = io.BytesIO()
    pickle.dump(Canary(tmp_path / "canary"), content)
    (files / "model.skops").write_bytes(content.getvalue())
    refused(files, "cannot be loaded as a skops file")
    assert not (tmp_path / "canary").exists()
