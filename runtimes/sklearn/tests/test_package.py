"""What the server knows of the runtime before it loads a model."""

import runpy
import subprocess
import sys
import types

import pytest

import sklearn_runtime
from serving_runtime import cli, settings
from serving_runtime.errors import SettingError
from serving_runtime.framework import discovery
from sklearn_runtime import docstrings, formats
from sklearn_runtime.options import Options


def test_the_runtime_is_found_by_its_name():
    """The server finds the package because of how it is called."""
    assert discovery.installed()["sklearn"].package is sklearn_runtime


@pytest.mark.parametrize("suffix", sklearn_runtime.SUFFIXES)
def test_a_file_of_a_known_format_is_recognised(files, suffix):
    """The suffix tells, in any case; code beside it makes it a model of the Python runtime."""
    assert not sklearn_runtime.recognises(files)
    (files / ("model" + suffix.upper())).write_bytes(b"")
    assert sklearn_runtime.recognises(files)
    (files / "func_main.py").write_text("")
    assert not sklearn_runtime.recognises(files)


def test_every_suffix_has_a_format():
    """What is recognised can be loaded, and the other way round."""
    assert set(formats.FORMATS) == set(sklearn_runtime.SUFFIXES)


def test_the_settings_are_the_options():
    """Each setting becomes the option of its name, with the same default."""
    assert settings.read(sklearn_runtime.SETTINGS, {}) == Options()._asdict()


def test_settings_are_read():
    """Lists are separated by commas, and OpenMP's own form of the thread count is understood."""
    environ = {
        "RUNTIME_TRUSTED_TYPES": "a.B, c.D,",
        "RUNTIME_ALLOW_PICKLE": "off",
        "OMP_NUM_THREADS": "4,2",
        "RUNTIME_MODEL_SHA256": "AB" * 32,
    }
    options = Options(**settings.read(sklearn_runtime.SETTINGS, environ))
    assert options == Options("", "ab" * 32, False, ("a.B", "c.D"), "warn", 4)


def test_a_digest_that_is_none_stops_the_start():
    """A pin that could never match is a mistake of its own."""
    with pytest.raises(SettingError, match="64 hexadecimal digits"):
        settings.read(sklearn_runtime.SETTINGS, {"RUNTIME_MODEL_SHA256": "abc"})


def test_describing_the_runtime_imports_no_loader():
    """The package itself is cheap: command lines import it for its settings."""
    code = "import sys, sklearn_runtime; sys.exit('numpy' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", code]) == 0


def test_only_what_every_model_needs_is_imported():
    """Forests and searches take long to import: a model that has any imports them itself."""
    code = (
        "import sys, sklearn_runtime.loader; "
        "sys.exit('sklearn.ensemble' in sys.modules or 'sklearn.model_selection' in sys.modules)"
    )
    assert subprocess.call([sys.executable, "-W", "ignore", "-c", code]) == 0


def test_scipy_does_not_take_docstrings_apart_at_the_start():
    """Afterwards it can, as ever: a user's code may want to."""
    scraper = pytest.importorskip("scipy._lib._docscrape")
    with docstrings.unread():
        assert scraper.NumpyDocString("Sum.")["Summary"] == [""]
    assert scraper.NumpyDocString("Sum.")["Summary"] == ["Sum."]


def test_a_scipy_that_takes_none_apart_is_left_alone(monkeypatch):
    """Old versions have no module for it, and new ones may have another."""
    monkeypatch.setitem(sys.modules, "scipy._lib._docscrape", None)
    with docstrings.unread():
        pass
    monkeypatch.setitem(sys.modules, "scipy._lib._docscrape", types.ModuleType("other"))
    with docstrings.unread():
        pass


def test_the_module_serves_like_the_command(monkeypatch):
    """``python -m sklearn_runtime ARGS`` is ``serving-runtime serve --runtime sklearn ARGS``."""
    told = []
    monkeypatch.setattr(cli, "main", lambda argv: told.append(argv) or 3)
    monkeypatch.setattr(sys, "argv", ["sklearn_runtime", "model", "--port", "0"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("sklearn_runtime", run_name="__main__")
    assert caught.value.code == 3
    assert told == [["serve", "--runtime", "sklearn", "model", "--port", "0"]]
