import sys
from pathlib import Path

import pytest

from tools import environments, installers
from tools.environments import Environment
from tools.installers import uv_variables
from tools.interpreters import Interpreter

LISTED = """\
global.extra-index-url='file:///a/simple file:///b/simple'
global.find-links='/wheels\\n/more'
global.index-url='https://one.example/simple'
global.no-index='true'
global.timeout='60'
:env:.index-url='https://two.example/simple'
"""


def test_uv_is_told_what_pip_is_configured_with():
    """A mirror, a folder of wheels or an index of one's own serve both; what counts more wins."""
    told = uv_variables(LISTED)
    assert told == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_COMPILE_BYTECODE": "1",
        "UV_DEFAULT_INDEX": "https://two.example/simple",
        "UV_INDEX": "file:///a/simple file:///b/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_NO_INDEX": "true",
    }


def test_without_a_configuration_nothing_is_changed_but_how_versions_are_chosen():
    """PyPI is the default of both."""
    assert set(uv_variables("")) == {"UV_INDEX_STRATEGY", "UV_COMPILE_BYTECODE"}


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Make an environment with commands that are only noted, for a Python of a version."""
    commands = []

    def run(command, variables=None):
        commands.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir(exist_ok=True)

    def make(*version, resolve=False, check=True):
        requirements = tmp_path / "toy.txt"
        requirements.write_text("pip==26.3\ntoy==1.0\n")
        environment = Environment("toy", requirements, ">=3.6", [Path("common")], resolve, check)
        found = Interpreter(Path(sys.executable), version, Path(sys.base_prefix))
        monkeypatch.setattr(environments.interpreters, "find", lambda wanted: found)
        (tmp_path / "venvs" / "toy").mkdir(parents=True)
        environments.create(environment)
        return commands

    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "venvs")
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "_run", run)
    monkeypatch.setattr(environments, "_stamp", lambda environment: tmp_path / "stamp")
    monkeypatch.setattr(environments, "_fingerprint", lambda environment: "print")
    monkeypatch.setattr(installers.subprocess, "run", lambda *_, **__: Listed)
    return make


class Listed:
    """What `pip config list` gives."""

    stdout = LISTED.encode()


def test_uv_installs_for_all_pythons_that_it_knows(made, tmp_path):
    """It is installed once, by pip, and needs no pip in the environment itself."""
    venv, bootstrap, install_uv, *steps = made(3, 8, 20)
    assert bootstrap[-1] == str(tmp_path / "venvs" / ".uv")
    assert install_uv[-2:] == ["install", installers.UV]
    assert "--without-pip" in venv
    uv = [str(tmp_path / "venvs/.uv/bin/uv"), "--quiet", "--no-config", "pip"]
    assert [step[:4] for step in steps] == [uv] * 4
    assert [step[4:6] for step in steps[:2]] == [["install", "--upgrade"], ["install", "--no-deps"]]
    assert steps[-1][4:] == ["check"]


def test_pip_installs_for_older_ones(made):
    """They are those that uv does not know."""
    venv, *steps = made(3, 7, 17)
    assert "--without-pip" not in venv
    assert all(step[1:3] == ["-m", "pip"] for step in steps)
    assert [step[5] for step in steps] == ["install", "install", "install", "check"]


def test_what_is_to_be_resolved_is_installed_in_one_step(made):
    """With the folders of the checkout, so that their requirements count; a check may be left."""
    *_, last = made(3, 7, 17, resolve=True, check=False)
    assert last[5:] == ["install", "-r", *last[7:8], "--editable", "common", "--no-build-isolation"]
