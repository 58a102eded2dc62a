"""Explain why the user's code failed at start: what it was, which line, and what would help."""

import os
import sys
import traceback
from pathlib import Path
from typing import Optional

from serving_runtime import logs
from serving_runtime.errors import LoadError, one_line
from serving_runtime.framework import unpickling

logger = logs.get_logger(__name__)

LINE_BYTES = 200

DERIVE = (
    "install it in an image of your own (`FROM` this one, `RUN pip install {name}`), "
    "or put it into the folder `lib` beside {beside}"
)


def explain(error: BaseException, what: str, files: Path, beside: str) -> LoadError:
    """Turn what the user's code raised at start into a message.

    Args:
        error: the exception.
        what: what was being done, such as ``importing func_main.py``.
        files: the model's files, to distinguish the user's lines from the libraries'.
        beside: the name of the user's file, beside which libraries may be.
    """
    if isinstance(error, SyntaxError) and os.path.isfile(error.filename or ""):
        return _syntax_error(error, files)
    place = _place(error, files)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing_module(error.name, place, files, beside)
    if isinstance(error, SystemExit):
        return _exit(error, what, place)
    # The innermost frames are in a library, where only the traceback shows the cause.
    logger.error("%s failed", what, exc_info=(type(error), error, error.__traceback__))
    error_text = f"{type(error).__name__}: {one_line(str(error))}"
    fix = "the log has the whole traceback"
    if isinstance(error, ImportError) and _is_of_library(error.name, files):
        fix = f"compare {unpickling.installed(str(error.name).partition('.')[0])} with yours; {fix}"
    verb = "failed:" if isinstance(error, ImportError) else "raised"
    return LoadError(f"{what} {verb} {error_text}{place}", fix)


def _syntax_error(error: SyntaxError, files: Path) -> LoadError:
    line = _shortened(error.text)
    return LoadError(
        f"{_relative(str(error.filename), files)}:{error.lineno}: {type(error).__name__}: "
        f"{error.msg}{line and ': ' + line}",
        "mend that line, and mind that the image's Python may be older than yours",
    )


def _missing_module(name: str, place: str, files: Path, beside: str) -> LoadError:
    package = name.partition(".")[0]
    if package == name:
        fix = DERIVE.format(name=package, beside=beside)
        return LoadError(f'module "{name}" is not installed here{place}', fix)
    if _is_of_library(package, files):
        problem = f'{unpickling.installed(package)} has no module "{name}"{place}'
        return LoadError(problem, f"install the version of {package} that the code is written for")
    return LoadError(f'module "{name}" is not in the model\'s files{place}', "put it there")


def _is_of_library(name: Optional[str], files: Path) -> bool:
    """Whether a module is of a package that is installed, and not one of the user's files."""
    package = sys.modules.get((name or "").partition(".")[0])
    places = [getattr(package, "__file__", None) or "", *getattr(package, "__path__", ())]
    return package is not None and not any(_is_own(str(place), files) for place in places)


def _exit(error: SystemExit, what: str, place: str) -> LoadError:
    is_import = what.startswith("importing")
    return LoadError(
        f"{what} called sys.exit({'' if error.code is None else repr(error.code)}){place}",
        'put what is not for serving below `if __name__ == "__main__":`' if is_import else "",
    )


def _place(error: BaseException, files: Path) -> str:
    """Return where in the user's own files the error arose: the innermost of those lines."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__)
           if _is_own(frame.filename, files)]  # fmt: skip
    if not own:
        return ""
    line = _shortened(own[-1].line)
    return f" ({_relative(own[-1].filename, files)}:{own[-1].lineno}{line and ': ' + line})"


def _is_own(filename: str, files: Path) -> bool:
    return filename.startswith(str(files) + os.sep)


def _relative(filename: str, files: Path) -> str:
    """Name a file from the model's directory on, as the user does: ``files/src/func_main.py``."""
    own = _is_own(filename, files)
    return os.path.relpath(filename, str(files.parent)) if own else filename


def _shortened(line: Optional[str]) -> str:
    return one_line((line or "").strip(), LINE_BYTES)
