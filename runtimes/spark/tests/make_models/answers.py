"""Write what a Spark answered beside the model that it saved."""

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence

from pyspark.ml.linalg import DenseVector, SparseVector

from runtimes.spark.tests.make_models.recipes import Model

WIDEST = 4096
"""A vector that is wider is left out of the contract, as an inferred one leaves it out."""
DENSE = 64
"""A wider one is written sparse, where Spark's own is."""
CONTRACT_TYPES = {"float": "float32", "int": "int32", "bigint": "int64", "boolean": "bool"}


def plain(values: Sequence[Any]) -> List[Any]:
    """Return a column's values for JSON: all its vectors dense, or all of them sparse."""
    vectors = [value for value in values if isinstance(value, (DenseVector, SparseVector))]
    is_sparse = any(isinstance(it, SparseVector) and it.size > DENSE for it in vectors)
    return [_plain(value, is_sparse) for value in values]


def _plain(value: Any, is_sparse: bool) -> Any:
    if isinstance(value, (DenseVector, SparseVector)):
        full = value.toArray()
        if not is_sparse:
            return full.tolist()
        (places,) = full.nonzero()
        return {
            "size": len(full),
            "indices": places.tolist(),
            "values": full[places].tolist(),
        }
    if isinstance(value, (list, tuple)):
        return [_plain(one, is_sparse) for one in value]
    return value


def write(folder: Path, model: Model, header: Dict[str, Any], found: Dict[str, Any]) -> None:
    """Write ``expected.json``, a column a line, and ``contract.yaml``."""
    expected = {**header, "rtol": model.rtol, "atol": model.atol, **found}
    parts = [f"{json.dumps(name)}: {_pretty(value)}" for name, value in expected.items()]
    (folder / "expected.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    title = f"# Fitted, saved and answered by Spark {header['spark']} with Java {header['java']}."
    lines = [title, "name: predict", f"model_name: {folder.name}", "inputs:"]
    lines += _fields(found["inputs"], found["input_types"])
    lines += ["outputs:", *_fields(found["outputs"], found["output_types"])]
    (folder / "contract.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pretty(value: Any) -> str:
    if isinstance(value, dict) and any(isinstance(it, list) for it in value.values()):
        parts = [f"  {json.dumps(name)}: {json.dumps(it)}" for name, it in value.items()]
        return "{\n" + ",\n".join(parts) + "\n}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join("  " + json.dumps(it) for it in value) + "\n]"
    return json.dumps(value)


def _fields(values: Dict[str, List[Any]], kinds: Dict[str, str]) -> List[str]:
    """Return the lines of the columns that a tensor can hold."""
    lines = []
    for name, column in values.items():
        written = name if re.match(r"^\w+$", name) else json.dumps(name)
        if kinds[name] != "vector":
            kind = CONTRACT_TYPES.get(kinds[name], kinds[name])
            if not kind.startswith("array"):
                lines.append(f"  {written}: {{shape: [-1], type: {kind}}}")
            continue
        size = max((_size(value) for value in column if value is not None), default=WIDEST + 1)
        if size <= WIDEST:
            lines.append(f"  {written}: {{shape: [-1, {size}], type: double}}")
    return lines


def _size(value: Any) -> int:
    return int(value["size"]) if isinstance(value, dict) else len(value)
