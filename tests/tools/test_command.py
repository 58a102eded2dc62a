import importlib
import inspect
import subprocess
import sys

import pytest

from tools import __main__ as command
from tools.rows.reader import ROOT


@pytest.mark.parametrize("verb", command.VERBS)
def test_each_verb_is_there(verb, capsys):
    """Its module exists, and has a help text that knows the verb."""
    with pytest.raises(SystemExit) as ended:
        command.main([verb, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m tools.")


@pytest.mark.parametrize("module", sorted({it.module for it in command.VERBS.values()}))
def test_each_module_can_be_handed_arguments(module):
    """What is behind a verb is a command line that is called as this one is."""
    main = importlib.import_module(module).main
    assert list(inspect.signature(main).parameters) == ["arguments"]


@pytest.fixture
def told(monkeypatch):
    """Put a module in the place of a verb's, and give what it was told."""
    heard = []

    class Module:
        @staticmethod
        def main(arguments):
            heard.extend(arguments)
            return 7

    monkeypatch.setattr(command.importlib, "import_module", lambda name: Module)
    return heard


def test_a_verb_is_told_everything_that_follows(told):
    """Options are the verb's own, even those that look like this command's."""
    assert command.main(["plan", "--since", "main", "--status", "legacy", "-h"]) == 7
    assert told == ["plan", "--since", "main", "--status", "legacy", "-h"]


def test_a_python_without_what_a_verb_needs_is_named(monkeypatch, capsys):
    """The light environment has only what the matrix's verbs need."""

    def lack(name):
        raise ModuleNotFoundError(name="serving_runtime")

    monkeypatch.setattr(command.importlib, "import_module", lack)
    assert command.main(["verify"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"verify needs serving_runtime, which {sys.executable} lacks: use ")


def test_without_a_verb_or_with_an_unknown_one_the_verbs_are_told(capsys):
    """A usage error is exit code 2, as of every command line."""
    for arguments in ([], ["bild"]):
        with pytest.raises(SystemExit) as ended:
            command.main(arguments)
        assert ended.value.code == 2
    assert "invalid choice: 'bild'" in capsys.readouterr().err


def test_help_lists_the_verbs_with_a_line_each():
    """It is run as people run it, and imports none of the tools."""
    asked = [sys.executable, "-X", "importtime", "-m", "tools", "--help"]
    shown = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True)
    lines = [line.split(maxsplit=1) for line in shown.stdout.partition("verbs:\n")[2].splitlines()]
    assert lines == [[verb, it.help] for verb, it in command.VERBS.items()]
    assert "tools.matrix" not in shown.stderr
