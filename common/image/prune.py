"""Remove from an image what its wheels bring and no model can import: test folders and more.

    prune.py LOCK [PATH ...]

The paths are below site-packages: headers, programs and the like, which only the framework's own
Dockerfile knows. Folders called `tests` go by themselves, unless a module outside of them imports
them. Only packages of the lock are touched, so neither pip nor what the base brings; and each
package's RECORD is told, so that `pip show`, `pip check` and `pip uninstall` find what it says.
"""

import ast
import csv
import os
import re
import sys
import sysconfig
from pathlib import Path, PurePosixPath
from typing import Dict, Iterable, Iterator, List, Set

TESTS = "tests"
# Run by pytest only, and so no reason to keep what it imports.
RUN_BY_PYTEST = "conftest.py"

Records = Dict[Path, List[List[str]]]
"""The lines of each RECORD: a path below site-packages, its hash and its size."""


def prune(packages: Path, lock: Path, paths: Iterable[str]) -> int:
    """Remove what is not needed, and return how many bytes that were.

    Args:
        packages: the folder `site-packages`.
        lock: pins of what was installed there.
        paths: what to remove beside folders of tests.
    """
    records = _records(packages, _names(lock))
    files = [line[0] for lines in records.values() for line in lines]
    unneeded = (*paths, *_unimported(packages, files))
    gone = {file for file in files if any(_is_inside(file, folder) for folder in unneeded)}
    size_bytes = sum(_remove(packages / file) for file in sorted(gone))
    for record, lines in records.items():
        _write(record, [line for line in lines if line[0] not in gone])
    return size_bytes


def _names(lock: Path) -> Set[str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), re.MULTILINE)
    return {_normal(name) for name in pins}


def _normal(name: str) -> str:
    """Spell a package's name as every other package spells it. See: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _records(packages: Path, names: Set[str]) -> Records:
    found = {}
    for record in sorted(packages.glob("*.dist-info/RECORD")):
        if _normal(record.parent.name.split("-")[0]) in names:
            with record.open(newline="") as file:
                found[record] = [line for line in csv.reader(file) if line]
    return found


def _write(record: Path, lines: List[List[str]]) -> None:
    with record.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def _unimported(packages: Path, files: List[str]) -> Set[str]:
    """Return the folders of tests that nothing else imports, nor what those import that stay."""
    folders = {folder for folder in map(_tests_of, files) if folder}
    readable = [file for file in files if file.endswith(".py")]
    while True:
        outside = (file for file in readable if _tests_of(file) not in folders)
        imported = {name for file in outside for name in _imports_tests(packages, file)}
        kept = {folder for folder in folders if folder.replace("/", ".") in imported}
        if not kept:
            return folders
        folders -= kept


def _tests_of(file: str) -> str:
    """Return the outermost folder of tests that a file is in; empty if it is in none.

    What is beside the modules, such as licences and programs, has folders of that name as well.
    """
    parts = PurePosixPath(file).parts[:-1]
    if TESTS not in parts or parts[0] == ".." or parts[0].endswith(".dist-info"):
        return ""
    return "/".join(parts[: parts.index(TESTS) + 1])


def _imports_tests(packages: Path, file: str) -> Iterator[str]:
    """Yield the packages of tests that a module imports, wherever in it."""
    path = packages / file
    if path.name == RUN_BY_PYTEST or not path.is_file():
        return
    code = path.read_bytes()
    if TESTS.encode() not in code:
        return
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):  # a template, or meant for another Python
        return
    for node in nodes:
        for name in _imported(node, file):
            words = name.split(".")
            if TESTS in words:
                yield ".".join(words[: words.index(TESTS) + 1])


def _imported(node: ast.AST, file: str) -> List[str]:
    """Return the absolute names that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = PurePosixPath(file).parts[: -node.level] if node.level else ()
    module = [*above, *([node.module] if node.module else [])]
    return [".".join([*module, alias.name]) for alias in node.names]


def _is_inside(file: str, folder: str) -> bool:
    return file == folder or file.startswith(folder + "/")


def _remove(path: Path) -> int:
    """Remove a file, and the folders that it leaves empty; return its size in bytes."""
    if not path.is_file():
        return 0
    size_bytes = path.stat().st_size
    path.unlink()
    for folder in path.parents:
        if os.listdir(str(folder)):
            break
        folder.rmdir()
    return size_bytes


if __name__ == "__main__":
    site_packages = Path(sysconfig.get_path("purelib"))
    removed_bytes = prune(site_packages, Path(sys.argv[1]), sys.argv[2:])
    print(f"removed {removed_bytes / 1e6:.0f} MB that no model imports")
