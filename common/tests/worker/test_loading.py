import gc
import json
import logging
import socket
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from serving_runtime.contract import serialise
from serving_runtime.errors import LoadError, SettingError
from serving_runtime.framework import discovery
from serving_runtime.ipc import environment
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.worker import fork_server, loading

CONTRACT = Contract(
    "m", (Signature("s", (Field("x", "float32", (-1,)),), (Field("y", "float32", (-1,)),)),)
)
INIT = """
from serving_runtime.settings import parsing
from serving_runtime.settings import Setting

SETTINGS = (Setting("RUNTIME_TOY_SIZE", "size", parsing.POSITIVE, "7", "A size."),)

def recognises(files):
    return True
"""
LOADER = """
from serving_runtime.model import Model

class Toy(Model):
    stateful = True
    status_message = "toy"

    def predict(self, signature_name, inputs):
        return {"y": inputs["x"]}

def load(files, contract, size):
    toy = Toy()
    toy.loaded = (files, contract, size)
    return toy
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Install a toy runtime as the only one; gives a function that appends to its loader."""
    packages = tmp_path / "packages" / "toy_runtime"
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text(INIT)
    (packages / "loader.py").write_text(LOADER)
    monkeypatch.setattr(sys, "path", [str(packages.parent)])

    def append(code):
        with (packages / "loader.py").open("a") as loader:
            loader.write(code)

    yield append
    for name in ("toy_runtime", "toy_runtime.loader"):
        sys.modules.pop(name, None)


@pytest.fixture
def model_dir(tmp_path):
    """Return a model directory with a contract and a file."""
    root = tmp_path / "model"
    (root / "files").mkdir(parents=True)
    (root / "files" / "weights").write_text("1")
    (root / "contract.protobin").write_bytes(serialise(CONTRACT))
    return root


def load(root, **environ):
    """Load a model directory."""
    environ["MODEL_DIR"] = str(root)
    return loading.load(environ, Settings.from_env(environ), "")


def test_model_is_loaded_with_its_contract_and_settings(toy, model_dir):
    """The loader gets the files, the contract that was agreed on, and its own settings."""
    predictor = load(model_dir, RUNTIME_TOY_SIZE="3")
    assert predictor.contract == CONTRACT
    assert predictor.model.loaded == (model_dir / "files", CONTRACT, 3)


def test_a_library_finds_a_temporary_folder_where_there_is_none(toy, model_dir, monkeypatch):
    """A read-only root has none; some libraries ask for it when they are imported."""

    def gettempdir():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "gettempdir", gettempdir)
    toy("import tempfile\nFOLDER = tempfile.tempdir\n")
    load(model_dir)
    assert sys.modules["toy_runtime.loader"].FOLDER == "/dev/shm"


def test_no_garbage_is_looked_for_while_loading(toy, model_dir):
    """What is imported stays; afterwards a model's garbage is collected as ever."""
    before = gc.get_threshold()
    toy("import gc\nOFTEN = gc.get_threshold()[0]\n")
    load(model_dir)
    assert sys.modules["toy_runtime.loader"].OFTEN == 0
    assert gc.get_threshold() == before
    assert gc.isenabled()


@pytest.mark.parametrize("code", ["gc.disable()", "gc.set_threshold(12345, 6, 7)"])
def test_what_user_code_sets_of_the_collector_stays(toy, model_dir, code):
    """A model that collects in its own time knows why."""
    before = gc.get_threshold()
    toy(f"import gc\n{code}\n")
    try:
        load(model_dir)
        assert gc.isenabled() == ("disable" not in code)
        assert gc.get_threshold() == ((12345, 6, 7) if "threshold" in code else before)
    finally:
        gc.enable()
        gc.set_threshold(*before)


