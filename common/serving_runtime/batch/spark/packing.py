"""Pack what executors need and do not have: the model, and the environment that it runs in."""

import atexit
import os
import shutil
import sys
import tempfile

from serving_runtime.batch import extra
from serving_runtime.errors import StartError


def pack_model(model_dir: str) -> str:
    """Return an archive of a model, in a folder of its own."""
    return shutil.make_archive(os.path.join(_folder(), "model"), "zip", model_dir)


def pack_environment() -> str:
    """Return an archive of this environment, as venv-pack makes it.

    Raises:
        StartError: it is none that can be packed.
    """
    venv_pack = extra.require("venv_pack", "spark")
    try:
        return str(venv_pack.pack(sys.prefix, output=os.path.join(_folder(), "environment.tar.gz")))
    except venv_pack.VenvPackException as error:
        raise StartError(
            f"this environment cannot be packed for the cluster: {error}",
            "name an archive that can be (--packages ARCHIVE), or --packages none if the "
            "executors have serving-runtime, the framework and pyarrow",
        ) from None


def _folder() -> str:
    """Return a new folder that is there as long as this process: executors may ask at any time."""
    folder = tempfile.mkdtemp(prefix="serving-runtime-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
