"""Derive a flag from each setting, so that settings are listed in one place only."""

import argparse
import os
from typing import Any, Callable, Dict, Mapping, NamedTuple, Tuple

from serving_runtime.framework import discovery
from serving_runtime.settings import SETTINGS, Setting
from serving_runtime.settings.parsing import Parser

EVERY_RUNTIME = "every runtime"


class Group(NamedTuple):
    """The settings of one owner: those of every runtime, or one framework's own."""

    owner: str
    settings: Tuple[Setting, ...]


def groups() -> Tuple[Group, ...]:
    """Return the common settings, then those of each installed framework that has any."""
    own = [Group(name, runtime.settings) for name, runtime in discovery.installed().items()]
    return (Group(EVERY_RUNTIME, SETTINGS), *[group for group in own if group.settings])


def all_settings() -> Tuple[Setting, ...]:
    """Return each setting once, though two installed frameworks may share one."""
    settings = [setting for group in groups() for setting in group.settings]
    return tuple({setting.variable: setting for setting in reversed(settings)}.values())[::-1]


def flag_of(variable: str) -> str:
    """Return the flag that sets a variable: ``--port``, ``--max-batch-size``, ``--model-dir``."""
    name = variable
    for prefix in ("RUNTIME_", "APP_"):
        if name.startswith(prefix):
            name = name[len(prefix) :]
    return "--" + name.lower().replace("_", "-")


def add(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting to ``parser``; the name of its variable is its destination."""
    flags = parser.add_argument_group("settings, each overriding its environment variable")
    for setting in all_settings():
        shown = flag_of(setting.variable)
        for flag, name in _flags_of(setting).items():
            flags.add_argument(
                flag,
                dest=name,
                metavar="VALUE",
                type=_checked(setting),
                default=argparse.SUPPRESS,
                help=_help(setting) if flag == shown else argparse.SUPPRESS,
            )


def _flags_of(setting: Setting) -> Dict[str, str]:
    """Return the flags of a setting, and the variable that each sets.

    KServe writes ``--model_name`` and ``--model_dir``.
    """
    by_flag = {flag_of(name): name for name in setting.names}
    return {**by_flag, **{f"--{flag[2:].replace('-', '_')}": by_flag[flag] for flag in by_flag}}


def _help(setting: Setting) -> str:
    default = f"; default {setting.default}" if setting.default else ""
    return f"{setting.meaning} ({setting.parser.form}{default})".replace("%", "%%")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose the model, and a flag for each setting, to ``parser``."""
    parser.add_argument(
        "MODEL_DIR",
        nargs="?",
        default=argparse.SUPPRESS,
        help="the model directory (default: $MODEL_DIR, else /model, else /mnt/models)",
    )
    parser.add_argument(
        "--runtime",
        metavar="NAME",
        default="",
        help="the framework's runtime; by default the one that recognises the files",
    )
    add(parser)
    parser.usage = "%(prog)s [MODEL_DIR] [--runtime NAME] [--SETTING VALUE ...]"


def overrides(arguments: argparse.Namespace) -> Dict[str, str]:
    """Return the variables that flags have set, with their texts."""
    return {name: text for name, text in vars(arguments).items() if name.isupper()}


def effective(arguments: argparse.Namespace) -> Mapping[str, str]:
    """Return the environment with the flags' values laid over it, whichever names either uses."""
    flagged = overrides(arguments)
    overridden = {
        name
        for setting in all_settings()
        if not flagged.keys().isdisjoint(setting.names)
        for name in setting.names
    }
    kept = {name: text for name, text in os.environ.items() if name not in overridden}
    return {**kept, **flagged}


def read_by(parser: Parser) -> Callable[[str], Any]:
    """Return an argument's type that refuses a text as a setting does."""

    def read(text: str) -> Any:
        try:
            return parser.parse(text)
        except ValueError:
            problem = f"{text!r} cannot be read: expected {parser.form}"
            raise argparse.ArgumentTypeError(problem) from None

    return read


def _checked(setting: Setting) -> Callable[[str], str]:
    """Return a function that refuses a text that the setting cannot read, and else returns it."""
    read = read_by(setting.parser)

    def check(text: str) -> str:
        read(text)
        return text

    return check
