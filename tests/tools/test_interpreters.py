import sys

import pytest

from tools import interpreters

VERSIONS = {"python3.6": "3 6 15", "python3": "3 12 1", "python3.7": "3 9 2"}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return the names of what is found of three Pythons on PATH, of which one lies."""
    for name, version in VERSIONS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {version}\necho /opt/{name}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.8").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.8").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    return lambda wanted: [
        it.path.name for it in interpreters.installed(wanted) if it.path.parent == tmp_path
    ]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("3.6", ["python3.6"]),
        (">=3.10", ["python3"]),
        ("3.7", []),  # it is another version than its name says
        ("3.8", []),  # a shim of pyenv's, for a Python that is not installed
    ],
)
def test_a_python_is_found_by_what_it_says_of_itself(installed, wanted, names):
    """That version, or any from it on."""
    assert installed(wanted) == names


def test_a_python_that_is_nowhere_is_an_error(installed):
    """The message says what to install."""
    with pytest.raises(interpreters.NoInterpreterError, match=r"needs Python 3\.7.*pyenv install"):
        interpreters.find("3.7")


def test_a_python_s_folder_is_known(installed):
    """A base of our own copies it."""
    found = interpreters.find("3.6")
    assert (found.version, str(found.prefix)) == ((3, 6, 15), "/opt/python3.6")
