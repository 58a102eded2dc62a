import sys

import pytest

from serving_runtime.errors import SettingError
from serving_runtime.framework import defaults, discovery

INIT = """
{names}

def recognises(files):
    return (files / "{name}.txt").exists()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that puts the package of a runtime on a path where nothing else is."""
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.setattr(sys, "path", [str(packages)])
    before = set(sys.modules)

    def make(name, names=""):
        folder = packages / f"{name}_runtime"
        folder.mkdir()
        (folder / "__init__.py").write_text(INIT.format(name=name, names=names))

    yield make
    for name in set(sys.modules) - before:
        if name.partition(".")[0].endswith("_runtime"):
            del sys.modules[name]


def model_of(tmp_path, name):
    """Make a model directory that the runtime of this name recognises."""
    files = tmp_path / "model" / "files"
    files.mkdir(parents=True)
    (files / f"{name}.txt").write_text("")
    return {"MODEL_DIR": str(tmp_path / "model")}


SMALL = "DEFAULTS = {'RUNTIME_MAX_BATCH_SIZE': '8', 'RUNTIME_BATCH_DELAY': '2ms'}"


def test_defaults_are_below_what_the_user_has_set(install):
    """What is set wins, what is empty counts as unset, and everything else stays."""
    install("toy", SMALL)
    environ = {"RUNTIME_BATCH_DELAY": "1s", "RUNTIME_MAX_BATCH_SIZE": "", "OTHER": "x"}
    found = defaults.lay_below(environ, "toy")
    assert found == {**environ, "RUNTIME_MAX_BATCH_SIZE": "8"}


def test_a_runtime_without_defaults_changes_nothing(install):
    """DEFAULTS may be left out."""
    install("toy")
    assert defaults.in_force({}, "toy") == {}


def test_the_only_runtime_there_is_need_not_be_named(install):
    """In an image there is one, which will serve whatever is mounted."""
    install("toy", SMALL)
    assert defaults.in_force({}, "")["RUNTIME_MAX_BATCH_SIZE"] == "8"


def test_the_runtime_is_recognised_by_the_model(install, tmp_path):
    """Where several are installed, that of the model's files has the say."""
    install("toy", SMALL)
    install("joy", "DEFAULTS = {'RUNTIME_MAX_BATCH_SIZE': '9'}")
    assert defaults.in_force(model_of(tmp_path, "joy"), "") == {"RUNTIME_MAX_BATCH_SIZE": "9"}


def test_files_beside_a_contract_are_looked_at_too(install, tmp_path):
    """A directory without files/ holds the model's files itself."""
    install("toy", SMALL)
    install("joy")
    (tmp_path / "toy.txt").write_text("")
    assert defaults.in_force({"MODEL_DIR": str(tmp_path)}, "") != {}


@pytest.mark.parametrize("name", ["", "gone"])
def test_an_unknown_runtime_has_no_defaults(install, tmp_path, name):
    """What is wrong with the model or the name is for the worker to say."""
    install("toy", SMALL)
    install("joy")
    assert defaults.in_force({"MODEL_DIR": str(tmp_path / "missing")}, name) == {}


def test_a_default_for_no_setting_stops_the_start(install):
    """A typo in a package names the setting that was probably meant, and where to mend it."""
    install("toy", "DEFAULTS = {'RUNTIME_MAX_BATCH_SIZES': '8'}")
    with pytest.raises(SettingError) as caught:
        defaults.lay_below({}, "toy")
    assert "the toy runtime has a default for RUNTIME_MAX_BATCH_SIZES" in str(caught.value)
    assert 'did you mean "RUNTIME_MAX_BATCH_SIZE"' in str(caught.value)
    assert "mend DEFAULTS in toy_runtime" in str(caught.value)


def test_an_unreadable_default_stops_the_start(install):
    """The text says that the value is the runtime's, and which form it should have."""
    install("toy", "DEFAULTS = {'RUNTIME_MAX_BATCH_SIZE': 'few'}")
    with pytest.raises(SettingError) as caught:
        defaults.lay_below({}, "toy")
    assert "the toy runtime's defaults: RUNTIME_MAX_BATCH_SIZE='few' cannot be" in str(caught.value)


def test_thread_variables_of_all_are_named_once(install):
    """One serves and the others ignore their own, so nobody need know which that is."""
    install("joy", "THREAD_VARIABLES = ('A_THREADS', 'B_THREADS')")
    install("toy", "THREAD_VARIABLES = ('B_THREADS',)")
    install("boy")
    assert discovery.thread_variables() == ("A_THREADS", "B_THREADS")
