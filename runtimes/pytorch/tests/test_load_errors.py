"""Files that are not what they seem: each stops the start with one message, and runs no code."""

import io
import json
import os
import pickle
import sys
import zipfile

import pytest
import torch

from pytorch_runtime import failures, loader
from serving_runtime.errors import LoadError
from serving_runtime.framework import artefacts


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self._path = str(path)

    def __reduce__(self):
        return os.mkdir, (self._path,)


@pytest.fixture
def canary(tmp_path):
    """Return an object that must never be unpickled; fails the test if it was."""
    path = tmp_path / "canary"
    yield Canary(path)
    assert not path.exists()


def saved(content, **options):
    """Return what torch.save writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def rewrite(path, change):
    """Write an archive again with other contents."""
    with zipfile.ZipFile(str(path)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(str(path), "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pt2"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_is_not_run(files, refusal, canary, name, legacy):
    """A file of torch.save that holds code is refused, whatever it is called."""
    content = saved({"w": canary}, _use_new_zipfile_serialization=not legacy)
    (files / name).write_bytes(content)
    text = refusal()
    assert "loading it would run code that is in it: RUNTIME_ALLOW_PICKLE is off" in text
    assert "torch.export.save" in text


def test_a_plain_pickle_is_not_run(files, refusal, canary):
    """Another library's pickle is no model, and is not looked into."""
    (files / "model.pt").write_bytes(pickle.dumps(canary, protocol=2))
    assert "is no PyTorch model but a pickle that torch.save has not written" in refusal()


def test_the_inputs_of_a_program_are_not_run(files, refusal, canary, save_exported):
    """torch.export.load would unpickle the example inputs, so they are looked at before."""
    save_exported(torch.nn.Linear(2, 2), (torch.rand(3, 2),))
    rewrite(
        files / "model.pt2",
        lambda name, content: saved(canary) if name.endswith(".pt") else content,
    )
    for check in (refusal, lambda: inferred(files)):
        assert "RUNTIME_ALLOW_PICKLE is off" in check()


def test_the_constants_of_a_program_are_not_run(files, canary, save_exported):
    """Some constants are unpickled whether their list says so or not."""
    save_exported(torch.nn.Linear(2, 2), (torch.rand(3, 2),))
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": False}
    listed = json.dumps({"config": {"c": {**entry, "tensor_meta": None}}}).encode()
    rewrite(
        files / "model.pt2",
        lambda name, content: listed if name.endswith("constants_config.json") else content,
    )
    with zipfile.ZipFile(str(files / "model.pt2"), "a") as archive:
        top = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{top}/data/constants/opaque_obj_0", pickle.dumps(canary))
    assert "RUNTIME_ALLOW_PICKLE is off" in inferred(files)


def test_the_sizes_of_a_program_are_not_run(files, tmp_path, save_exported):
    """torch.export.load would evaluate sizes as Python, so they are looked at before."""
    save_exported(torch.nn.Linear(2, 2), (torch.rand(3, 2),))
    code = f"__import__('os').mkdir('{tmp_path}/canary')".encode()
    rewrite(
        files / "model.pt2",
        lambda name, content: content.replace(b"Symbol('", code + b" + Symbol('"),
    )
    assert "has code where a size is expected" in inferred(files)
    assert not (tmp_path / "canary").exists()


def inferred(files):
    """Return why no contract can be inferred."""
    with pytest.raises(LoadError) as caught:
        loader.infer_contract(files)
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["../../escape", "/etc/escape", "model/../../escape", "model\\..\\..\\escape"],
)
def test_entries_that_lead_out_are_refused(files, refusal, save_scripted, name):
    """An archive whose entries would be written elsewhere is nothing that PyTorch makes."""
    save_scripted("def forward(self, x): return x")
    with zipfile.ZipFile(str(files / "model.pt"), "a") as archive:
        archive.writestr(name, "")
    assert "has an entry that leads out of the archive" in refusal()


@pytest.mark.parametrize("part", [0.3, 0.6, 0.97])
def test_a_file_that_is_cut_short_is_told(convolution, part):
    """Half a copy says so, with the number of bytes that there are."""
    (path,) = [it for it in (convolution / "files").iterdir() if it.is_file()]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(LoadError) as caught:
        loader.load(convolution / "files", _contract_of(convolution))
    assert f"({int(len(content) * part)} bytes) is damaged" in str(caught.value)


