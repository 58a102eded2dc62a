"""The settings that a model is opened with, so that no module reads them twice."""

from typing import NamedTuple, Tuple

WARN = "warn"
REFUSE = "refuse"


class Options(NamedTuple):
    """What the operator has set; the names are those of the settings' attributes."""

    model_file: str = ""
    model_sha256: str = ""
    allow_pickle: bool = True
    trusted_types: Tuple[str, ...] = ()
    version_skew: str = WARN
    threads: int = 0
