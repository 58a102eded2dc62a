"""Find out from what was raised why a pickle could not be loaded: only a known cause has a remedy.

Frameworks share this whose files have objects in them, and add what is their own.
"""

import importlib.util
import pickle
import re
import sys
from typing import Container, NamedTuple, Optional, Tuple

import numpy as np

_DERIVE = (
    "serve it from an image of your own that installs it: FROM this one, RUN pip install; a module "
    "of your own has to be installed likewise"
)
_SCRIPTS = ("__main__", "__mp_main__")
_NO_ATTRIBUTE = (
    re.compile(r"Can't get attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'"),
    # Of the unpickler that is written in Python, since 3.14.
    re.compile(r"module '(?P<module>[^']+)' has no attribute '(?P<name>[^']+)'"),
)
_GENERATOR = re.compile(r"known BitGenerator|__(?:randomstate|bit_generator|generator)_ctor")
_BYTECODE = re.compile(r"code(\(\))? (takes|expected|arg)")


class Cause(NamedTuple):
    """Why a file could not be loaded, after its name; and what mends that.

    ``package``: another version of it, or it itself, is what is missing; empty if that is not why.
    """

    problem: str
    fix: str
    package: str = ""


def cause_of(error: BaseException, unpicklers: Container[str]) -> Optional[Cause]:
    """Return why a file could not be loaded; None if that is not known.

    Args:
        error: what loading it raised.
        unpicklers: names of the modules that unpickle, beside Python's own.
    """
    if isinstance(error, ModuleNotFoundError):
        return _missing_module(error.name or "")
    if isinstance(error, AttributeError):
        innermost = modules_of(error)[-1]
        is_reference = innermost == "pickle" or innermost in unpicklers
        return _missing_name(str(error)) if is_reference else None
    return _of_another_numpy(error) or _of_another_python(error)


def modules_of(error: BaseException) -> Tuple[str, ...]:
    """Name the modules of the frames through which an error came, the outermost first."""
    found = []
    trace = error.__traceback__
    while trace is not None:
        found.append(str(trace.tb_frame.f_globals.get("__name__")))
        trace = trace.tb_next
    return tuple(found) or ("",)


def installed(package: str) -> str:
    """Name an installed package with its version, where it says one."""
    version = getattr(sys.modules.get(package), "__version__", "")
    return f"the {package} that is installed here" + (f" ({version})" if version else "")


def said(error: BaseException) -> str:
    """Return what was raised as text."""
    return f"{type(error).__name__}: {error}"


def _missing_module(name: str) -> Optional[Cause]:
    if not name:
        return None
    problem = f'needs the module "{name}", which '
    package = name.partition(".")[0]
    if package == name or importlib.util.find_spec(package) is None:
        return Cause(f"{problem}is not installed here", _DERIVE)
    return Cause(f"{problem}{installed(package)} does not have", _other_version(name), package)


def _missing_name(text: str) -> Optional[Cause]:
    """Explain a class or function that the file refers to, and that is not where it was."""
    found = next(filter(None, (pattern.search(text) for pattern in _NO_ATTRIBUTE)), None)
    if found is None:
        return None
    name, module = found.group("name"), found.group("module")
    if module in (*_SCRIPTS, _name_of_script()):
        return Cause(
            f'needs "{name}" of the script or notebook that saved it (__main__), which does not '
            "run here",
            "move it into a module that is installed here too, and save again; or save with "
            "cloudpickle, which takes it along",
        )
    package = module.partition(".")[0]
    problem = f'needs "{name}" of {module}, which {installed(package)} does not have'
    return Cause(problem, _other_version(module), package)


def _name_of_script() -> str:
    """Return what messages call the module ``__main__`` here, as ``python -m`` names it."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec.name if spec else "__main__"


def _of_another_numpy(error: BaseException) -> Optional[Cause]:
    if not _GENERATOR.search(str(error)):
        return None
    return Cause(
        f"has a random generator of another NumPy, and here is {np.__version__} ({said(error)})",
        "save it again with a number for random_state, or with the NumPy that is installed here",
    )


def _of_another_python(error: BaseException) -> Optional[Cause]:
    here = ".".join(map(str, sys.version_info[:2]))
    if isinstance(error, ValueError) and "unsupported pickle protocol" in str(error):
        return Cause(
            f"was saved by a newer Python, and here is {here} ({error})",
            f"save it with protocol={pickle.HIGHEST_PROTOCOL}, or serve it from a newer image",
        )
    # cloudpickle takes the bytecode of functions along, and each version has a form of its own.
    if isinstance(error, TypeError) and _BYTECODE.match(str(error)):
        return Cause(
            f"has functions of another Python, and here is {here} ({said(error)})",
            f"save it with Python {here}, or serve it from an image of the Python that saved it",
        )
    return None


def _other_version(module: str) -> str:
    if module.startswith("numpy._core"):
        return "it was saved with NumPy 2: serve it from an image that has it, or save it again"
    package = module.partition(".")[0]
    return f"install the version of {package} that saved it, or save it again with the one here"
