"""Write the reference of all settings, docs/settings.md, from the settings themselves."""

import sys
from pathlib import Path
from typing import List, Sequence

from serving_runtime.cli import compose, kubernetes
from serving_runtime.cli.flags import EVERY_RUNTIME, Group, flag_of
from serving_runtime.settings import Setting, Settings

COMMAND = "serving-runtime config --markdown"
DRAIN_ENDS = kubernetes.DRAIN_STEPS_SECONDS + kubernetes.EXIT_SECONDS

HEAD = f"""\
# Settings

<!-- Made by `{COMMAND}`: do not edit. -->

Images are configured by environment variables. `serving-runtime serve` takes each of them as a
flag too, and a flag wins. An empty variable counts as unset. A value that cannot be read stops the
start. `serving-runtime config` shows the values in force and where they come from.

Sizes and times take units: `64MiB`, `1GB`, `250ms`, `30s`, `10min`; without one they are bytes and
seconds.

## In Kubernetes

`serving-runtime config` ends with what a pod needs for the settings in force. For the defaults:

```yaml
{kubernetes.lines(Settings.from_env({}))}
```

The first belongs to the pod, the probes to its container. The grace period is longer than any
drain takes: `RUNTIME_DRAIN_DELAY`, 1.1 times `RUNTIME_CONNECTION_AGE`, `RUNTIME_DRAIN_TIMEOUT` and
{DRAIN_ENDS:g} seconds, rounded up. The startup probe waits longer than `RUNTIME_LOAD_TIMEOUT`: by
then a load that takes so long was ended by the service itself, which says so. The liveness probe
asks for `liveness`, the others for readiness: a pod that is busy or drains is sent no calls, and is
not killed. With TLS, or a token that health checks need too, the probes run
`serving-runtime health`: Kubernetes' gRPC probe knows neither.

No `preStop` hook is needed: after SIGTERM the service goes on taking connections for
`RUNTIME_DRAIN_DELAY`, while the pod is taken out of its Services. Set more where that takes longer.

## In Compose and Swarm

It prints what a service needs there, too. For the defaults:

```yaml
{compose.lines(Settings.from_env({}))}
```

Swarm replaces what is unhealthy, so the health check asks for `container`: readiness until the
model was loaded, liveness afterwards.
"""


def markdown(groups: Sequence[Group]) -> str:
    """Return the reference: a head, then a section for each owner of settings."""
    return "\n".join([HEAD, *map(section, groups)])


def section(group: Group) -> str:
    """Return one owner's part of the reference."""
    name = group.owner
    title = name.capitalize() if name == EVERY_RUNTIME else f"The {name} runtime"
    rows = "\n".join(_row(setting) for setting in group.settings)
    return f"""\
## {title}

| Variable | Flag | Default | Form | Meaning |
|---|---|---|---|---|
{rows}
"""


def check(path: Path, groups: Sequence[Group]) -> int:
    """Compare ``path`` with the reference; returns 1, and says how to renew it, if it is old.

    Sections of runtimes that are not installed here are left alone: only where all are can they
    all be compared.
    """
    stale = _stale(path.read_text(encoding="utf-8") if path.is_file() else "", groups)
    if not stale:
        return 0
    print(
        f"{path} is not what the settings say ({', '.join(stale)}): with every runtime installed,"
        f" run `{COMMAND} > {path}`",
        file=sys.stderr,
    )
    return 1


def _stale(text: str, groups: Sequence[Group]) -> List[str]:
    parts = ["the head"] if not text.startswith(HEAD) else []
    found = {f"## {part}" for part in text.split("\n## ")[1:]}
    return parts + [group.owner for group in groups if section(group) not in found]


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    former = f" Formerly `{setting.former}`." if setting.former else ""
    cells = [f"`{setting.variable}`", f"`{flag_of(setting.variable)}`", default]
    cells += [setting.parser.form, setting.meaning + former]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
