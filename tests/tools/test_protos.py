import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import protos
from tools.command_line import ToolError
from tools.protos import DESCRIPTOR_SET, PACKAGES, PROTOS, check, generate

TYPES = "hydro_serving_grpc/tf/types"


@pytest.fixture
def tree(tmp_path):
    """Return the root of copies of the protos and of what is made from them: free to be broken."""
    shutil.copytree(PROTOS, tmp_path / "protos")
    package = DESCRIPTOR_SET.parent
    shutil.copytree(PACKAGES / package, tmp_path / "common" / package)
    return tmp_path


def complaints(tree: Path):
    """Return what `check` says of the copies."""
    return check(tree / "protos", tree / "common")


def replace(path: Path, old: str, new: str):
    """Replace text that must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_is_checked_in_is_what_the_protos_give():
    """Nobody changed a proto without `make protos`, or a generated file by hand."""
    assert check(PROTOS, PACKAGES) == []


def test_generating_repairs_everything(tree):
    """After `generate` there is nothing to complain about."""
    replace(tree / "protos" / f"{TYPES}.proto", "DT_ANY = 24", "DT_ANY = 28")
    assert complaints(tree)
    generate(tree / "protos", tree / "common")
    assert complaints(tree) == []


def test_changed_number_is_reported(tree):
    """A number that moved is reported with the file that it is not in, and the remedy."""
    replace(tree / "protos" / f"{TYPES}.proto", "DT_ANY = 24", "DT_ANY = 28")
    assert f"{tree / 'common' / DESCRIPTOR_SET}: differs" in complaints(tree)[0]
    assert all("python -m tools.protos generate" in complaint for complaint in complaints(tree))


def test_comments_change_nothing(tree):
    """A better comment needs no new descriptor set."""
    replace(tree / "protos" / f"{TYPES}.proto", "enum DataType", "// Better.\nenum DataType")
    assert complaints(tree) == []


@pytest.mark.parametrize("suffix", ["_pb2.py", "_pb2.pyi", "_pb2_grpc.py"])
def test_edited_module_is_named(tree, suffix):
    """A generated module that was edited by hand is reported."""
    path = tree / "common" / f"{TYPES}{suffix}"
    path.write_text(path.read_text() + "\n# better\n")
    (complaint,) = complaints(tree)
    assert complaint.startswith(f"{path}: differs")


@pytest.mark.parametrize("suffix", ["_pb2.py", "_pb2.pyi", "_pb2_grpc.py"])
def test_missing_module_is_named(tree, suffix):
    """A module that a proto should have is reported."""
    path = tree / "common" / f"{TYPES}{suffix}"
    path.unlink()
    (complaint,) = complaints(tree)
    assert complaint.startswith(f"{path}: missing")


def test_service_without_a_module_by_hand_is_named(tree):
    """The tool cannot write a stub for a service, so it says when there is none."""
    path = tree / "common/hydro_serving_grpc/tf/api/prediction_service_pb2_grpc.py"
    path.unlink()
    (complaint,) = complaints(tree)
    assert complaint.startswith(f"{path}: missing")


def test_module_without_a_proto_is_named(tree):
    """What a removed proto left behind is reported."""
    path = tree / "common/hydro_serving_grpc/tf/gone_pb2.py"
    path.write_text("")
    (complaint,) = complaints(tree)
    assert complaint.startswith(f"{path}: no proto")


def test_broken_proto_is_an_error(tree):
    """What protoc refuses ends the run with its explanation."""
    replace(tree / "protos" / f"{TYPES}.proto", "enum DataType", "enumeration DataType")
    with pytest.raises(ToolError, match="protoc refuses"):
        complaints(tree)


def test_command_line_reports_and_fails(tree, monkeypatch, capsys):
    """`check` exits with 1 and says why on standard error; `generate` repairs."""
    monkeypatch.setattr(protos, "PROTOS", tree / "protos")
    monkeypatch.setattr(protos, "PACKAGES", tree / "common")
    (tree / "common" / DESCRIPTOR_SET).unlink()
    assert protos.main(["check"]) == 1
    assert "descriptors.binpb: missing" in capsys.readouterr().err
    assert protos.main(["generate"]) == 0
    assert protos.main(["check"]) == 0


def test_help_names_the_commands():
    """`--help` says what there is to do."""
    command = [sys.executable, "-m", "tools.protos", "--help"]
    shown = subprocess.run(command, cwd=PROTOS.parent, check=True, stdout=subprocess.PIPE)
    assert b"generate" in shown.stdout
    assert b"check" in shown.stdout
