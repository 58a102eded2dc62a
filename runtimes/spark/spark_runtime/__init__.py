"""Recognise what Spark ML saves, cheaply, before the loader is imported."""

from pathlib import Path
from typing import Optional, Tuple

from serving_runtime.settings import Setting, parsing

NUMPY, SPARK = "numpy", "spark"

SETTINGS: Tuple[Setting, ...] = (
    Setting(
        "RUNTIME_SPARK_ENGINE",
        "spark_engine",
        parsing.one_of(NUMPY, SPARK),
        NUMPY,
        "What evaluates the stages of a Spark pipeline: `numpy`, or `spark`, a session of "
        "pyspark's, in an image of yours that has pyspark and Java.",
    ),
)

# Loading a model starts no threads but those of OpenBLAS, which minds forks.
FORKS = True


def model_folder(files: Path) -> Optional[Path]:
    """Return the folder that Spark has written: ``files`` itself, or the only one in it."""
    if _is_saved(files):
        return files
    found = [path for path in files.iterdir() if path.is_dir() and _is_saved(path)]
    return found[0] if len(found) == 1 else None


def recognises(files: Path) -> bool:
    """Whether Spark has saved a stage or a pipeline there."""
    return model_folder(files) is not None


def _is_saved(folder: Path) -> bool:
    return bool(list((folder / "metadata").glob("part-*")))
