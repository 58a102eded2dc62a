"""Find the frameworks that are installed: every top-level package named ``<framework>_runtime``.

Such a package's ``__init__`` imports nothing heavy and has ``recognises(files) -> bool``, and if
need be:

- ``SETTINGS``: its own settings, passed to ``loader.load`` as keyword arguments by attribute;
- ``ENVIRONMENT``: variables that the framework reads when it is imported, for where the user has
  not set them;
- ``THREAD_VARIABLES``: names of variables by which its libraries are given their number of threads,
  beside those that common sets for all;
- ``DEFAULTS``: texts by variable, its own defaults for common settings (see ``defaults``);
- ``LIBRARY``: the module that has the version of its library;
- ``FORKS``: True if a process that has loaded a model, and not called it, may be forked: it has
  no threads, and what it has loaded has nothing that must be one worker's only.

Its ``loader`` module imports the framework. See CONTRIBUTING.md.
"""

import importlib
import os
import sys
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from serving_runtime import settings
from serving_runtime.errors import LoadError, nearest
from serving_runtime.settings import Setting

if TYPE_CHECKING:  # both import numpy, and the front, which lists the runtimes, must not
    from serving_runtime.model import Model
    from serving_runtime.signature import Contract

SUFFIX = "_runtime"


class Runtime(NamedTuple):
    """One installed framework: its name and its package."""

    name: str
    package: ModuleType

    @property
    def settings(self) -> Tuple[Setting, ...]:
        """The settings that only this framework has."""
        return tuple(getattr(self.package, "SETTINGS", ()))

    @property
    def thread_variables(self) -> Tuple[str, ...]:
        """The variables that give this framework's libraries their number of threads."""
        return tuple(getattr(self.package, "THREAD_VARIABLES", ()))

    @property
    def defaults(self) -> Mapping[str, str]:
        """This framework's own defaults for common settings, as texts by variable."""
        return dict(getattr(self.package, "DEFAULTS", {}))

    @property
    def missing_package(self) -> str:
        """Name the package that the loader imports and that is not installed; empty if none is."""
        for name, value in getattr(self.package, "ENVIRONMENT", {}).items():
            os.environ.setdefault(name, value)
        try:
            importlib.import_module(self._loader_name)
        except ModuleNotFoundError as error:
            return str(error.name)
        return ""

    @property
    def library_version(self) -> str:
        """The version of the framework's library, once that is imported; empty if it has none."""
        library = sys.modules.get(getattr(self.package, "LIBRARY", ""))
        return str(getattr(library, "__version__", ""))

    @property
    def forks(self) -> bool:
        """Whether a process that has loaded a model, and has not called it, may be forked."""
        return bool(getattr(self.package, "FORKS", False))

    def recognises(self, files: Path) -> bool:
        """Whether ``files`` look like a model of this framework."""
        return bool(self.package.recognises(files))

    def import_loader(self) -> Any:
        """Import the loader, and the framework with it.

        Raises:
            LoadError: the framework is not installed.
        """
        missing = self.missing_package
        if missing:
            raise LoadError(
                f"the {self.name} runtime needs {missing}, which is not installed here",
                f"install {missing}, or serve the model from an image of this runtime",
            )
        return importlib.import_module(self._loader_name)

    def load(
        self, files: Path, contract: "Optional[Contract]", environ: Mapping[str, str]
    ) -> "Model":
        """Load the model with this framework's loader.

        Raises:
            LoadError: the model cannot be served, or the framework is not installed.
            SettingError: one of the framework's own settings cannot be read.
        """
        options = settings.read(self.settings, environ)
        model: Model = self.import_loader().load(files, contract, **options)
        return model

    def infer_contract(
        self,
        files: Path,
        contract: "Optional[Contract]" = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> "Optional[Contract]":
        """Ask the artefact itself for its contract; None where the format cannot say.

        The loader's function is given what it has parameters for: ``contract``, which names what
        the artefact has no names for, and the framework's own settings.
        """
        import inspect  # the front, which starts the workers, must not wait for it

        infer = getattr(self.import_loader(), "infer_contract", None)
        if infer is None:
            return None
        offered = {"contract": contract, **settings.read(self.settings, environ)}
        wanted = inspect.signature(infer).parameters
        inferred: Optional[Contract] = infer(
            files, **{name: value for name, value in offered.items() if name in wanted}
        )
        return inferred

    @property
    def _loader_name(self) -> str:
        return self.package.__name__ + ".loader"


def installed() -> Dict[str, Runtime]:
    """Return the installed frameworks by name."""
    runtimes = [_runtime(name) for name in _packages()]
    # A library may happen to be named so.
    return {item.name: item for item in runtimes if hasattr(item.package, "recognises")}


def thread_variables() -> Tuple[str, ...]:
    """Return what any installed framework names: one serves, and the others ignore their own."""
    named = (name for runtime in installed().values() for name in runtime.thread_variables)
    return tuple(dict.fromkeys(named))


def _packages() -> List[str]:
    """Name the packages that end like a runtime; pkgutil takes 13 ms to look at all others too."""
    found = (
        init.parent.name
        for folder in sys.path
        for init in Path(folder).glob(f"*{SUFFIX}/__init__.py")
    )
    return sorted(set(found) - {"serving_runtime"})


def choose(name: str, files: Path) -> Runtime:
    """Return the runtime called ``name``, or the only one that recognises ``files``.

    Raises:
        LoadError: no such runtime is installed, or none or several recognise the files.
    """
    runtimes = installed()
    if name:
        return _named(name, runtimes)
    fitting = [runtime for runtime in runtimes.values() if runtime.recognises(files)]
    if len(fitting) == 1:
        return fitting[0]
    found = ", ".join(runtime.name for runtime in fitting) or "none"
    raise LoadError(
        f"cannot tell which runtime serves {files}: of {_list(runtimes)}, {found} recognise it",
        "name it with --runtime NAME" if fitting else "put the model's files there",
    )


def _named(name: str, runtimes: Mapping[str, Runtime]) -> Runtime:
    if name in runtimes:
        return runtimes[name]
    suggestion = nearest(name, tuple(runtimes))
    raise LoadError(
        f'runtime "{name}" is not installed here{suggestion}; there are {_list(runtimes)}'
    )


def _list(runtimes: Mapping[str, Runtime]) -> str:
    return ", ".join(runtimes) or "none"


def _runtime(package: str) -> Runtime:
    return Runtime(package[: -len(SUFFIX)], importlib.import_module(package))
