"""Turn `build_matrix.yaml` into rows, refusing what would become a wrong image later."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

from tools.rows.rows import Matrix, MatrixError, Row, Status

ROOT = Path(__file__).resolve().parent.parent.parent
MATRIX = ROOT / "build_matrix.yaml"
RELEASE_FILE = Path("common/serving_runtime/__init__.py")

VERSION = r"\d+(\.\d+)+"
ALWAYS = ("version", "status", "python")
BUILT = tuple(status for status in Status if status.is_built)
OPTIONAL = ("framework", "reason", "proof", "budget")

Values = Mapping[str, Any]
Form = tuple[str, Callable[[Any], bool]]
"""What a value should look like, in words and as a test."""


def _text(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text(r"\S.*"), value))


FORMS: Mapping[str, Form] = {
    "version": ('a version in quotes, as "3.10"', _text(VERSION)),
    "status": (f"one of {', '.join(Status)}", _text("|".join(Status))),
    "python": ('an interpreter in quotes, as "3.10"', _text(r"3\.\d+")),
    "base": ("an image with a tag, as python:3.13-slim-bookworm", _text(r"[^\s:]+(:\d+/\S+)?:\S+")),
    "framework": ('a list of requirements, as ["tensorflow==1.7.0"]', _is_list_of_text),
    "budget": ("the most that the image may take, as 450 MB", _text(r"[1-9]\d* MB")),
    "reason": ("one line that says why", _text(r"\S.*")),
    "proof": ("true, or no such line", lambda value: value is True),
    "registry": ("a registry's host, as localhost:5000", _text(r"[\w.-]+(:\d+)?")),
    "owner": ("an account on the registry, as hydrosphere", _text(r"[a-z0-9]+([._/-][a-z0-9]+)*")),
}


class _Loader(yaml.SafeLoader):
    """YAML in which a key that is written twice is an error, not the last one's."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        line = node.start_mark.line + 1
        raise MatrixError(f"the block at line {line} has {', '.join(twice)} twice; merge the two")
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load(path: Path = MATRIX, environment: Mapping[str, str] = os.environ) -> Matrix:
    """Read the matrix; `check` compares it with the checkout around it.

    Args:
        path: the file; its folder is taken for the checkout.
        environment: where REGISTRY and OWNER may be set.
    """
    content = parse(path.read_text(encoding="utf-8"))
    _refuse(_problems(content))
    release, repository = release_of(path.parent), _repository(content, environment)
    rows = [
        _row(runtime, row, release, repository, _newest(block["rows"]))
        for runtime, block in content["runtimes"].items()
        for row in block["rows"]
    ]
    _refuse_duplicate_tags(rows)
    return Matrix(path.parent, tuple(rows))


def _refuse(problems: Iterable[str]) -> None:
    """Raise all problems at once, if there are any."""
    found = "\n".join(problems)
    if found:
        raise MatrixError(found)


def parse(text: str, name: str = MATRIX.name) -> Any:
    """Read the text of the matrix, or of another file of that name, as it is."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise MatrixError(f"{name} is not YAML: {error}") from error


def release_of(root: Path) -> str:
    """Read common's version without importing it."""
    text = (root / RELEASE_FILE).read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if not found:
        raise MatrixError(f'{RELEASE_FILE}: expected a line like __version__ = "1.2.3"')
    return found.group(1)


def _repository(content: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Name the account the images belong to, and the registry unless it is docker's own."""
    registry = environment.get("REGISTRY") or content.get("registry", "")
    owner = environment.get("OWNER") or content["owner"]
    _refuse(
        _misformed("variable", {"owner": owner, **({"registry": registry} if registry else {})})
    )
    return f"{registry}/{owner}" if registry else owner


def _row(runtime: str, values: Values, release: str, repository: str, newest: str) -> Row:
    """Make a row of values that have been found good."""
    return Row(
        runtime=runtime,
        version=values["version"],
        status=Status(values["status"]),
        python=values["python"],
        base=values.get("base", ""),
        framework=tuple(values.get("framework", ())),
        reason=values.get("reason", ""),
        budget_mb=int(values.get("budget", "0 MB").split()[0]),
        release=release,
        repository=repository,
        is_newest=values["version"] == newest,
        is_proof=values.get("proof", False),
    )


def _newest(rows: list[Mapping[str, Any]]) -> str:
    """Name the newest supported version; empty if none is supported."""
    supported = [row["version"] for row in rows if row["status"] == Status.SUPPORTED]
    return max(supported, key=Version, default="")


def _problems(content: Any) -> Iterator[str]:
    """Return what is wrong with the file itself, from the outside in."""
    where, top = MATRIX.name, content if isinstance(content, dict) else {}
    yield from _wrong_keys(where, top, ("owner", "runtimes"), ("registry",))
    yield from _misformed(where, top)
    runtimes = top.get("runtimes")
    if not isinstance(runtimes, dict):
        yield f"{where}: runtimes is {runtimes!r}, expected `python: {{rows: [...]}}` and so on"
        return
    for runtime, block in runtimes.items():
        yield from _runtime_problems(runtime, block)


def _runtime_problems(runtime: Any, block: Any) -> Iterator[str]:
    rows = block.get("rows") if isinstance(block, dict) else None
    if not (_text("[a-z0-9]+")(runtime) and isinstance(rows, list) and rows and len(block) == 1):
        yield f"runtime {runtime!r}: expected a name in lower case with `rows:` and a list below it"
        return
    for number, row in enumerate(rows, 1):
        values = row if isinstance(row, dict) else {}
        yield from _row_problems(f"{runtime}/{values.get('version', f'row {number}')}", values)


def _row_problems(where: str, row: Values) -> Iterator[str]:
    status = row.get("status")
    needed = ALWAYS + (() if status == Status.EOL else ("base",))
    needed += ("reason",) if status != Status.SUPPORTED else ()
    needed += ("budget",) if status in BUILT else ()
    yield from _wrong_keys(where, row, needed, OPTIONAL)
    yield from _misformed(where, row)


def _wrong_keys(
    where: str, values: Values, needed: tuple[str, ...], optional: tuple[str, ...]
) -> Iterator[str]:
    allowed = [*needed, *(key for key in optional if key not in needed)]
    for key in needed:
        if key not in values:
            example = f": {FORMS[key][0]}" if key in FORMS else ""
            yield f"{where}: {key} is missing; add `{key}`{example}"
    for key in values:
        if key not in allowed:
            yield f"{where}: unknown key {key!r}, expected {', '.join(allowed)}; remove it"


def _misformed(where: str, values: Values) -> Iterator[str]:
    for key, (form, fits) in FORMS.items():
        if key in values and not fits(values[key]):
            yield f"{where}: {key} is {values[key]!r}, expected {form}"


def _refuse_duplicate_tags(rows: list[Row]) -> None:
    moving = {f"{row.image}:{tag}": row for row in rows if row.tags for tag in row.moving_tags}
    seen: dict[str, Row] = {}
    for row in rows:
        immutable = f"{row.image}:{row.immutable_tag}"
        if row.tags and immutable in moving:
            raise MatrixError(
                f"{row.name}: {immutable} is never to move, and {moving[immutable].name} moves it;"
                f" give __version__ in {RELEASE_FILE} a number"
            )
        for name in row.references or (row.name,):
            if name in seen:
                raise MatrixError(
                    f"{row.name}: a second row makes {name}; give one of them another version"
                )
            seen[name] = row
