"""Load what joblib.dump writes; the caller has made sure that it may be."""

import importlib
import importlib.util
import io
import warnings
from typing import Any

from serving_runtime.framework.artefacts import Artefact
from sklearn_runtime import versions
from sklearn_runtime.options import Options

# scikit-learn's own copy, up to 0.22. What it wrote only it can read: arrays are marked by a class.
_BUNDLED = "sklearn.externals.joblib"


def load(artefact: Artefact, options: Options) -> Any:
    """Load the model with the joblib that wrote it.

    Raises:
        LoadError: another version of scikit-learn wrote it, and that is refused.
    """
    recorded = versions.recorded_in(artefact.content)
    with versions.checked(artefact.path, recorded, options.version_skew):
        return _joblib(artefact.content).load(io.BytesIO(artefact.content))


def _joblib(content: bytes) -> Any:
    standalone = importlib.util.find_spec("joblib") is not None
    if standalone and _BUNDLED.encode() not in content:
        return importlib.import_module("joblib")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 0.21 and 0.22 say that it will go
        return importlib.import_module(_BUNDLED)
