"""Show every setting with its value, where that comes from, and what it means.

The last lines are what a Kubernetes pod needs for these settings: `terminationGracePeriodSeconds`,
which is longer than any drain takes, and the probes, each of which names what it asks. No preStop
hook is needed: after SIGTERM the service goes on taking connections for RUNTIME_DRAIN_DELAY, while
the pod is taken out of Services. What a service of Compose or Swarm needs stands before that.

Exit code 1 if a value cannot be read. `--markdown` prints the reference instead, which is kept
in docs/settings.md.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from serving_runtime import settings
from serving_runtime.cli import compose, flags, kubernetes, reference
from serving_runtime.cli.tables import folded, table
from serving_runtime.errors import SettingError, nearest
from serving_runtime.framework import defaults
from serving_runtime.settings import Setting, Settings, Source


class Line(NamedTuple):
    """One setting as it is in force; ``error`` says why its value cannot be read, or is None."""

    owner: str
    setting: Setting
    text: str
    origin: str
    error: Optional[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    parser.usage = (
        "%(prog)s [--format {table,json} | --markdown [--check FILE]] [--runtime NAME]"
        " [--SETTING VALUE ...]"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format", choices=("table", "json"), default="table", help="(default: table)"
    )
    form.add_argument("--markdown", action="store_true", help="print the reference of all settings")
    parser.add_argument(
        "--check",
        metavar="FILE",
        type=Path,
        help="with --markdown: compare the reference with FILE instead; exit code 1 if it is old",
    )
    parser.add_argument(
        "--runtime",
        metavar="NAME",
        default="",
        help="show the defaults of this runtime; else of the one that would serve MODEL_DIR",
    )
    flags.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the settings or their reference; returns 1 if a value is bad or the file is old."""
    if arguments.check:
        return reference.check(arguments.check, flags.groups())
    if arguments.markdown:
        print(reference.markdown(flags.groups()), end="")
        return 0
    environ = flags.effective(arguments)
    runtime_defaults = defaults.in_force(environ, arguments.runtime)
    environ = {**environ, **runtime_defaults}
    lines = _attributed(survey(environ, flags.overrides(arguments)), runtime_defaults)
    print((_json if arguments.format == "json" else _text)(lines, environ))
    for warning in unknown_variables(environ) + former_names(environ):
        print(f"warning: {warning}", file=sys.stderr)
    errors = [line.error for line in lines if line.error]
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if errors else 0


def survey(environ: Mapping[str, str], flagged: Mapping[str, str]) -> List[Line]:
    """Read every setting alone, so that one bad value does not hide the others.

    Args:
        environ: the environment, with the flags' values laid over it.
        flagged: the variables that flags have set.
    """
    return [
        _line(group.owner, source, environ, flagged)
        for group in flags.groups()
        for source in settings.sources(group.settings, environ)
    ]


def unknown_variables(environ: Mapping[str, str]) -> List[str]:
    """Return a warning for each ``RUNTIME_…`` variable that no setting reads."""
    known = flags.all_settings()
    names = tuple(setting.variable for setting in known)
    return [
        f"{name} is set, but there is no such setting{nearest(name, names)}"
        for name in settings.unknown_variables(known, environ)
    ]


def former_names(environ: Mapping[str, str]) -> List[str]:
    """Return a warning for each setting that is set by its former name."""
    return settings.former_names(flags.all_settings(), environ)


def _attributed(lines: List[Line], runtime_defaults: Mapping[str, str]) -> List[Line]:
    """Return the lines with the runtime's own defaults called that."""
    return [
        line._replace(origin=defaults.ORIGIN) if line.setting.variable in runtime_defaults else line
        for line in lines
    ]


def _line(
    owner: str, source: Source, environ: Mapping[str, str], flagged: Mapping[str, str]
) -> Line:
    setting, text, origin, variable = source
    if setting.attribute == "model_dir" and not text:
        text = settings.default_model_dir()
    error = None
    try:
        settings.read((setting,), environ)
    except SettingError as problem:
        error = str(problem)
    return Line(owner, setting, text, "flag" if variable in flagged else origin, error)


def _text(lines: List[Line], environ: Mapping[str, str]) -> str:
    parts = []
    for owner in dict.fromkeys(line.owner for line in lines):
        rows = [_row(line) for line in lines if line.owner == owner]
        heads = ("setting", "value", "source", "meaning")
        parts.append(f"Settings of {owner}\n\n{table(heads, rows)}\n")
    in_force = _in_force(environ)
    if in_force:
        parts.append(f"What Compose and Swarm need for them\n\n{compose.lines(in_force)}\n")
        parts.append(f"What a Kubernetes pod needs for them\n\n{kubernetes.lines(in_force)}")
    return "\n".join(parts)


def _row(line: Line) -> List[str]:
    value = f"{line.text}  <- cannot be read" if line.error else line.text
    return [line.setting.variable, value, line.origin, folded(line.setting.meaning)]


def _json(lines: List[Line], environ: Mapping[str, str]) -> str:
    in_force = _in_force(environ)
    report = {
        "settings": [_entry(line) for line in lines],
        "unknown": settings.unknown_variables(flags.all_settings(), environ),
        "compose": compose.needs(in_force) if in_force else None,
        "kubernetes": kubernetes.needs(in_force) if in_force else None,
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _in_force(environ: Mapping[str, str]) -> Optional[Settings]:
    try:
        return Settings.from_env(environ)
    except SettingError:  # its line shows the error
        return None


def _entry(line: Line) -> Dict[str, Any]:
    return {
        "variable": line.setting.variable,
        "flag": flags.flag_of(line.setting.variable),
        "former": line.setting.former,
        "value": line.text,
        "source": line.origin,
        "default": line.setting.default,
        "form": line.setting.parser.form,
        "meaning": line.setting.meaning,
        "owner": line.owner,
        "error": line.error,
    }
