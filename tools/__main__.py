"""One command for all tools: it lists what they do, and hands over to the one that does it."""

import argparse
import importlib
import sys
from collections.abc import Mapping
from typing import NamedTuple


class Verb(NamedTuple):
    """What does something, and its first arguments."""

    module: str
    arguments: tuple[str, ...]
    help: str


VERBS: Mapping[str, Verb] = {
    "check": Verb("tools.matrix.__main__", ("check",), "compare the matrix with everything around"),
    "plan": Verb("tools.matrix.__main__", ("plan",), "print which rows a change touches, as JSON"),
    "table": Verb("tools.matrix.__main__", ("table",), "write the README's table of images"),
    "vulnerabilities": Verb(
        "tools.matrix.__main__", ("vulnerabilities",), "list known vulnerabilities of images"
    ),
    "bake": Verb("tools.matrix.__main__", ("bake",), "print a docker-bake.json"),
    "lock": Verb("tools.locks.__main__", (), "renew the hashed pins of a row"),
    "wheels": Verb("tools.offline.wheels", (), "build the wheels that a runtime keeps"),
    "outdated": Verb("tools.outdated", (), "list newer frameworks, and interpreters that ended"),
    "engine": Verb("tools.offline.engine", (), "start, stop or describe a Docker engine"),
    "bases": Verb(
        "tools.offline.bases.__main__", (), "pull the images that ours begin with, or make them"
    ),
    "build": Verb("tools.images.__main__", ("build",), "build candidates, which have no tags yet"),
    "verify": Verb("tools.images.__main__", ("verify",), "build, measure, test, and only then tag"),
    "reproduce": Verb("tools.images.__main__", ("reproduce",), "build twice, compare the files"),
    "sbom": Verb("tools.release.__main__", ("sbom",), "write down what verified images contain"),
    "push": Verb("tools.release.__main__", ("push",), "send verified images to a registry"),
    "manifest": Verb("tools.release.__main__", ("manifest",), "write down what was pushed"),
    "sign": Verb("tools.release.__main__", ("sign",), "sign what was pushed"),
    "register": Verb("tools.release.__main__", ("register",), "tell a Hydrosphere manager of it"),
    "protos": Verb("tools.protos", (), "generate what is made from protos/, or check it"),
}


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS))
    parser = argparse.ArgumentParser(
        prog="python -m tools",
        description=(__doc__ or "").split("\n", 1)[0],
        epilog="verbs:\n"
        + "\n".join(f"  {name:<{width}}  {it.help}" for name, it in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", metavar="VERB", choices=VERBS, help="`VERB --help` says more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what the verb takes")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a verb and return its exit code."""
    options = _parser().parse_args(arguments)
    verb = VERBS[options.verb]
    try:
        module = importlib.import_module(verb.module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tools"):
            raise
        needed = f"{options.verb} needs {error.name}, which {sys.executable} lacks"
        print(f"{needed}: use .venvs/dev/bin/python, which `make env-dev` makes", file=sys.stderr)
        return 1
    code: int = module.main([*verb.arguments, *options.arguments])
    return code


if __name__ == "__main__":
    sys.exit(main())
