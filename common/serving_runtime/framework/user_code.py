"""Import the user's module in the surroundings that it expects, and undo that again.

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
from typing import Any, Callable, List, Set, TypeVar

from serving_runtime.framework import user_errors

Result = TypeVar("Result")

_lock = threading.RLock()
_in_force: List["UserCode"] = []


class UserCode:
    """The user's code, which can be imported until it is forgotten.

    Args:
        files: the model's folder; it becomes the working directory.
        path: the user's module in it, such as ``files/src/func_main.py``. It need not be there as
            long as it is not imported: a model may need its neighbours only.
    """

    def __init__(self, files: Path, path: Path) -> None:
        self.files = absolute(files)
        self.path = absolute(path)
        with _lock:
            for earlier in list(_in_force):
                earlier.forget()
            self._own_folders = _existing(self.path.parent, self.files)
            self._lib_folders = _existing(*_lib_candidates(self.files, self.path))
            self._modules_before = set(sys.modules)
            self._folder_before = os.getcwd()
            self._enter()

    def import_module(self) -> ModuleType:
        """Import the user's module.

        Raises:
            LoadError: its import fails; nothing of the code stays.
        """
        with _lock:
            spec: Any = importlib.util.spec_from_file_location(self.path.stem, str(self.path))
            module = importlib.util.module_from_spec(spec)
            sys.modules[self.path.stem] = module
            try:
                self.run(f"importing {self.path.name}", lambda: spec.loader.exec_module(module))
            except BaseException:
                self.forget()
                raise
            return module

    def run(self, what: str, function: Callable[[], Result]) -> Result:
        """Run a piece of the user's code at start, and return its result.

        Args:
            what: is being done, such as ``load()``.
            function: the user's.

        Raises:
            LoadError: it raised or exited; the text has the user's line.
        """
        try:
            return function()
        except (Exception, SystemExit) as error:
            raise user_errors.explain(error, what, self.files, self.path.name) from error

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

    def _own_modules(self) -> Set[str]:
        """Name the modules that came with this model.

        Those of ``lib`` stay: extension modules such as NumPy's cannot be imported twice.
        """
        own = {self.path.stem}.union(*map(_importable_names, self._own_folders))
        new = set(sys.modules) - self._modules_before
        return {self.path.stem} | {name for name in new if name.partition(".")[0] in own}


def absolute(path: Path) -> Path:
    """Return a path that holds wherever the working directory is.

    It is not resolved, since user code may compare paths with the ones it was given.
    """
    return Path(os.path.abspath(str(path)))


def _lib_candidates(files: Path, module: Path) -> List[Path]:
    """Name the places of libraries: beside the module (3.x), beside `files` (older)."""
    beside = [files.parent / "lib"] if files.name == "files" else []
    return [module.parent / "lib", files / "lib", *beside]


def _existing(*folders: Path) -> List[str]:
    unique = dict.fromkeys(str(folder) for folder in folders if folder.is_dir())
    return list(unique)


def _importable_names(folder: str) -> Set[str]:
    with contextlib.suppress(OSError):  # it is gone
        return {name.partition(".")[0] for name in os.listdir(folder)}
    return set()
