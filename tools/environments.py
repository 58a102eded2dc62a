"""Make the virtual environments that tests, tools and demos run in: `make` needs no set-up.

`tests/environments/NAME.txt` becomes `.venvs/NAME`, and `runtimes/python/environments/NAME.txt`
becomes `.venvs/python-NAME`; `experiments/benchmarks/environments/NAME.txt` becomes
`.venvs/benchmarks-NAME`.
Such a file is a requirement file that begins with comments for this tool:

    # python: 3.6                     the interpreter: that version, or `>=3.8` for any from it on
    # editable: common runtimes/*         folders of the checkout to install in editable form
    # resolve: yes                    lines are ranges and pip picks what they need; without this,
                                      the file must pin everything, and nothing else is installed
    # check: no (REASON)              skip `pip check`, which has a complaint that is known

To renew the pins of a file, install its first two blocks without versions into an empty
environment of that Python, and copy what `pip freeze --all` prints.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

from tools import command_line, installers, interpreters
from tools.command_line import ToolError
from tools.installers import Installer
from tools.interpreters import Interpreter

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTIONS = (
    "tests/environments/*.txt",
    "runtimes/*/environments/*.txt",
    "experiments/benchmarks/environments/*.txt",
)
ENVIRONMENTS = ROOT / ".venvs"
INSTALLERS = ("pip", "setuptools", "wheel")
NO_INTERPRETER_EXIT_CODE = 3


class Environment(NamedTuple):
    """One requirement file and its header."""

    name: str
    requirements: Path
    python: str
    editable: List[Path]
    resolve: bool
    check: bool

    @property
    def folder(self) -> Path:
        """Where the environment is made."""
        return ENVIRONMENTS / self.name

    @property
    def interpreter(self) -> Path:
        """The environment's own Python."""
        return self.folder / "bin" / "python"


def descriptions() -> Dict[str, Path]:
    """Return the file that describes each environment, by the environment's name."""
    found = [path for pattern in DESCRIPTIONS for path in ROOT.glob(pattern)]
    return {_name_of(path): path for path in sorted(found, key=_name_of)}


def _name_of(description: Path) -> str:
    owner = description.parent.parent
    prefix = "" if owner.name == "tests" else f"{owner.name}-"
    return prefix + description.stem


def read(name: str) -> Environment:
    """Read an environment's header."""
    known = descriptions()
    if name not in known:
        raise ToolError(f"no environment {name!r}; there are: {', '.join(known)}")
    text = known[name].read_text(encoding="utf-8")
    header = dict(re.findall(r"^# (python|editable|resolve|check): *(.+?) *$", text, re.MULTILINE))
    if not re.fullmatch(r"(>=)?3\.\d+", header.get("python", "")):
        raise ToolError(f"{name}.txt: expected a line like `# python: 3.9` or `>=3.9`")
    patterns = header.get("editable", "").split()
    editable = [folder for pattern in patterns for folder in sorted(ROOT.glob(pattern))]
    resolve, check = header.get("resolve") == "yes", not header.get("check", "").startswith("no")
    return Environment(name, known[name], header["python"], editable, resolve, check)


def create(environment: Environment) -> None:
    """Make an environment, unless it is there and up to date; remakes a stale or broken one."""
    with _lock(environment.name):
        if _is_ready(environment):
            return _say(environment, "ready")
        found = interpreters.find(environment.python)
        _say(
            environment, f"making it with Python {'.'.join(map(str, found.version))} ({found.path})"
        )
        shutil.rmtree(environment.folder, ignore_errors=True)
        pip = ["--without-pip"] if installers.is_uv_for(found.version) else []
        _run([str(found.path), "-m", "venv", *pip, str(environment.folder)])
        _install(environment, _installer(environment, found))
        _stamp(environment).write_text(_fingerprint(environment))
        return _say(environment, "made")


