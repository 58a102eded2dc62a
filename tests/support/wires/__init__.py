"""The wires, a module for each protocol in each of its codecs; see ``tests/support/wire.py``."""

import importlib
import pkgutil
from typing import List

from tests.support.wire import Wire


def every_wire() -> List[Wire]:
    """Return all wires that there are."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [wire for module in modules for wire in module.WIRES]
