"""Find code in a ``.pt2`` before torch.export.load does, which would run it.

Its weights, constants and example inputs may be pickles, which it loads with ``weights_only=False``
(github.com/pytorch/pytorch/issues/153410). Sizes that are computed from others are expressions,
which SymPy evaluates as Python.
"""

import ast
import io
import json
import re
import zipfile
from typing import Any, Iterator

from pytorch_runtime import reading
from serving_runtime.errors import LoadError
from serving_runtime.framework.artefacts import Artefact, admit_pickle

# What SymPy writes: Symbol('s0', positive=True), Mul(Integer(2), Symbol('s0')). Its own functions
# begin with a capital, Python's do not.
_NODES = (
    ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.Tuple, ast.UnaryOp,
    ast.BinOp, ast.BoolOp, ast.Compare, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
# Whatever is said of such entries, PyTorch unpickles them.
_ALWAYS_PICKLED = ("custom_obj_", "opaque_obj_")


def vet(artefact: Artefact, allow_pickle: bool) -> None:
    """Refuse a program that would run code when it is loaded.

    Raises:
        LoadError: it has a pickle of more than weights, and those are not allowed; or an expression
            that is none.
    """
    with zipfile.ZipFile(io.BytesIO(artefact.content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    texts = {name: content for name, content in entries.items() if _is_text(name, content)}
    parsed = [_parsed(artefact, text) for text in texts.values()]
    for config in parsed:
        _check_expressions(artefact, config)
    # Versions before 2.2 called pickles .json too.
    suffixes = (".pt", ".json", *[f"/{path}" for config in parsed for path in _pickled(config)])
    pickles = [name for name in entries if name.endswith(suffixes) and name not in texts]
    if not all(_is_plain(entries[name]) for name in pickles):
        admit_pickle(artefact, allow_pickle, "export it with plain tensors only")


def _is_text(name: str, content: bytes) -> bool:
    return name.endswith(".json") and content.startswith(b"{")


def _is_plain(content: bytes) -> bool:
    """Return whether an entry is weights only; an empty one is nothing at all."""
    try:
        if content:
            reading.weights_in(content)
    except (reading.NeedsPickle, *reading.FAILURES):
        return False
    return True


def _parsed(artefact: Artefact, text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8"))
    except ValueError as error:
        raise LoadError(f"{artefact.path} is damaged: {error}", "copy it again") from None


def _items(value: Any) -> Iterator[Any]:
    """Yield every key and value of JSON, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _items(item)
    elif isinstance(value, list):
        for item in value:
            yield from _items(item)


def _pickled(config: Any) -> Iterator[str]:
    """Name the entries that a list of weights or constants says to be pickles."""
    for _, item in _items(config):
        path = str(item.get("path_name", "")) if isinstance(item, dict) else ""
        if path and (item.get("use_pickle") or path.startswith(_ALWAYS_PICKLED)):
            yield path


def _check_expressions(artefact: Artefact, program: Any) -> None:
    for key, item in _items(program):
        if key == "expr_str" and not _is_expression(str(item)):
            raise LoadError(
                f"{artefact.path} has code where a size is expected: {str(item)[:80]!r}",
                "do not trust whoever made the file",
            )


def _is_expression(text: str) -> bool:
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(node, _NODES) and _is_harmless(node) for node in nodes)


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and bool(re.match(r"[A-Z]\w*$", node.func.id))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(re.match(r"\w+$", node.value))
    return not (isinstance(node, ast.Name) and node.id.startswith("__"))
