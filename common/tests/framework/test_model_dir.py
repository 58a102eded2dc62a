import os
import re
from pathlib import Path

import pytest

from serving_runtime import contract
from serving_runtime.errors import LoadError
from serving_runtime.framework.model_dir import ModelDirectory, locate
from serving_runtime.signature import Contract, Field, Signature

CONTRACT = Contract(
    "m", (Signature("predict", (Field("x", "int8"), Field("w", "int8")), (Field("y", "int8"),)),)
)


def make(root, *paths):
    """Make files of these names; contracts are valid ones."""
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.name == "contract.yaml":
            target.write_text(contract.write_yaml(CONTRACT), encoding="utf-8")
        else:
            target.write_bytes(contract.serialise(CONTRACT))
    return root


@pytest.mark.parametrize("name", ["contract.protobin", "contract.yaml"])
def test_hydrosphere_layout(tmp_path, name):
    """A contract beside files/ is found, compiled or not."""
    make(tmp_path, name, "files/model.bin")
    assert locate(tmp_path) == ModelDirectory(tmp_path, tmp_path / "files", tmp_path / name)


def test_accepts_text(tmp_path):
    """The directory may be given as text, as settings have it."""
    make(tmp_path, "files/model.bin")
    assert locate(str(tmp_path)) == ModelDirectory(tmp_path, tmp_path / "files", None)


def test_bare_directory(tmp_path):
    """A directory without files/, as KServe mounts it, holds the model's files itself."""
    make(tmp_path, "model.joblib")
    assert locate(tmp_path) == ModelDirectory(tmp_path, tmp_path, None)


def test_bare_directory_with_yaml(tmp_path):
    """A contract.yaml may stand among the files of a bare directory."""
    make(tmp_path, "model.joblib", "contract.yaml")
    assert locate(tmp_path) == ModelDirectory(tmp_path, tmp_path, tmp_path / "contract.yaml")


def test_both_contracts_that_agree(tmp_path):
    """Two contracts that say the same in another order are no contradiction."""
    make(tmp_path, "contract.protobin", "files/model.bin")
    (tmp_path / "contract.yaml").write_text(
        "name: predict\n"
        "inputs: {w: {type: int8}, x: {type: int8, profile: text}}\n"
        "outputs: {y: {type: int8}}\n"
    )
    assert locate(tmp_path).contract_path == tmp_path / "contract.protobin"


def test_both_contracts_that_differ(tmp_path):
    """Two contracts that contradict each other are both named, and none is served."""
    make(tmp_path, "contract.protobin", "files/model.bin")
    (tmp_path / "contract.yaml").write_text("name: other\noutputs: {y: {type: int8}}\n")
    with pytest.raises(LoadError) as caught:
        locate(tmp_path)
    text = str(caught.value)
    assert f"{tmp_path}/contract.protobin and {tmp_path}/contract.yaml contradict" in text
    assert "fix: remove one of them" in text


@pytest.mark.parametrize(
    ("paths", "said", "fix"),
    [
        ((), "/m is empty: expected contract.protobin and files/", "docker run -v"),
        ((".hidden",), "/m is empty", "docker run -v"),
        (
            ("contract.protobin", "model.bin"),
            "/m/files is missing beside contract.protobin: found contract.protobin, model.bin",
            "move the model's files into",
        ),
        (
            ("contract.protobin", "a", "b", "c", "d", "e"),
            "found a, b, c, contract.protobin, d and 1 more",
            "move the model's files into",
        ),
        (
            ("model/contract.protobin", "model/files/model.bin"),
            "the model is one level too deep: found its contract in ",
            "docker run -v /path/to/model:",
        ),
        (
            ("files/contract.protobin", "files/model.bin"),
            "/m/files/contract.protobin is inside files/: expected it at ",
            "move it up, beside files/",
        ),
        (("contract.yaml",), "/m has contract.yaml and no model", "put the model's files into"),
    ],
)
def test_wrong_layouts(tmp_path, paths, said, fix):
    """Each wrong mount has a message of its own, with what to do about it."""
    root = tmp_path / "m"
    root.mkdir()
    make(root, *paths)
    with pytest.raises(LoadError, match=re.escape(said)) as caught:
        locate(root)
    assert fix in caught.value.fix


def test_missing_directory(tmp_path):
    """A directory that is not there is named, with the line that would mount it."""
    with pytest.raises(LoadError, match=r"/nowhere does not exist: expected contract.protobin"):
        locate(tmp_path / "nowhere")


def test_file_instead_of_directory(tmp_path):
    """A file in the directory's place is called what it is."""
    make(tmp_path, "model")
    with pytest.raises(LoadError, match="/model is not a directory"):
        locate(tmp_path / "model")


def test_files_is_a_file(tmp_path):
    """A file called files is called what it is."""
    make(tmp_path, "files")
    with pytest.raises(LoadError, match="/files is not a directory"):
        locate(tmp_path)


def test_empty_files(tmp_path):
    """An empty files/ is told apart from an empty mount."""
    make(tmp_path, "contract.protobin")
    (tmp_path / "files").mkdir()
    with pytest.raises(LoadError, match="/files is empty: expected the model's files in it"):
        locate(tmp_path)


def test_contract_in_both_places_is_fine(tmp_path):
    """A copy of the contract among the files does no harm where the real one is in its place."""
    make(tmp_path, "contract.protobin", "files/contract.protobin", "files/model.bin")
    assert locate(tmp_path).contract_path == tmp_path / "contract.protobin"


def refusing(error):
    """Return a listdir that fails, since tests may run as root, whom nothing is forbidden."""

    def listdir(path):
        raise error

    return listdir


def test_not_readable(tmp_path, monkeypatch):
    """A directory that may not be read is named with its mode, its owner and the user's own id."""
    monkeypatch.setattr(os, "listdir", refusing(PermissionError(13, "Permission denied")))
    with pytest.raises(LoadError) as caught:
        locate(tmp_path)
    expected = f"{tmp_path} is not readable by user {os.geteuid()}, group {os.getegid()}: it has d"
    assert expected in str(caught.value)
    assert "chmod -R a+rX" in caught.value.fix


def test_not_readable_nor_seen(monkeypatch):
    """A directory of which not even the mode may be seen is still named."""
    monkeypatch.setattr(os, "listdir", refusing(PermissionError(13, "Permission denied")))
    with pytest.raises(LoadError, match=r"/no/such is not readable by user \d+, group \d+\n"):
        locate(Path("/no/such"))


def test_broken_mount(tmp_path, monkeypatch):
    """Any other failure of the file system is told in its own words."""
    monkeypatch.setattr(os, "listdir", refusing(OSError(5, "Input/output error")))
    with pytest.raises(LoadError, match="cannot be read: Input/output error"):
        locate(tmp_path)
