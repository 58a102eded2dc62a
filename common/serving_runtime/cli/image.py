"""Bake a model and its requirements into an image of its own.

The requirements are installed within the versions that the runtime's image has been tested with,
in a layer below the model. The image is tried before it gets its tag: without a network, as its own
user, each signature with a sample. Docker's own client does the work, with any builder.
"""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from serving_runtime.image.context import Context

OWNER, LATEST = "hydrosphere", "latest"
RUNTIME = re.compile(r"([a-z][a-z0-9_-]*):([\w.-]+)")
# See: https://docs.docker.com/reference/cli/docker/image/tag/
TAG = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?")
SHOWN_STEP = 76
SHOWN_PATHS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the verb's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    building = actions.add_parser(
        "build",
        help="bake MODEL_DIR into an image",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_model(building)
    _add_build(building)
    building.set_defaults(parser=building)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("MODEL_DIR", type=Path, help="the model directory: all that is in it")
    base = parser.add_mutually_exclusive_group(required=True)
    base.add_argument(
        "--runtime",
        metavar="FRAMEWORK:VERSION",
        type=_runtime,
        help="the runtime to build on, such as python:3.13; $OWNER and $REGISTRY say whose",
    )
    base.add_argument("--image", metavar="NAME:TAG", help="its image by its full name instead")
    parser.add_argument(
        "--release", metavar="VERSION", help="this release of the runtime (default: the latest)"
    )
    parser.add_argument(
        "-t", "--tag", metavar="NAME:TAG", type=_tag, required=True, help="the image's name"
    )
    parser.add_argument(
        "--requirements",
        metavar="FILE",
        type=Path,
        help="what pip installs (default: requirements.txt of MODEL_DIR or of its files/)",
    )


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--validate",
        action="store_true",
        default=True,
        help="try the model in the image before the image gets its tag (default)",
    )
    parser.add_argument("--no-validate", dest="validate", action="store_false", help="do not")
    parser.add_argument("--dry-run", action="store_true", help="print the Dockerfile, and stop")
    parser.add_argument("--platform", metavar="OS/ARCH", help="as of docker build")
    parser.add_argument("--no-cache", action="store_true", help="as of docker build")
    parser.add_argument("--pull", action="store_true", help="as of docker build")


def run(arguments: argparse.Namespace) -> int:
    """Build the image; returns the exit code.

    Raises:
        StartError: the model, docker or the build does not do.
    """
    if not arguments.action:
        arguments.parser.error("expected an action: build MODEL_DIR")
    from serving_runtime.image import context, dockerfile, requirements

    base = base_of(arguments)
    model = context.check(arguments.MODEL_DIR)
    wanted = requirements.find(model.root, arguments.requirements)
    text = dockerfile.render(base, model, wanted)
    if arguments.dry_run:
        print(text, end="")
        return 0
    _build(arguments, base, text, model)
    return 0


def _build(arguments: argparse.Namespace, base: str, text: str, model: "Context") -> None:
    from serving_runtime.image import engine, failures

    engine.check()
    _say(f"building {arguments.tag}: {model.root} on {base}")
    if model.private:
        _say(
            f"  readable for its owner alone, but for any user in the image: {_few(model.private)}"
        )
    with engine.candidate() as name:
        try:
            engine.build(text, model.root, [*_options(arguments), "--tag", name], _say_step)
        except engine.BuildFailed as failure:
            raise failures.explain(failure, base, arguments.runtime or "") from None
        command = engine.validate_command(name)
        if arguments.validate:
            _say(f"trying it: {' '.join(command)}")
            _say(engine.validate(name, command, _platform(arguments)))
        engine.tag(name, arguments.tag)
    _report(arguments, model, engine.describe(arguments.tag)["Size"])


def base_of(arguments: argparse.Namespace) -> str:
    """Return the name of the runtime's image.

    It is ``[REGISTRY/]OWNER/serving-runtime-FRAMEWORK:VERSION-RELEASE``, or a full name.
    """
    given = str(arguments.image or arguments.runtime)
    matched = None if arguments.image else RUNTIME.fullmatch(given)
    framework, version = matched.groups() if matched else ("", "")
    is_whole_tag = version == LATEST or "-" in version
    if arguments.release and (is_whole_tag or not framework):
        arguments.parser.error(f"--release goes with FRAMEWORK:VERSION; {given} has a tag already")
    if not framework:
        return given
    registry, owner = os.environ.get("REGISTRY"), os.environ.get("OWNER") or OWNER
    repository = f"{registry}/{owner}" if registry else owner
    tag = version if is_whole_tag else f"{version}-{arguments.release or LATEST}"
    return f"{repository}/serving-runtime-{framework}:{tag}"


def _runtime(text: str) -> str:
    """Accept a framework with its version, or an image's full name, which has a slash."""
    if RUNTIME.fullmatch(text) or ("/" in text and TAG.fullmatch(text)):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is no runtime: expected FRAMEWORK:VERSION, such as python:3.13"
    )


def _tag(text: str) -> str:
    if TAG.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is no name of an image: expected lower-case NAME:TAG, such as my/model:1"
    )


def _options(arguments: argparse.Namespace) -> List[str]:
    """Return the options of ``docker build``; a variable without a value takes the caller's."""
    from serving_runtime.image.dockerfile import INDEX_VARIABLES

    options = ["--no-cache"] if arguments.no_cache else []
    options += ["--pull"] if arguments.pull else []
    for name in INDEX_VARIABLES:
        options += ["--build-arg", name] if os.environ.get(name) else []
    return options + _platform(arguments)


def _platform(arguments: argparse.Namespace) -> List[str]:
    return ["--platform", arguments.platform] if arguments.platform else []


def _say(text: str) -> None:
    print(text, flush=True)  # a step may take minutes


def _say_step(step: str) -> None:
    _say(f"  {step if len(step) <= SHOWN_STEP else step[: SHOWN_STEP - 1] + '…'}")


def _few(paths: List[str]) -> str:
    more = f" and {len(paths) - SHOWN_PATHS} more" if len(paths) > SHOWN_PATHS else ""
    return ", ".join(paths[:SHOWN_PATHS]) + more


def _report(arguments: argparse.Namespace, model: "Context", size_bytes: int) -> None:
    """Return what there is now, and how to try it."""
    from serving_runtime.cli import example

    platform = "".join(f"{option} " for option in _platform(arguments))
    _say(f"{arguments.tag}: {size_bytes / 1e6:.0f} MB\n")
    _say(f"serve it:  docker run --rm -p 9090:9090 {platform}{arguments.tag}")
    _say(f"call it:   {example.predict_command(model.contract)}")
