"""The user's module: what it may import, how failures are told, and that nothing of it stays."""

import os
import sys

import pytest

from serving_runtime.errors import LoadError
from serving_runtime.framework.user_code import UserCode


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, with an empty ``src``."""
    folder = tmp_path / "files"
    (folder / "src").mkdir(parents=True)
    return folder


@pytest.fixture
def put_in_force(files):
    """Make the code of ``files`` importable, with the source of its module where given."""
    codes = []

    def enter(source=None):
        path = files / "src" / "network.py"
        if source is not None:
            path.write_text(source, encoding="utf-8")
        codes.append(UserCode(files, path))
        return codes[-1]

    yield enter
    for code in codes:
        code.forget()


def test_a_module_is_imported_with_its_neighbours_and_files(put_in_force, files):
    """Neighbours, libraries and files by relative path are found while it is in force."""
    (files / "src" / "neighbour.py").write_text("FACTOR = 2")
    (files / "lib").mkdir()
    (files / "lib" / "library.py").write_text("FACTOR = 3")
    (files / "size.txt").write_text("5")
    module = put_in_force(
        "import pathlib, library, neighbour\n"
        "SIZE = int(pathlib.Path('size.txt').read_text())\n"
        "FACTORS = neighbour.FACTOR, library.FACTOR\n"
    ).import_module()
    assert (module.SIZE, module.FACTORS) == (5, (2, 3))
    del sys.modules["library"]


def test_neighbours_are_found_without_the_module(put_in_force, files):
    """What needs only the folder, such as a pickle of the user's classes, needs no module."""
    (files / "src" / "classes.py").write_text("NUMBER = 7")
    put_in_force()
    import classes

    assert classes.NUMBER == 7


def test_forgetting_restores_the_process(put_in_force):
    """Nothing is left in sys.path, sys.modules or the working directory; twice does no harm."""
    before = (os.getcwd(), list(sys.path))
    code = put_in_force("")
    code.import_module()
    assert "network" in sys.modules
    code.forget()
    code.forget()
    assert (os.getcwd(), list(sys.path)) == before
    assert "network" not in sys.modules


def test_a_second_model_puts_the_first_away(put_in_force, files):
    """Modules of a model that was never forgotten are not handed to the next one."""
    (files / "src" / "neighbour.py").write_text("FACTOR = 2")
    put_in_force("from neighbour import FACTOR").import_module()
    (files / "src" / "neighbour.py").write_text("FACTOR = 3333")
    assert put_in_force("from neighbour import FACTOR").import_module().FACTOR == 3333


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("raise OSError('no disk')", "importing network.py raised OSError: no disk (files/src/"
         "network.py:1: raise OSError('no disk'))"),
        ("x = (", "files/src/network.py:1: SyntaxError"),
        ("import absent.part", 'module "absent" is not installed here (files/src/network.py:1'),
        ("import absent", "or put it into the folder `lib` beside network.py"),
        ("from json import absent", "importing network.py failed: ImportError: cannot import name"),
        ("raise SystemExit(3)", "importing network.py called sys.exit(3)"),
    ],
)  # fmt: skip
def test_a_failed_import_is_told_with_the_file_and_forgotten(put_in_force, source, told):
    """The message names the user's file and line, and the process is as it was."""
    before = (os.getcwd(), list(sys.path))
    with pytest.raises(LoadError) as caught:
        put_in_force(source).import_module()
    assert told in str(caught.value)
    assert (os.getcwd(), list(sys.path)) == before


def test_a_function_s_result_and_failure_are_handed_on(put_in_force):
    """What the user's code returns is returned; what it raises is told with its line."""
    code = put_in_force("def build(number):\n    return 6 // number")
    build = code.import_module().build
    assert code.run("build()", lambda: build(2)) == 3
    with pytest.raises(LoadError) as caught:
        code.run("build()", lambda: build(0))
    assert "build() raised ZeroDivisionError" in str(caught.value)
    assert "(files/src/network.py:2: return 6 // number)" in str(caught.value)
