import os
import tempfile

import pytest

from serving_runtime.errors import LoadError
from serving_runtime.ipc import environment
from serving_runtime.worker.model_snapshot import END_BYTES, verified


@pytest.fixture
def root(tmp_path):
    """Write a model directory: a contract, code, a large file and a folder of a version."""
    (tmp_path / "files" / "1").mkdir(parents=True)
    (tmp_path / "contract.yaml").write_text("signatures: []")
    (tmp_path / "files" / "main.py").write_text("x = 1")
    (tmp_path / "files" / "weights.bin").write_bytes(bytes(5 * END_BYTES))
    (tmp_path / "files" / "1" / "graph.pb").write_bytes(b"graph")
    return tmp_path


@pytest.fixture
def load():
    """Return a function that loads as a worker of one service would."""
    with tempfile.TemporaryFile() as record:

        def load(root, meanwhile=lambda: None):
            environ = {environment.LOADED: str(os.dup(record.fileno()))}
            with verified(environ, root):
                meanwhile()

        yield load


def write_over(path, data):
    """Change bytes in place and keep the time of change."""
    times = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(str(path), ns=(times, times))


def large(middle, last=0):
    """Return the bytes of a large file."""
    half = bytes(2 * END_BYTES)
    return half + bytes([middle]) * END_BYTES + half[:-1] + bytes([last])


def test_the_same_files_are_loaded_again(root, load):
    """What a running model leaves behind is not taken for another model."""
    load(root)
    (root / "files" / "__pycache__").mkdir()
    (root / "files" / "__pycache__" / "main.cpython.pyc").write_text("compiled")
    (root / "files" / ".cache").write_text("hidden")
    (root / "files" / "model.log").write_text("a log")
    (root / "files" / "notes").write_text("no suffix")
    os.utime(str(root / "files" / "main.py"), (1, 1))
    load(root)


CHANGES = {
    "files/main.py has changed": lambda files: write_over(files / "main.py", b"x = 2"),
    "files/weights.bin has changed": lambda files: write_over(
        files / "weights.bin", large(0, last=1)
    ),
    "files/1/graph.pb is gone": lambda files: (files / "1" / "graph.pb").unlink(),
    "contract.yaml has changed": lambda files: (files.parent / "contract.yaml").write_text(""),
    "files/other.py is new": lambda files: (files / "other.py").write_text("y = 1"),
}


@pytest.mark.parametrize("told", CHANGES)
def test_other_files_are_refused(root, load, told):
    """The message says which file has changed, and what can be done."""
    load(root)
    CHANGES[told](root / "files")
    with pytest.raises(LoadError, match=told) as refused:
        load(root)
    assert "restart the service" in str(refused.value)


def test_the_middle_of_a_large_file_counts_by_its_time_of_change(root, load):
    """To read all of it at each start would take as long as loading it."""
    weights = root / "files" / "weights.bin"
    load(root)
    weights.write_bytes(large(1))
    os.utime(str(weights), (10**9, 10**9))
    with pytest.raises(LoadError, match="weights.bin has changed"):
        load(root)


def test_the_folder_of_another_version_is_refused(root, load):
    """TensorFlow's loader takes the newest one, which the first worker did not."""
    load(root)
    (root / "files" / "2").mkdir()
    (root / "files" / "2" / "graph.pb").write_bytes(b"newer")
    with pytest.raises(LoadError, match="files/2/graph.pb is new"):
        load(root)


def test_files_that_change_while_they_are_loaded_again_are_refused(root, load):
    """A worker could have read half of each model."""
    load(root)
    with pytest.raises(LoadError, match="main.py has changed"):
        load(root, lambda: (root / "files" / "main.py").write_text("x = 22"))


def test_files_that_the_model_changes_as_it_is_loaded_are_its_own(root, load, caplog):
    """Each worker may change them; that is said once, since it might be another's doing."""
    (root / "files" / "runs").write_text("")

    def change():
        with (root / "files" / "runs").open("a") as runs:
            runs.write("once more\n")

    for _ in range(3):
        load(root, change)
    assert caplog.text.count("files/runs changed while the model was loaded") == 1


def test_files_that_a_worker_makes_as_it_is_loaded_are_its_own(root, load):
    """The next one finds them, and changes them."""
    for number in range(3):
        load(root, lambda number=number: (root / "files" / "runs").write_text(str(number)))


def test_logs_and_databases_of_an_earlier_run_are_the_models_own(root, load):
    """They were there before the first worker, and change while it serves."""
    for name in ("model.log", "state.sqlite", "state.sqlite-wal"):
        (root / "files" / name).write_text("before")
    load(root)
    for name in ("model.log", "state.sqlite", "state.sqlite-wal"):
        (root / "files" / name).write_text("after")
    load(root)


def test_a_directory_exchanged_behind_a_link_is_refused(tmp_path, root, load):
    """As Kubernetes exchanges what it mounts, and most scripts do."""
    (tmp_path / "link").symlink_to(root / "files")
    load(tmp_path / "link")
    (tmp_path / "new").mkdir()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "new")
    with pytest.raises(LoadError, match="is gone"):
        load(tmp_path / "link")


def test_a_link_that_leads_back_up_ends(root, load):
    """The walk is bounded."""
    (root / "files" / "up").symlink_to(root)
    load(root)
    load(root)


def test_nothing_is_checked_without_a_record(root):
    """A model in the front's own process, or a system without such files."""
    with verified({}, root):
        (root / "files" / "main.py").write_text("x = 3")
