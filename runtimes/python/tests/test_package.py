"""What the server knows of the runtime before it loads a model."""

import runpy
import subprocess
import sys

import pytest

import python_runtime
from serving_runtime import cli, settings
from serving_runtime.framework import discovery


def test_the_runtime_is_found_by_its_name():
    """The server finds the package because of how it is called."""
    assert discovery.installed()["python"].package is python_runtime


@pytest.mark.parametrize("name", ["src/func_main.py", "func_main.py"])
def test_a_model_with_func_main_is_recognised(files, write, name):
    """func_main.py tells a model of this runtime from others."""
    assert not python_runtime.recognises(files)
    write("", name)
    assert python_runtime.recognises(files)


@pytest.mark.parametrize(("text", "style"), [("", "auto"), ("Messages", "messages")])
def test_the_style_is_a_setting(text, style):
    """RUNTIME_PYTHON_STYLE becomes the loader's argument ``python_style``."""
    environ = {"RUNTIME_PYTHON_STYLE": text}
    assert settings.read(python_runtime.SETTINGS, environ) == {"python_style": style}


def test_describing_the_runtime_imports_no_loader():
    """The package itself is cheap: command lines import it for its settings."""
    code = "import sys, python_runtime; sys.exit('python_runtime.loader' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code]) == 0


def test_the_module_serves_like_the_command(monkeypatch):
    """``python -m python_runtime ARGS`` is ``serving-runtime serve --runtime python ARGS``."""
    told = []

    def main(argv):
        told.append(argv)
        return 3

    monkeypatch.setattr(cli, "main", main)
    monkeypatch.setattr(sys, "argv", ["python_runtime", "model", "--port", "0"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("python_runtime", run_name="__main__")
    assert caught.value.code == 3
    assert told == [["serve", "--runtime", "python", "model", "--port", "0"]]