def _install(environment: Environment, installer: Installer) -> None:
    """Install pip itself first (an old one knows no current wheel), then the rest, and check."""
    lines = environment.requirements.read_text(encoding="utf-8").splitlines()
    pips = [line for line in lines if re.split(r"[^\w.-]", line)[0] in INSTALLERS]
    folders = [part for folder in environment.editable for part in ("--editable", str(folder))]
    steps = [["install", "--upgrade", *pips]]
    if environment.resolve:
        steps += [["install", "-r", str(environment.requirements), *folders, *_EDITABLE]]
    else:
        steps += [["install", "--no-deps", "-r", str(environment.requirements)]]
        steps += [["install", "--no-deps", *folders, *_EDITABLE]] if folders else []
    for step in [*steps, *([["check"]] if environment.check else [])]:
        name = Path(installer.command[0]).name
        _say(environment, " ".join((name, "pip", *step)).replace(f"{ROOT}{os.sep}", ""))
        _run([*installer.command, *step], installer.variables)


# With the environment's own setuptools: fetching another one for the build would be unpinned.
_EDITABLE = ["--no-build-isolation"]


def _installer(environment: Environment, found: Interpreter) -> Installer:
    if not installers.is_uv_for(found.version):
        return installers.pip(environment.interpreter)
    folder = ENVIRONMENTS / ".uv"
    with _lock("uv"):
        installers.provide_uv(folder, found.path, _run)
    return installers.uv(environment.interpreter, folder)


def _run(command: List[str], variables: Optional[Dict[str, str]] = None) -> None:
    # Standard output is for results (`path`), so the commands' own goes where progress goes.
    environ = {**os.environ, **(variables or {})}
    run = subprocess.run(command, cwd=str(ROOT), env=environ, stdout=sys.stderr, check=False)
    if run.returncode:
        begun = " ".join(command[1:4])
        raise ToolError(f"`{begun} ...` failed with exit code {run.returncode}")


def _is_ready(environment: Environment) -> bool:
    """Whether an environment is there, whole, and made from what describes it now."""
    stamp = _stamp(environment)
    is_fresh = stamp.is_file() and stamp.read_text() == _fingerprint(environment)
    return is_fresh and environment.interpreter.exists()


def _stamp(environment: Environment) -> Path:
    """Name the file that is written last, so that it is missing from a half-made environment."""
    return environment.folder / "made-from.sha256"


def _fingerprint(environment: Environment) -> str:
    """Hash what the environment is made from: its file, each setup.cfg, and where it stands."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in [environment.requirements, *(it / "setup.cfg" for it in environment.editable)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _lock(name: str) -> Iterator[None]:
    """Hold the lock with which one process at a time makes an environment."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(environment: Environment, message: str) -> None:
    print(f"[{environment.name}] {message}", file=sys.stderr, flush=True)


def plan(names: List[str]) -> List[Dict[str, str]]:
    """Return which Python each environment needs, the oldest one that will do."""
    return [{"environment": name, "python": read(name).python.lstrip(">=")} for name in names]


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command line and return its exit code."""
    parser = command_line.parser("tools.environments", __doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True  # an argument only from Python 3.7 on, and 3.6 can run this file too
    for command, text in (
        ("create", "make environments that are missing or stale (exit code 3: no interpreter)"),
        ("path", "print an environment's folder, made or not"),
        ("plan", "print environments and their Pythons as JSON, for CI to start jobs in"),
    ):
        commands.add_parser(command, help=text).add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args(arguments)
    if options.command == "plan":
        print(json.dumps(plan(options.names)))
        return 0
    for name in options.names:
        try:
            environment = read(name)
            create(environment) if options.command == "create" else print(environment.folder)
        except ToolError as error:
            print(f"[{name}] {error}", file=sys.stderr)
            is_absent = isinstance(error, interpreters.NoInterpreterError)
            return NO_INTERPRETER_EXIT_CODE if is_absent else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
