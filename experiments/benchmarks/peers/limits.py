"""The bare transport: servers that answer a prebuilt reply show what there is to be had."""

import json
import shutil
import subprocess
from pathlib import Path

from experiments.benchmarks.cases import OUTPUT, RAW
from experiments.benchmarks.peers import ARRAYS, FRAMEWORKS, SERVERS, Peer, Setup, Start
from experiments.benchmarks.protocols import JSON_INFERENCE, PREDICT, predict_response
from tools.offline import packages

ENVIRONMENT = "limits"
REPLY, PROGRAM = "reply", "echo"
# So many threads of its own has the C++ echo whose calls come from gRPC's threads.
CALLBACK = 0
PROGRAMS = ("g++", "pkg-config", "grpc_cpp_plugin")
PACKAGES = ("g++", "pkg-config", "libgrpc++-dev", "protobuf-compiler-grpc")
CASES = ("iris", *ARRAYS, *FRAMEWORKS)


class CompileError(Exception):
    """The C++ echo cannot be built; the message is the compiler's."""


def _prepare(setup: Setup) -> None:
    case = setup.case
    reply = predict_response(case.answer(case.make()), as_content=case.encoding == RAW)
    (setup.folder / REPLY).write_bytes(reply)


def _python(script: str):
    def start(setup: Setup) -> Start:
        reply = str(setup.folder / REPLY)
        return Start([str(setup.python), str(SERVERS / script), str(setup.port), reply])

    return start


def compile_echo(folder: Path) -> Path:
    """Build the C++ echo with Debian's gRPC, unless it is there; returns the program.

    Raises:
        NotDebianError: gRPC for C++ is not installed, and cannot be.
        CompileError: it did not compile.
    """
    program = folder / PROGRAM
    source = SERVERS / "echo.cc"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    packages.ensure(PROGRAMS, PACKAGES, "to build the C++ echo")
    folder.mkdir(parents=True, exist_ok=True)
    asking = ["pkg-config", "--cflags", "--libs", "grpc++"]
    flags = subprocess.run(asking, stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    command = ["g++", "-O2", "-std=c++17", str(source), "-o", str(program), *flags]
    run = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise CompileError(run.stderr[-2000:])
    return program


def _prepare_cpp(setup: Setup) -> None:
    _prepare(setup)
    program = compile_echo(setup.models)
    shutil.copy(program, setup.folder / PROGRAM)


def _cpp(threads: int):
    def start(setup: Setup) -> Start:
        command = [str(setup.folder / PROGRAM), str(setup.port), str(setup.folder / REPLY)]
        return Start([*command, str(threads)])

    return start


def _prepare_http(setup: Setup) -> None:
    y = setup.case.answer(setup.case.make()).ravel().tolist()
    body = json.dumps({"outputs": [{"name": OUTPUT, "data": y}]})
    (setup.folder / REPLY).write_text(body)


def _limit(name: str, title: str, prepare, start) -> Peer:
    peer = Peer(name, title, ENVIRONMENT, ("grpcio",), PREDICT, CASES, prepare, start)
    return peer._replace(is_limit=True, brings=FRAMEWORKS)


PEERS = (
    _limit("limit-cpp", "limit: C++ async echo, both cores", _prepare_cpp, _cpp(2)),
    _limit("limit-cpp-callback", "limit: C++ callback echo", _prepare_cpp, _cpp(CALLBACK)),
    _limit("limit-cpp-1", "limit: C++ async echo, one thread", _prepare_cpp, _cpp(1)),
    _limit("limit-queue", "limit: grpcio's completion queue", _prepare, _python("echo_queue.py")),
    _limit("limit-worker", "limit: completion queue and a worker process", _prepare,
           _python("echo_worker.py")),
    _limit("limit-asyncio", "limit: grpcio's asyncio server", _prepare, _python("echo_asyncio.py")),
    _limit("limit-http", "limit: httptools on asyncio", _prepare_http, _python("echo_http.py"))
    ._replace(protocol=JSON_INFERENCE, packages=("httptools",), cases=("iris", "noop")),
)  # fmt: skip