def _contract_of(model):
    from serving_runtime.contract import read_contract

    return read_contract(model / "contract.yaml")


def test_a_legacy_file_that_is_cut_short_is_told(files, write, refusal):
    """The format before 1.6 has no directory at its end; its readers say the same here."""
    content = saved({"w": torch.ones(1000)}, _use_new_zipfile_serialization=False)
    (files / "weights.pt").write_bytes(content[:2000])
    write("import torch\nbuild = torch.nn.Identity")
    assert "(2000 bytes) is damaged" in refusal()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 99, "HDF5"),
        (b"version https://git-lfs.github.com/spec/v1\n", "fix: run `git lfs pull`"),
        (b"x" * 257 + b"ustar" + b"\0" * 99, "a tar archive"),
        (b"hello", "in no format that is known here"),
        (b"", "an empty file"),
    ],
)
def test_files_of_others_are_told(files, refusal, content, told):
    """What the file is instead is said where it can be told."""
    (files / "model.pt").write_bytes(content)
    text = refusal()
    assert "is no PyTorch model but" in text
    assert told in text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("No module named 'numpy._core'", "written with NumPy 2, and this image has an older one"),
        ("No module named 'nets.vision'", "put the module nets.vision below files/src"),
        (
            "Can't get attribute 'Net' on <module '__main__' (built-in)>",
            "its class was defined in the script that saved it",
        ),
        ("Can't get attribute 'Net' on <module 'nets' from 'x'>", "nets here has no Net"),
        ("Unknown builtin op: torchvision::nms.", "the operations of torchvision come from"),
        ("Unknown builtin op: aten::new_thing.", "the image of the PyTorch that saved it"),
        ("Unsupported file version 99, the maximum is 10", "the PyTorch that saved it"),
        ("something that nobody has seen", "the log has the whole traceback"),
    ],
)
def test_the_fix_is_that_of_the_cause(files, save_scripted, error, told):
    """A whole file is not called damaged, and where the cause is unknown there is no fix."""
    save_scripted("def forward(self, x): return x")
    artefact = artefacts.read(files / "model.pt")
    refused = failures.not_read(artefact, RuntimeError(error))
    assert f"cannot load {files / 'model.pt'}: RuntimeError: {error}" in refused.problem
    assert told in refused.fix
    assert "damaged" not in str(refused)


def test_a_class_of_the_script_that_saved_is_told(files, refusal, write):
    """A pickled network whose class stood in ``__main__`` cannot be found again."""
    main = sys.modules["__main__"]
    main.Net = type("Net", (torch.nn.Linear,), {"__module__": "__main__"})
    torch.save(main.Net(2, 2), str(files / "model.pt"))
    del main.Net
    assert "define it in a module of files/src" in refusal(allow_pickle=True)


def test_archives_of_others_are_told(files, refusal):
    """A zip archive of another framework is told with what it has inside."""
    with zipfile.ZipFile(str(files / "model.pt"), "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "")
    assert "a zip archive of something else: it has config.json, model.weights.h5" in refusal()


def test_compiled_programs_are_told(files, refusal):
    """What AOTInductor has compiled is native code for one machine."""
    with zipfile.ZipFile(str(files / "model.pt2"), "w") as archive:
        archive.writestr("model/data/aotinductor/model/wrapper.so", "")
    assert "compiled for one machine by AOTInductor" in refusal()


def test_several_files_are_told(files, refusal, save_scripted, signature, load):
    """One file must be the model, or be named."""
    for name in ("a.pt", "b.pt"):
        save_scripted("def forward(self, x): return x", name=name)
    assert "holds more than one model: a.pt, b.pt" in refusal()
    load(signature(), model_file="b.pt")


def test_a_pinned_file_must_be_the_one(files, refusal, save_scripted):
    """RUNTIME_MODEL_SHA256 is compared before anything is loaded."""
    save_scripted("def forward(self, x): return x")
    assert "is not the file that was pinned" in refusal(model_sha256="0" * 64)


def test_a_contract_is_needed(files, save_scripted):
    """TorchScript has names, but neither dtypes nor shapes."""
    save_scripted("def forward(self, x): return x")
    assert loader.infer_contract(files) is None
    with pytest.raises(LoadError, match="expected a contract"):
        loader.load(files, None)
