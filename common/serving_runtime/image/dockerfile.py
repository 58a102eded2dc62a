"""Write the Dockerfile of a derived image, in words that every builder of Docker's knows.

The classic builder has neither mounts nor ``COPY --chmod``, and forgets what a ``RUN`` writes
below a ``VOLUME``, as /model is one. Stages do what these would.
"""

import json
import posixpath
from typing import Dict, Iterable, List, Optional

from serving_runtime.errors import one_line
from serving_runtime.image.context import Context
from serving_runtime.image.requirements import NAME, Requirements

# The image's user, of group 0 as any other user may be.
OWNER = "--chown=1000:0"
USER_PACKAGES = "/home/runtime/.local"
MODEL = "/model"
STAGED_MODEL = "/tmp/model"  # noqa: S108 (in a build's own container)
STAGED_REQUIREMENTS = "/tmp/requirements"  # noqa: S108
# The caller's variables for where packages come from.
INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")
DIGEST_LABEL = "io.hydrosphere.model.sha256"


def render(base: str, context: Context, requirements: Optional[Requirements]) -> str:
    """Return the text of the Dockerfile; its build context is the model directory.

    Args:
        base: the runtime's image.
        context: the model, which is the last layer: another model installs nothing anew.
        requirements: what the model needs beyond the image, if anything.
    """
    stages = []
    final = [f"FROM {base}"]
    if requirements:
        stages.append(_packages(base, requirements))
        final.append(_copy(USER_PACKAGES, USER_PACKAGES, stage="packages"))
    if context.private:
        stages.append(_readable_model(base))
        final.append(_copy(STAGED_MODEL, MODEL, stage="model"))
    else:
        final.append(_copy(".", f"{MODEL}/"))
    final.extend(_labels(base, context))
    return "\n\n".join("\n".join(stage) for stage in [*stages, final]) + "\n"


def _packages(base: str, requirements: Requirements) -> List[str]:
    """Install in a stage of its own: an index's password would stay in the image's history."""
    folder = STAGED_REQUIREMENTS
    name = requirements.inside[0] if requirements.inside else NAME
    path = posixpath.join(folder, name)
    return [
        f"FROM {base} AS packages",
        *(f"ARG {variable}" for variable in INDEX_VARIABLES),
        *(_copy(it, posixpath.join(folder, it)) for it in requirements.inside),
        *([] if requirements.inside else [_written(path, requirements.lines)]),
        # From its own folder, since relative paths in it are seen from there.
        f"WORKDIR {_escaped(posixpath.dirname(path))}",
        _run("pip", "install", "--user", "-r", posixpath.basename(path)),
    ]


def _readable_model(base: str) -> List[str]:
    return [
        f"FROM {base} AS model",
        _copy(".", f"{STAGED_MODEL}/"),
        _run("chmod", "-R", "u+rX,g+rX", STAGED_MODEL),
    ]


def _labels(base: str, context: Context) -> Iterable[str]:
    labels: Dict[str, str] = {
        "org.opencontainers.image.title": one_line(context.title),
        "org.opencontainers.image.base.name": base,
    }
    digest = context.digest
    if digest:
        labels[DIGEST_LABEL] = digest
    return [f"LABEL {name}={_escaped(_json(value))}" for name, value in labels.items()]


def _copy(source: str, target: str, stage: str = "") -> str:
    origin = f"--from={stage} " if stage else ""
    return f"COPY {origin}{OWNER} {_escaped(_json([source, target]))}"


def _written(path: str, lines: Iterable[str]) -> str:
    """Carry lines in the Dockerfile itself; one of them may be no longer than 64 KiB there."""
    script = f'mkdir -p {posixpath.dirname(path)} && printf "%s\\n" "$@" > {path}'
    return _run("sh", "-c", script, "sh", *lines, separator=", \\\n    ")


def _run(*words: str, separator: str = ", ") -> str:
    """Run a program without a shell, which would read what is in the words."""
    return f"RUN [{separator.join(map(_json, words))}]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _escaped(text: str) -> str:
    """Keep docker from putting variables in."""
    return text.replace("$", "\\$")
