"""Lay a framework's defaults of common settings below what the user has set.

A package's ``DEFAULTS`` has texts by variable, such as ``{"RUNTIME_MAX_BATCH_SIZE": "8"}``. The
environment and the command line win over them, and they win over the common defaults.
"""

import os
from pathlib import Path
from typing import Dict, List, Mapping, Optional

from serving_runtime import settings
from serving_runtime.errors import SettingError, nearest
from serving_runtime.framework import discovery
from serving_runtime.framework.discovery import Runtime
from serving_runtime.settings import SETTINGS

ORIGIN = "default of the runtime"


def lay_below(environ: Mapping[str, str], runtime_name: str) -> Mapping[str, str]:
    """Return the environment, completed by the defaults of the runtime that will serve.

    Raises:
        SettingError: the runtime has a default for what is no common setting, or an unreadable one.
    """
    return {**environ, **in_force(environ, runtime_name)}


def in_force(environ: Mapping[str, str], runtime_name: str) -> Dict[str, str]:
    """Return the defaults, by variable, of the settings that the user has left to the runtime.

    Args:
        environ: environment variables, flags already among them.
        runtime_name: the framework, or empty to recognise it from the files.

    Raises:
        SettingError: the runtime has a default for what is no common setting, or an unreadable one.
    """
    runtime = _serving(environ, runtime_name)
    if runtime is None or not runtime.defaults:
        return {}
    _check(runtime)
    sources = settings.sources(SETTINGS, environ)
    unset = {source.setting.variable for source in sources if source.origin == "default"}
    return {name: text for name, text in runtime.defaults.items() if name in unset}


def _serving(environ: Mapping[str, str], runtime_name: str) -> Optional[Runtime]:
    """Return the runtime that will serve; None if that is unknown, and the worker will say why."""
    runtimes = discovery.installed()
    if runtime_name:
        return runtimes.get(runtime_name)
    if len(runtimes) > 1 and any(runtime.defaults for runtime in runtimes.values()):
        return _recognised(list(runtimes.values()), environ)
    return next(iter(runtimes.values()), None) if len(runtimes) == 1 else None


def _recognised(runtimes: List[Runtime], environ: Mapping[str, str]) -> Optional[Runtime]:
    root = Path(environ.get("MODEL_DIR") or settings.default_model_dir())
    # As model_dir.locate does it, which reads contracts, and so imports numpy: not for the front.
    files = root / "files" if (root / "files").is_dir() else root
    if not os.access(str(files), os.R_OK):
        return None
    fitting = [runtime for runtime in runtimes if runtime.recognises(files)]
    return fitting[0] if len(fitting) == 1 else None


def _check(runtime: Runtime) -> None:
    known = tuple(setting.variable for setting in SETTINGS)
    for name in runtime.defaults:
        if name not in known:
            raise SettingError(
                f"the {runtime.name} runtime has a default for {name}, which is no common "
                f"setting{nearest(name, known)}",
                f"mend DEFAULTS in {runtime.package.__name__}",
            )
    try:
        settings.read(SETTINGS, runtime.defaults)
    except SettingError as error:
        raise SettingError(f"the {runtime.name} runtime's defaults: {error}") from None
