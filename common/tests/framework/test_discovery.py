import sys

import pytest

from serving_runtime.errors import LoadError, SettingError
from serving_runtime.framework import discovery

INIT = """
from serving_runtime.settings import parsing
from serving_runtime.settings import Setting

SETTINGS = (Setting("RUNTIME_{NAME}_SIZE", "size", parsing.POSITIVE, "7", "A size."),)

def recognises(files):
    return (files / "{name}.txt").exists()
"""
LOADER = """
def load(files, contract, **options):
    return ("{name}", files, contract, options)
"""
INFER = """
def infer_contract(files):
    return "inferred"
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that puts the package of a runtime on a path where nothing else is."""
    packages = tmp_path / "packages"
    packages.mkdir()
    # Packages are looked for there; what is imported already stays importable.
    monkeypatch.setattr(sys, "path", [str(packages)])
    before = set(sys.modules)

    def make(name, init=INIT, loader=LOADER):
        folder = packages / f"{name}_runtime"
        folder.mkdir()
        (folder / "__init__.py").write_text(init.replace("{NAME}", name.upper()).replace(
            "{name}", name))  # fmt: skip
        (folder / "loader.py").write_text(loader.replace("{name}", name))
        return folder

    yield make
    for name in set(sys.modules) - before:
        if name.partition(".")[0].endswith("_runtime"):
            del sys.modules[name]


@pytest.fixture
def files(tmp_path):
    """Return an empty directory for a model."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def test_every_package_named_so_is_found(install):
    """A framework is one folder: nothing else names it."""
    install("toy")
    install("other")
    assert list(discovery.installed()) == ["other", "toy"]


def test_common_is_no_runtime(install):
    """serving_runtime itself ends like one."""
    assert "serving" not in discovery.installed()


def test_nothing_heavy_is_imported_to_list_them(install):
    """The loader imports the framework, so it waits until a model is loaded."""
    install("toy", loader="raise RuntimeError('imported')")
    assert discovery.installed()["toy"].name == "toy"
    assert "toy_runtime.loader" not in sys.modules


def test_stray_modules_and_foreign_packages_are_no_runtimes(install):
    """A user's file or a library that happens to be named so must not stop the start."""
    folder = install("toy")
    (folder.parent / "stray_runtime.py").write_text("raise RuntimeError('imported')")
    (folder.parent / "foreign_runtime").mkdir()
    (folder.parent / "foreign_runtime" / "__init__.py").write_text("")
    assert list(discovery.installed()) == ["toy"]


def test_named_runtime_is_chosen(install, files):
    """A name decides, whatever the files look like."""
    install("toy")
    install("other")
    (files / "other.txt").touch()
    assert discovery.choose("toy", files).name == "toy"


def test_unknown_name_is_told_with_the_nearest(install, files):
    """The message has the name, a suggestion, and what there is."""
    install("toy")
    install("spark")
    with pytest.raises(
        LoadError, match='"spakr" is not installed.*did you mean "spark".*spark, to'
    ):
        discovery.choose("spakr", files)


def test_the_only_one_that_recognises_the_files_is_chosen(install, files):
    """Without a name the files tell."""
    install("toy")
    install("other")
    (files / "toy.txt").touch()
    assert discovery.choose("", files).name == "toy"


@pytest.mark.parametrize(
    ("names", "found", "fix"),
    [
        ([], "none recognise", "put the model's files there"),
        (["toy", "other"], "other, toy recognise", "--runtime"),
    ],
)
def test_files_that_do_not_tell_are_refused(install, files, names, found, fix):
    """None or several: the message says which recognise them, and what to do."""
    install("toy")
    install("other")
    for name in names:
        (files / f"{name}.txt").touch()
    with pytest.raises(LoadError, match=found) as caught:
        discovery.choose("", files)
    assert fix in caught.value.fix


def test_no_runtime_at_all_is_told(install, files):
    """An environment with common alone says that there are none."""
    with pytest.raises(LoadError, match="of none, none recognise"):
        discovery.choose("", files)
    with pytest.raises(LoadError, match="there are none"):
        discovery.choose("toy", files)


def test_model_is_loaded_with_the_runtimes_own_settings(install, files):
    """A framework's settings are read like ours and passed by attribute."""
    install("toy")
    toy = discovery.choose("toy", files)
    assert toy.load(files, None, {"RUNTIME_TOY_SIZE": "3"}) == ("toy", files, None, {"size": 3})
    assert toy.load(files, None, {})[3] == {"size": 7}
    with pytest.raises(SettingError, match="RUNTIME_TOY_SIZE"):
        toy.load(files, None, {"RUNTIME_TOY_SIZE": "none"})


def test_runtime_without_settings(install, files):
    """SETTINGS may be left out."""
    install("toy", init="def recognises(files):\n    return True\n")
    toy = discovery.choose("", files)
    assert toy.settings == ()
    assert toy.load(files, None, {})[3] == {}


def test_contract_is_inferred_where_the_loader_can(install, files):
    """infer_contract is optional."""
    install("toy")
    install("other", loader=LOADER + INFER)
    assert discovery.choose("toy", files).infer_contract(files) is None
    assert discovery.choose("other", files).infer_contract(files) == "inferred"


def test_inference_is_given_what_it_asks_for(install, files):
    """The declared contract and the framework's own settings go to the parameters of their name."""
    asking = "\ndef infer_contract(files, size, contract=None):\n    return (size, contract)\n"
    install("toy", loader=LOADER + asking)
    toy = discovery.choose("toy", files)
    assert toy.infer_contract(files, "declared", {"RUNTIME_TOY_SIZE": "3"}) == (3, "declared")
