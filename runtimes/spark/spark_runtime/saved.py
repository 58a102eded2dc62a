"""Read a stage as Spark saved it: a folder with metadata in JSON and data in Parquet."""

import json
import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from serving_runtime.errors import LoadError
from spark_runtime.parquet import ParquetError, read_rows

_PREFIXES = ("org.apache.spark.ml.", "pyspark.ml.pipeline.", "pyspark.ml.")
_NUMBERS = {"NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}
_NEEDED = ("class", "sparkVersion", "paramMap")
_FIX = "copy the whole folder again, as Spark has written it"


class Saved:
    """One saved stage.

    Args:
        folder: holds ``metadata/`` and, for models, ``data/``.

    Raises:
        LoadError: there is no metadata, or it is none of Spark's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        metadata = read_metadata(folder)
        self.java_class: str = metadata["class"]
        self.uid: str = metadata.get("uid", folder.name)
        self.spark: str = metadata["sparkVersion"]
        self.version = _numbers(self.spark)
        # Since 2.4 the defaults are apart; before, they cannot be told from what was set.
        self.set_params: Dict[str, Any] = metadata["paramMap"]
        self._params: Mapping[str, Any] = {
            **metadata.get("defaultParamMap", {}),
            **self.set_params,
        }

    @property
    def name(self) -> str:
        """The class's name as this runtime knows it, such as ``feature.Tokenizer``."""
        for prefix in _PREFIXES:
            if self.java_class.startswith(prefix):
                return self.java_class[len(prefix) :]
        return self.java_class

    def param(self, name: str, default: Any = None) -> Any:
        """Return a parameter, as JSON has it, but for numbers that JSON has not."""
        return number(self._params.get(name, default))

    def rows(self, name: str = "data") -> List[Dict[str, Any]]:
        """Return the records of a folder of Parquet files.

        Raises:
            LoadError: there are none, or one cannot be read.
        """
        folder = self.folder / name
        paths = sorted(path for path in folder.glob("*.parquet") if path.name[0] not in "._")
        if not paths:
            raise LoadError(f"{folder} has no Parquet file: {self.java_class} needs its data", _FIX)
        return [row for path in paths for row in _read(path)]

    def row(self) -> Dict[str, Any]:
        """Return the one record that most models are.

        Raises:
            LoadError: it cannot be read.
        """
        rows = self.rows()
        if not rows:
            raise LoadError(f"{self.folder / 'data'} has no record: expected one", _FIX)
        return rows[0]


def number(value: Any) -> Any:
    """Return a parameter with what JSON writes as text as the number that is meant."""
    if isinstance(value, list):
        return [number(item) for item in value]
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def read_metadata(folder: Path, needed: Sequence[str] = _NEEDED) -> Dict[str, Any]:
    """Return the metadata of a saved stage.

    Args:
        folder: of the stage.
        needed: the names that must be in it.

    Raises:
        LoadError: there is none, or it is none of Spark's.
    """
    for path in sorted((folder / "metadata").glob("part-*")):
        text = path.read_text(encoding="utf-8")
        if text.strip():
            return _parse(path, text, needed)
    raise LoadError(f"{folder} has no metadata/part-00000: expected a stage that Spark saved", _FIX)


def _parse(path: Path, text: str, needed: Sequence[str]) -> Dict[str, Any]:
    try:
        metadata = json.loads(text)
    except ValueError as error:
        raise LoadError(f"{path} is not whole: {error}; expected JSON", _FIX) from None
    missing = [name for name in needed if name not in metadata]
    if missing:
        raise LoadError(
            f"{path} has no {', '.join(missing)}: expected the metadata of a stage", _FIX
        )
    found: Dict[str, Any] = metadata
    return found


def _read(path: Path) -> List[Dict[str, Any]]:
    try:
        return read_rows(path)
    except (ParquetError, OSError) as error:
        raise LoadError(f"{path} cannot be read: {error}", _FIX) from error


def _numbers(version: str) -> Tuple[int, int]:
    """Return 3 and 5 of ``3.5.9`` or ``3.5.0-SNAPSHOT``."""
    parts = version.partition("-")[0].split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        raise LoadError(f"sparkVersion is {version!r}: expected one such as 3.5.9", _FIX) from None
