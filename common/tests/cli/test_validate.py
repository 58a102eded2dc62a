import sys

import pytest

from serving_runtime.contract import serialise
from serving_runtime.signature import FREE, MAP, Contract, Field, Signature

TOY = {
    "__init__.py": """
from serving_runtime.settings import parsing
from serving_runtime.settings import Setting

SETTINGS = (Setting("RUNTIME_TOY_MOOD", "mood", parsing.TEXT, "calm", "How the toy behaves."),)


def recognises(files):
    return (files / "toy").is_file()
""",
    "loader.py": """
from serving_runtime.errors import LoadError
from serving_runtime.model import Model


class Toy(Model):
    def __init__(self, mood):
        self.mood = mood

    def predict(self, signature_name, inputs):
        if self.mood == "angry" and signature_name == "double":
            raise ValueError("angry")
        return {"y": inputs["x"] * 2 if "x" in inputs else 0}

    def close(self):
        print("closed")


def load(files, contract, mood):
    if mood == "absent":
        raise LoadError("the toy is not here", "bring it")
    if mood == "broken":
        raise KeyError("spring")
    return Toy(mood)
""",
}

CONTRACT = Contract(
    "toy",
    (
        Signature("double", (Field("x", "float32", (FREE, 2)),), (Field("y", "float32", None),)),
        Signature(
            "rest",
            (Field("m", MAP, None, (Field("s", "string"),)), Field("b", "bfloat16", (3,))),
            (Field("y", "int64", ()),),
        ),
    ),
)


@pytest.fixture
def toy_runtime(tmp_path, monkeypatch):
    """Install a toy framework for as long as a test runs."""
    package = tmp_path / "site" / "toy_runtime"
    package.mkdir(parents=True)
    for name, source in TOY.items():
        (package / name).write_text(source)
    monkeypatch.syspath_prepend(str(package.parent))
    yield
    for name in [name for name in sys.modules if name.startswith("toy_runtime")]:
        del sys.modules[name]


@pytest.fixture
def model_dir(tmp_path, toy_runtime):
    """Write a model of the toy framework."""
    root = tmp_path / "model"
    (root / "files").mkdir(parents=True)
    (root / "files" / "toy").write_text("")
    (root / "contract.protobin").write_bytes(serialise(CONTRACT))
    return root


def test_every_signature_is_tried(command, model_dir):
    """Each signature is shown, and answers a sample that was made from it."""
    code, out, err = command("validate", model_dir)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["double", "input", "x", "float32", "[-1,", "2]"] in rows
    assert ["rest", "input", "m.s", "string", "[...]"] in rows
    assert [row[1] for row in rows if row[:1] in (["double"], ["rest"])][-2:] == ["answered"] * 2
    assert "closed" in out


def test_failed_sample_is_shown(command, model_dir):
    """A signature that fails is named with the status a client would see; exit code 1."""
    code, out, err = command("validate", model_dir, "--toy-mood", "angry")
    assert code == 1
    assert [row.split()[1] for row in out.splitlines()[-2:]] == ["failed", "answered"]
    assert 'error: signature "double" failed on its sample: INTERNAL: ValueError(' in err


def test_load_error_is_one_message(command, model_dir):
    """What stops the load is told without a traceback, with its fix."""
    code, out, err = command("validate", model_dir, "--runtime", "toy", "--toy-mood", "absent")
    assert (code, out) == (1, "")
    assert err == "serving-runtime validate: the toy is not here\n  fix: bring it\n"


def test_error_of_user_code_while_loading_has_its_traceback(command, model_dir, monkeypatch):
    """Whatever else the load raises is told with the traceback that its author needs."""
    monkeypatch.setenv("RUNTIME_TOY_MOOD", "broken")
    code, _, err = command("validate", model_dir)
    assert code == 1
    assert "Traceback" in err
    assert "serving-runtime validate: the model cannot be loaded: KeyError('spring'" in err


def test_wrong_mount_is_shown(command, tmp_path):
    """A directory that is not there is told with the mount that would work."""
    code, _, err = command("validate", tmp_path / "nothing")
    assert code == 1
    assert "does not exist" in err


def test_own_settings_are_shown_and_documented(command, toy_runtime):
    """A framework's own settings have a section in the table and in the reference."""
    assert "Settings of toy" in command("config")[1]
    code, out, _ = command("config", "--markdown")
    assert code == 0
    assert "## The toy runtime" in out
    assert "| `RUNTIME_TOY_MOOD` | `--toy-mood` | `calm` |" in out
