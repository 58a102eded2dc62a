"""What the server knows of the runtime before it loads a model."""

import runpy
import subprocess
import sys

import pytest

import spark_runtime
from serving_runtime import cli
from serving_runtime.framework import discovery


def test_the_runtime_is_found_by_its_name():
    """The server finds the package because of how it is called."""
    assert discovery.installed()["spark"].package is spark_runtime


def test_what_spark_saved_is_recognised(files, save):
    """A saved stage is known by its metadata, in ``files`` or one folder deeper."""
    assert not spark_runtime.recognises(files)
    save(files / "model", "feature.Tokenizer")
    assert spark_runtime.recognises(files)
    assert spark_runtime.model_folder(files) == files / "model"
    save(files / "other", "feature.Tokenizer")
    assert not spark_runtime.recognises(files)
    save(files / ".", "feature.Tokenizer")
    assert spark_runtime.model_folder(files) == files


def test_describing_the_runtime_imports_no_loader():
    """The package itself is cheap: command lines import it."""
    code = "import sys, spark_runtime; sys.exit('numpy' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code]) == 0


def test_the_module_serves_like_the_command(monkeypatch):
    """``python -m spark_runtime ARGS`` is ``serving-runtime serve --runtime spark ARGS``."""
    given = []
    monkeypatch.setattr(cli, "main", lambda argv: given.append(argv) or 3)
    monkeypatch.setattr(sys, "argv", ["spark_runtime", "--app-port", "0"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("spark_runtime", run_name="__main__")
    assert ended.value.code == 3
    assert given == [["serve", "--runtime", "spark", "--app-port", "0"]]
