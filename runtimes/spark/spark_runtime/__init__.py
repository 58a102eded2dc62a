"""Recognise what Spark ML saves, cheaply, before the loader is imported."""

from pathlib import Path
from typing import Optional

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
    return any((folder / "metadata").glob("part-*"))
