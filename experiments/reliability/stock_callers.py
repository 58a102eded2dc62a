"""Build the callers in `callers/`, clients of other languages with their libraries' defaults."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tools.offline import packages

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "callers"
BUILT = ROOT / "build" / "reliability" / "callers"
GRPC_JS = "@grpc/grpc-js@1.14.0"
GO_SOURCES = "/usr/share/gocode"  # of Debian's golang-google-grpc-dev
JAVA_TOOLS = "default-jdk-headless libgrpc-java libnetty-java libperfmark-java"
# What grpc-java needs of them; others would only add their complaints.
JARS = "grpc-* netty-* guava perfmark-* gson failureaccess"
CLASS_PATH = ":".join(
    sorted(
        str(jar)
        for name in JARS.split()
        for jar in Path("/usr/share/java").glob(f"{name}.jar")
        if not re.search(r"-\d", jar.name)
    )
)
OLD_GRPCIO = "grpcio-old"
BUILD_SECONDS = 600
# Its answers come after the load's end: as long as a call's deadline, and some.
EXTRA_SECONDS = 60
# What brings a client to try again, on another connection, what HTTP/2 or the service refused.
SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


class ToolMissing(Exception):
    """A caller cannot be built here; the text says why."""


class CallerFailed(Exception):
    """A caller did not get as far as its calls; what it wrote says why."""


class Load(NamedTuple):
    """What a caller does: which bytes it sends where, and what must come back."""

    method: str
    request: Path
    reply: Path
    seconds: float
    lanes: int


class Outcome(NamedTuple):
    """What came of a caller's calls; ``failed`` counts them by status and text."""

    answered: int
    failed: dict[str, int]


class Caller(NamedTuple):
    """A client of one library.

    ``build`` returns the command that starts it, with what Debian's packages ``tools`` bring.
    """

    name: str
    tools: str
    build: Callable[[], Sequence[str]]

    def start(self, address: str, load: Load, retries: bool = False) -> "subprocess.Popen[bytes]":
        """Begin to call.

        Raises:
            ToolMissing: it cannot be built.
        """
        words = [address, load.method, load.request, load.reply, load.seconds, load.lanes]
        command = [*self.build(), *map(str, words), *([SERVICE_CONFIG] if retries else [])]
        environ = {key: text for key, text in os.environ.items() if not key.startswith("PYTHON")}
        environ["NODE_PATH"] = str(BUILT / "node_modules")
        environ["GRPC_GO_RETRY"] = "on"  # grpc-go before 1.40 reads a retry policy only then
        return subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)


def outcome_of(process: "subprocess.Popen[bytes]", load: Load) -> Outcome:
    """Wait for a caller, and return what came of its calls."""
    out, _ = process.communicate(timeout=load.seconds + EXTRA_SECONDS)
    if process.returncode:
        raise CallerFailed(f"{process.args!r} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return Outcome(found["answered"], found["failed"])


def _build_python(environment: str) -> Sequence[str]:
    if environment == "this":
        return [sys.executable, str(SOURCES / "caller.py")]
    run = _tried([sys.executable, "-m", "tools.environments", "create", environment], cwd=ROOT)
    if run:
        raise ToolMissing(f"the environment {environment} cannot be made: {run}")
    return [str(ROOT / ".venvs" / environment / "bin/python"), str(SOURCES / "caller.py")]


def _build_node() -> Sequence[str]:
    _need("npm", "npm")
    if not (BUILT / "node_modules" / "@grpc" / "grpc-js").is_dir():
        _must(["npm", "install", "--silent", "--no-fund", "--prefix", str(BUILT), GRPC_JS])
    return ["node", str(SOURCES / "caller.js")]


def _build_go() -> Sequence[str]:
    _need("go", "golang-go golang-google-grpc-dev")
    environ = {
        "GO111MODULE": "off",
        "GOPATH": GO_SOURCES,
        "GOFLAGS": "",
        "GOCACHE": str(BUILT / "go"),
    }
    program = BUILT / "caller-go"
    _must(["go", "build", "-o", str(program), str(SOURCES / "caller.go")], environ)
    return [str(program)]


def _build_java() -> Sequence[str]:
    _need("javac", JAVA_TOOLS)
    _must(["javac", "-nowarn", "-cp", CLASS_PATH, "-d", str(BUILT), str(SOURCES / "Caller.java")])
    return ["java", "-cp", f"{BUILT}:{CLASS_PATH}", "Caller"]


def _need(program: str, wanted: str) -> None:
    """Make sure of a program, and of Debian's packages that bring it and its libraries."""
    BUILT.mkdir(parents=True, exist_ok=True)
    packages.ensure([program], wanted.split(), "to build a client of another language")


def _must(command: Sequence[str], environ: dict[str, str] | None = None) -> None:
    problem = _tried(command, environ)
    if problem:
        raise ToolMissing(f"{command[0]} failed: {problem}")


def _tried(
    command: Sequence[str], environ: dict[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Run a command, and return the end of what it wrote if it failed."""
    run = subprocess.run(
        command, env={**os.environ, **(environ or {})}, cwd=cwd, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_SECONDS,
    )  # fmt: skip
    return "" if run.returncode == 0 else run.stdout.decode(errors="replace")[-1000:]


CALLERS = (
    Caller("grpcio", "", lambda: _build_python("this")),
    Caller(OLD_GRPCIO, "", lambda: _build_python(OLD_GRPCIO)),
    Caller("grpc-js", "npm", _build_node),
    Caller("grpc-go", "golang-go golang-google-grpc-dev", _build_go),
    Caller("grpc-java", JAVA_TOOLS, _build_java),
)
BY_NAME = {caller.name: caller for caller in CALLERS}
