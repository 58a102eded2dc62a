"""What the documents tell a reader to type: verbs, flags, modules and settings that must exist."""

import io
import re
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from pathlib import Path
from typing import Iterator, List

from serving_runtime import cli

# Commands end where the shell, or the prose around a code span, goes on.
_COMMAND = re.compile(
    r"(?<![\w./-])(make(?= [a-z])|serving-runtime(?= [a-z])|python -m)((?: +[^\s`|&;>#]+)*)"
)
_SETTING = re.compile(r"\bRUNTIME_[A-Z][A-Z_0-9]*[A-Z0-9]\b")
_TARGET = re.compile(r"^([\w%/-]+(?: [\w%/-]+)*):(?!=)", re.MULTILINE)
_OPTION = re.compile(r"([A-Z_]+)=")
_FLAG = re.compile(r"--[a-z][a-z-]*")
# Installed in the environments, not in the tree.
_FOREIGN_MODULES = ("pytest", "pip", "venv")
# A word of prose may follow a command in the same code span's line; a target never looks so.
_PLACEHOLDER = re.compile(r"<[\w-]+>|NAME|…|VERB")


def problems_of(text: str, root: Path) -> Iterator[str]:
    """Yield what a document's commands and settings name that does not exist."""
    for span in _code_of(text):
        for program, rest in _COMMAND.findall(span):
            words = [word for word in rest.split() if word != "…"]
            yield from _CHECKS[program](words, root)
    for name in sorted(set(_SETTING.findall(text)) - _settings(root)):
        yield f"there is no setting {name}"


def _code_of(text: str) -> List[str]:
    """Return the lines of fenced blocks, and the code spans of the prose."""
    pieces = re.split(r"^ *```.*\n", text, flags=re.MULTILINE)
    lines = [line for block in pieces[1::2] for line in block.splitlines()]
    return lines + [span for prose in pieces[::2] for span in re.findall(r"`([^`]+)`", prose)]


def _of_make(words: List[str], root: Path) -> Iterator[str]:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = [name for line in _TARGET.findall(makefile) for name in line.split()]
    for word in words:
        option = _OPTION.match(word)
        if option and not re.search(rf"\b{option[1]}\b", makefile):
            yield f"make knows no {option[1]}="
        elif re.match(r"[a-z]", word) and not _PLACEHOLDER.fullmatch(word) and not option:
            if not any(_fits(word, target) for target in targets):
                yield f"there is no `make {word}`"


def _fits(word: str, target: str) -> bool:
    return bool(re.fullmatch(re.escape(target).replace("%", ".+"), word))


def _of_command(words: List[str], root: Path) -> Iterator[str]:
    verb = words[0] if words else ""
    if _PLACEHOLDER.fullmatch(verb):
        return
    if verb not in cli.VERBS:
        yield f"there is no `serving-runtime {verb}`"
        return
    for flag in _FLAG.findall(" ".join(words[1:])):
        if flag not in _help_of(verb, *words[1:2]):
            yield f"`serving-runtime {verb}` has no {flag}"


@lru_cache(maxsize=None)
def _help_of(*words: str) -> str:
    """Return the help of a verb, and of its own verb where it has some."""
    shown = io.StringIO()
    with redirect_stdout(shown):
        for arguments in (words[:1], words[:2]):
            if not any(word.startswith("-") for word in arguments):
                with suppress(SystemExit):
                    cli.main([*arguments, "--help"])
    return shown.getvalue()


def _of_module(words: List[str], root: Path) -> Iterator[str]:
    name = words[0] if words else ""
    if name in _FOREIGN_MODULES or _PLACEHOLDER.fullmatch(name):
        return
    place = Path(*name.split("."))
    bases = [root, root / "common", *root.glob("runtimes/*")]
    forms = (place.with_suffix(".py"), place / "__main__.py")
    if not any((base / form).is_file() for base in bases for form in forms):
        yield f"there is no `python -m {name}`"


@lru_cache(maxsize=None)
def _settings(root: Path) -> frozenset:
    return frozenset(_SETTING.findall((root / "docs/settings.md").read_text(encoding="utf-8")))


_CHECKS = {"make": _of_make, "serving-runtime": _of_command, "python -m": _of_module}
