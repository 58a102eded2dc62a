"""Load what skops writes, if every type in it is trusted; nothing else of the file is run."""

import io
import zipfile
from typing import Any, Tuple

from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import Artefact
from sklearn_runtime import versions
from sklearn_runtime.options import Options

SCHEMA = "schema.json"


def load(artefact: Artefact, options: Options) -> Any:
    """Load the model.

    Raises:
        LoadError: it is no whole skops file, it has types that are not trusted, or another
            version of scikit-learn wrote it and that is refused.
    """
    import skops.io

    recorded = versions.recorded_in(_schema(artefact))
    untrusted = tuple(skops.io.get_untrusted_types(data=artefact.content))
    _check_trusted(artefact, untrusted, options.trusted_types)
    with versions.checked(artefact.path, recorded, options.version_skew):
        return skops.io.loads(artefact.content, trusted=list(untrusted))


def _schema(artefact: Artefact) -> bytes:
    """Read the schema; nothing is unpacked to the disk, and names that lead out are refused."""
    with zipfile.ZipFile(io.BytesIO(artefact.content)) as archive:
        names = archive.namelist()
        outside = [name for name in names if name.startswith(("/", "\\")) or ".." in name]
        if outside:
            raise LoadError(
                f"{artefact.path} has a member that leads out of it: {outside[0]}; skops writes "
                "none such",
                "do not trust the file; save the model again",
            )
        if SCHEMA not in names:
            raise LoadError(
                f"{artefact.path} has no {SCHEMA}: expected what skops.io.dump writes",
                "save the model with skops.io.dump",
            )
        return archive.read(SCHEMA)


def _check_trusted(
    artefact: Artefact, untrusted: Tuple[str, ...], trusted: Tuple[str, ...]
) -> None:
    refused = [name for name in untrusted if name not in trusted]
    if refused:
        raise LoadError(
            f"{artefact.path} has types that are not trusted: {', '.join(refused)}",
            "if you trust whoever made the file, set RUNTIME_TRUSTED_TYPES="
            + ",".join(sorted({*trusted, *refused})),
        )
