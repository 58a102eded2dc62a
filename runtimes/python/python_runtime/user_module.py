"""Import the user's ``func_main.py`` in the surroundings that it expects, and undo that again.

The working directory, ``sys.path`` and ``sys.modules`` belong to the whole process. A worker serves
one model, so that is no matter there; with ``RUNTIME_WORKERS=0`` the front's process changes too.
A second model that is loaded into the same process puts the first one's away: the first one's
functions still run, but can no longer import their neighbours.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, List, Set

from python_runtime import failures
from serving_runtime.errors import LoadError

NAME = "func_main"

_lock = threading.RLock()
_in_force: List["UserModule"] = []


class UserModule:
    """The user's ``func_main``, imported.

    Args:
        files: the folder that holds it.

    Raises:
        LoadError: it is missing, twice there, or its import fails.
    """

    def __init__(self, files: Path) -> None:
        # Absolute, since the working directory changes below; not resolved, since user code may
        # compare paths with the ones it was told.
        self.files = Path(os.path.abspath(str(files)))
        self.path = locate(self.files)
        with _lock:
            for earlier in list(_in_force):
                earlier.forget()
            self._own_folders = _existing(self.path.parent, self.files)
            self._lib_folders = _existing(*_lib_candidates(self.files, self.path))
            self._modules_before = set(sys.modules)
            self._folder_before = os.getcwd()
            self._enter()
            self.module = self._import()

    def run(self, what: str, function: Callable[[], Any]) -> None:
        """Run a piece of the user's code at start.

        Raises:
            LoadError: it raised or exited; the text has the user's line.
        """
        try:
            function()
        except (Exception, SystemExit) as error:
            raise failures.explain(error, what, self.files) from error

    def forget(self) -> None:
        """Undo what importing changed: modules, ``sys.path``, working directory."""
        with _lock:
            if self not in _in_force:
                return
            _in_force.remove(self)
            for name in self._own_modules():
                sys.modules.pop(name, None)
            for folder in self._own_folders + self._lib_folders:
                with contextlib.suppress(ValueError):  # the user's code removed it
                    sys.path.remove(folder)
            with contextlib.suppress(OSError):  # it is gone
                os.chdir(self._folder_before)

    def _enter(self) -> None:
        _in_force.append(self)
        # The user's modules come first, as when a script is run; libraries come last, so that
        # a copy of numpy among them never replaces the one that the server already uses.
        sys.path[:0] = self._own_folders
        sys.path.extend(self._lib_folders)
        os.chdir(str(self.files))
        importlib.invalidate_caches()

    def _import(self) -> ModuleType:
        spec: Any = importlib.util.spec_from_file_location(NAME, str(self.path))
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        try:
            self.run("importing func_main.py", lambda: spec.loader.exec_module(module))
        except BaseException:
            self.forget()
            raise
        return module

    def _own_modules(self) -> Set[str]:
        """Name the modules that came with this model.

        Those of ``lib`` stay: extension modules such as NumPy's cannot be imported twice.
        """
        own = {NAME}.union(*map(_importable_names, self._own_folders))
        new = set(sys.modules) - self._modules_before
        return {NAME} | {name for name in new if name.partition(".")[0] in own}


def locate(files: Path) -> Path:
    """Find ``func_main.py``.

    Raises:
        LoadError: it is missing, or in both places.
    """
    found = [path for path in (files / "src" / "func_main.py", files / "func_main.py")
             if path.is_file()]  # fmt: skip
    if len(found) == 1:
        return found[0]
    if found:
        raise LoadError(
            f"func_main.py is there twice, in {files}/src and in {files}: which one is the model?",
            "remove one of them",
        )
    raise LoadError(
        f"func_main.py was not found: looked for src/func_main.py ({_listing(files / 'src')}) "
        f"and func_main.py ({_listing(files)}) in {files}",
        "put your function into src/func_main.py, in the folder `files` of the model",
    )


def _listing(folder: Path, most: int = 12) -> str:
    if not folder.is_dir():
        return f"there is no folder {folder.name}"
    names = sorted(entry.name + "/" * entry.is_dir() for entry in folder.iterdir())
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{folder.name} has {', '.join(names[:most]) or 'nothing'}{rest}"


def _lib_candidates(files: Path, func_main: Path) -> List[Path]:
    """Name the places of libraries: beside func_main.py (3.x), beside `files` (older)."""
    beside = [files.parent / "lib"] if files.name == "files" else []
    return [func_main.parent / "lib", files / "lib", *beside]


def _existing(*folders: Path) -> List[str]:
    unique = dict.fromkeys(str(folder) for folder in folders if folder.is_dir())
    return list(unique)


def _importable_names(folder: str) -> Set[str]:
    with contextlib.suppress(OSError):  # it is gone
        return {name.partition(".")[0] for name in os.listdir(folder)}
    return set()