def test_stateful_model_and_frameworks_with_threads_are_not_forked(toy, model_dir, caplog):
    """The front, which asks for a fork server, sees that there is none, and the log says why."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, caplog.at_level(logging.INFO):
        load(model_dir, **{environment.FORK_SERVER: f"{theirs.detach()},77"})
        assert ours.recv(1) == b""
    assert "each worker loads the model by itself: it is stateful" in caplog.messages
    model = SimpleNamespace(stateful=False)
    toy_runtime = discovery.choose("toy", model_dir)
    reason = loading._reason_not_forkable(toy_runtime, model, fork_server.ProcessFootprint.now())
    assert reason == "the toy runtime is not forked"
    toy_runtime.package.FORKS = True
    reason = loading._reason_not_forkable(toy_runtime, model, fork_server.ProcessFootprint.now())
    assert reason == ""


def test_front_is_told_what_it_must_know(toy, model_dir):
    """As JSON, since nothing is pickled between the processes."""
    settings = Settings.from_env({"MODEL_DIR": str(model_dir), "MODEL_NAME": "flowers"})
    told = json.loads(loading.summary(load(model_dir), settings).decode())
    assert min(told.pop("load_seconds"), told.pop("warm_up_seconds")) >= 0
    assert told == {
        "framework": "toy", "framework_version": "", "contract_format": "Hydrosphere 0.1 to 2.x",
        "signatures": ["s"], "stateful": True, "status_message": "toy",
        "names": ["flowers", "m"], "version": "1", "concurrency": 1, "stacks": False,
    }  # fmt: skip


def test_contract_is_inferred_where_there_is_none(toy, model_dir, caplog):
    """A bare model is served with what it says of itself, and the log says so."""
    (model_dir / "contract.protobin").unlink()
    toy(f"""
from serving_runtime.signature import Contract, Field, Signature
def infer_contract(files):
    return {CONTRACT!r}
""")
    assert load(model_dir).contract == CONTRACT
    assert any(record.levelno == logging.WARNING for record in caplog.records)


def test_contract_that_the_model_contradicts_stops_the_start(toy, model_dir):
    """Before a request finds out."""
    other = Contract("m", (CONTRACT.signatures[0]._replace(name="other"),))
    toy(f"""
from serving_runtime.signature import Contract, Field, Signature
def infer_contract(files):
    return {other!r}
""")
    with pytest.raises(LoadError, match='"s"'):
        load(model_dir)


def test_unreadable_contract_is_told(toy, model_dir):
    """The message names the file."""
    (model_dir / "contract.protobin").write_bytes(b"\xff\xff")
    with pytest.raises(LoadError, match=r"contract\.protobin"):
        load(model_dir)


def test_missing_directory_is_told(toy, tmp_path):
    """A wrong mount is one clear message."""
    with pytest.raises(LoadError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_bad_setting_of_the_runtime_stops_the_start(toy, model_dir):
    """It is read like every other setting."""
    with pytest.raises(SettingError, match="RUNTIME_TOY_SIZE"):
        load(model_dir, RUNTIME_TOY_SIZE="large")


def test_unknown_runtime_stops_the_start(toy, model_dir):
    """Before anything is loaded."""
    settings = Settings.from_env({"MODEL_DIR": str(model_dir)})
    with pytest.raises(LoadError, match='"toi" is not installed.*"toy"'):
        loading.load({}, settings, "toi")


def test_default_directory_is_asked_for_where_none_is_set(toy, model_dir, monkeypatch):
    """An empty MODEL_DIR means /model, or KServe's."""
    monkeypatch.setattr(loading, "default_model_dir", lambda: str(model_dir))
    predictor = loading.load({}, Settings.from_env({}), "toy")
    assert predictor.model.loaded[0] == Path(str(model_dir)) / "files"
    assert list(discovery.installed()) == ["toy"]


def test_a_change_that_only_the_warm_up_shows_makes_a_model_stateful(toy, model_dir, caplog):
    """What its loader notes in a rehearsal is settled as what it notes when it loads."""
    toy("""
Toy.stateful, Toy.warm_up = False, True
def rehearse(self, signature_name, inputs):
    self.changes = "its counter"
    return self.predict(signature_name, inputs)
Toy.rehearse = rehearse
""")
    assert load(model_dir).model.stateful
    assert "this model changes when called: its counter" in caplog.text
    assert not load(model_dir, RUNTIME_STATEFUL="0").model.stateful
    assert not load(model_dir, RUNTIME_WARM_UP="off").model.stateful


def test_model_is_warmed_up_before_it_is_ready(toy, model_dir, caplog):
    """The first caller does not wait for what a first call sets up."""
    caplog.set_level(logging.INFO)
    toy("Toy.stateful = False\n")
    load(model_dir, RUNTIME_WARM_UP="on")
    assert "warmed up signature s" in caplog.text
