"""Replace functions of the service in a measured process: Python imports this as it starts.

The product has no switches for measurements. BENCHMARKS_REPLACED lists what is replaced:
`module:name` by a function that does nothing and returns None, `module:name=module:name` by another
one. It is done right after the module has been imported, before anyone can take a name from it. A
name that is gone ends the process: otherwise a device would stay on, and be measured as if off.
"""

import functools
import importlib
import importlib.abc
import importlib.machinery
import os
import sys

VARIABLE = "BENCHMARKS_REPLACED"


def replace(module, names, replacement):
    """Put something else in the place of a module's function, or of a class's: `Class.method`."""
    *owners, name = names.split(".")
    owner = functools.reduce(getattr, owners, module)
    getattr(owner, name)  # an AttributeError if it is gone
    setattr(owner, name, _other(replacement) if replacement else do_nothing)


def do_nothing(*args, **kwargs):
    """Stand for what is switched off."""


def _other(place):
    module, _, name = place.partition(":")

    def call(*args, **kwargs):
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call


class Replacing(importlib.abc.MetaPathFinder):
    """Finds the modules of which something is replaced."""

    def __init__(self, listed):
        self._by_module: dict[str, list[tuple[str, str]]] = {}
        for each in filter(None, listed.split(",")):
            place, _, replacement = each.partition("=")
            module, _, names = place.partition(":")
            self._by_module.setdefault(module, []).append((names, replacement))

    def find_spec(self, fullname, path=None, target=None):
        """Find a module as Python does, with a loader that replaces what is to be."""
        if fullname not in self._by_module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        loader = spec and spec.loader
        if not loader:
            return None
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            for names, replacement in self._by_module[fullname]:
                replace(module, names, replacement)

        vars(loader)["exec_module"] = exec_module
        return spec


if os.environ.get(VARIABLE):
    sys.meta_path.insert(0, Replacing(os.environ[VARIABLE]))
