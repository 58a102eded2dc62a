"""A framework whose loaded models may be forked: the Python runtime's, declared to be so."""

import os
from pathlib import Path
from typing import Any

INIT = "FORKS = True\n\n\ndef recognises(files):\n    return False\n"
LOADER = "from python_runtime.loader import load\n\n__all__ = ['load']\n"


def install(folder: Path) -> dict[str, Any]:
    """Write the runtime's package into a folder; return how a server is started with it."""
    package = folder / "forking_runtime"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(INIT, encoding="utf-8")
    (package / "loader.py").write_text(LOADER, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {"arguments": ("--runtime", "forking"), "PYTHONPATH": path}
