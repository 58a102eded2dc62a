"""Load what pickle and cloudpickle write; the caller has made sure that it may be."""

import pickle
from typing import Any

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import Artefact
from sklearn_runtime import versions
from sklearn_runtime.options import Options

# What joblib writes begins so when it is compressed: zlib, gzip, bz2, xz, lzma, lz4.
_COMPRESSED = (b"\x78", b"\x1f\x8b", b"BZ", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")


def load(artefact: Artefact, options: Options) -> Any:
    """Unpickle the model.

    Raises:
        LoadError: joblib wrote it, or another version of scikit-learn and that is refused.
    """
    if _is_joblib(artefact.content):
        raise LoadError(
            f"{artefact.path} was written by joblib.dump: expected what pickle.dump writes",
            f"rename it to {artefact.path.stem}.joblib",
        )
    recorded = versions.recorded_in(artefact.content)
    with versions.checked(artefact.path, recorded, options.version_skew):
        return pickle.loads(artefact.content)  # noqa: S301  announced, and refused if so set


def _is_joblib(content: bytes) -> bool:
    return content.startswith(_COMPRESSED) or b"joblib.numpy_pickle" in content
