"""Find a model's requirements, and the local files that they refer to, which pip needs as well."""

import os
import re
from pathlib import Path
from typing import Iterator, List, NamedTuple, Optional, Tuple

from serving_runtime.errors import LoadError
from serving_runtime.framework.model_dir import FILES

NAME = "requirements.txt"
# Hydrosphere's manager installs the second; people also put it beside the contract.
PLACES = (NAME, f"{FILES}/{NAME}")
EDITABLE = re.compile(r"(-e|--editable)\b")
NESTED = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)")
FOUND_IN = re.compile(r"(?:-f|--find-links)[ =]*([^\s#]+)")
PACKAGE = re.compile(r"(\.{0,2}/[^\s;[]+|[^\s;[]+\.(?:whl|tar\.gz|zip))(?:[\s;[]|$)")


class Requirements(NamedTuple):
    """What pip installs, and where it is."""

    path: Path
    lines: Tuple[str, ...]
    # Relative to the model directory: the file itself, then what it refers to. Empty if the file
    # is elsewhere, for then an image gets no more than the lines.
    inside: Tuple[str, ...]


def find(root: Path, given: Optional[Path]) -> Optional[Requirements]:
    """Read the requirements of a model.

    Args:
        root: the model directory, absolute and without links.
        given: the file to take instead of the directory's own.

    Returns:
        None if there are none.

    Raises:
        LoadError: there are two files, or they refer to what an image cannot have.
    """
    path = given or _own(root)
    if path is None:
        return None
    path = Path(os.path.realpath(str(path.parent)), path.name)
    lines = _lines(path)
    names = [os.path.relpath(str(it), str(root)) for it in (path, *_referred(path))]
    outside = [name for name in names if name.split(os.sep)[0] == os.pardir]
    if outside and len(names) > 1:
        raise LoadError(
            f"{path} and the files that it refers to are not all in the model directory: "
            f"{outside[0]} is outside of {root}",
            "move it into the model directory, or list the packages themselves",
        )
    return Requirements(path, lines, () if outside else tuple(names))


def _own(root: Path) -> Optional[Path]:
    """Return the model's own file, if there is one.

    Raises:
        LoadError: there are two.
    """
    found = [place for place in PLACES if (root / place).is_file()]
    if len(found) > 1:
        raise LoadError(
            f"{root} has {' and '.join(found)}: expected one of them",
            f"remove one, or name the one to install: --requirements {root / found[0]}",
        )
    return root / found[0] if found else None


def _lines(path: Path) -> Tuple[str, ...]:
    try:
        return tuple(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"the requirements {path} cannot be read: {getattr(error, 'strerror', error)}",
            "name a text file of pip's, such as `pip freeze` writes",
        ) from None


def _referred(path: Path) -> List[Path]:
    """Return the local files and folders that a file refers to, and those that these refer to."""
    found: List[Path] = []
    waiting = [path]
    while waiting:
        reading = waiting.pop()
        for is_nested, it in _local_paths(reading):
            if it in (path, *found):
                continue
            found.append(it)
            waiting.extend([it] if is_nested else [])
    return found


def _local_paths(path: Path) -> Iterator[Tuple[bool, Path]]:
    """Yield what one file names, and whether that has requirements in it.

    Raises:
        LoadError: it is not there, or is to be used from where it is.
    """
    for line in _lines(path):
        if EDITABLE.match(line):
            raise LoadError(
                f"{path} has {line.strip()}: an image has no folder to use a package from",
                "leave out -e, and the package is installed",
            )
        nested = NESTED.match(line)
        named = nested or FOUND_IN.match(line) or PACKAGE.match(line)
        if not named or "://" in named.group(1):
            continue
        found = Path(os.path.normpath(str(path.parent / named.group(1))))
        if not found.exists():
            raise LoadError(f"{path} refers to {found}, which is not there", "mend the path")
        yield bool(nested), found
