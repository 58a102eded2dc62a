"""Runs `make demo`'s program as a user would."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import List

import pytest

from tests.support.forms import by_day
from tests.system.clients.environments import create
from tools.environments import descriptions

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo.py"
SERVING_RUNTIME = Path(sys.executable).with_name("serving-runtime")


# Python's is tried in this environment too, and others differ by their library and its training.
DEMOS = by_day(sorted(name for name in descriptions() if "-demo" in name), "sklearn-demo")


@pytest.fixture
def start(tmp_path):
    """Return a function that starts the demo; what still runs at the end is killed."""
    started = []

    def start(*arguments):
        environ = {
            name: value for name, value in os.environ.items() if name not in ("PORT", "KEEP")
        }
        process = subprocess.Popen(
            [
                sys.executable,
                "-u",
                str(DEMO),
                "python",
                "--directory",
                str(tmp_path / "demo"),
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            universal_newlines=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            pass


def test_ends_by_itself(start, tmp_path):
    """Without a terminal the demo trains, serves, compares and ends; its model is valid."""
    demo = start()
    output, _ = demo.communicate()
    assert demo.returncode == 0, output
    assert "every score equals the model's own here bit for bit" in output
    assert output.rstrip().endswith("6. stopped the server, exit code 0")
    model = tmp_path / "demo" / "model"
    assert (model / "contract.protobin").is_file()
    subprocess.run([str(SERVING_RUNTIME), "validate", str(model)], check=True)


@pytest.fixture(params=DEMOS)
def environment(request):
    """A demo's environment, made if need be: its name and its Python."""
    return request.param, create(request.param)


@pytest.mark.timeout(400, func_only=True)  # making the environment takes minutes on a new machine
def test_every_framework_has_a_demo(environment, tmp_path):
    """Each framework's model, trained by its own library and served, answers as it does there."""
    name, python = environment
    framework = name.partition("-")[0]
    command = [str(python), str(DEMO), framework, "--directory", str(tmp_path)]
    demo = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout
    assert "every score equals the model's own here" in demo.stdout
    assert demo.stdout.rstrip().endswith("6. stopped the server, exit code 0")


def test_keeps_serving_until_interrupted(start, tmp_path):
    """With --keep the sample can be sent by hand, and Ctrl-C ends the demo and its server."""
    demo = start("--keep")
    lines: List[str] = []
    while "Ctrl-C" not in "".join(lines[-1:]):
        lines.append(demo.stdout.readline())
        assert lines[-1], "".join(lines)
    address = next(line.split()[3] for line in lines if line.startswith("3. serving at"))
    sample = str(tmp_path / "demo" / "one-digit.json")
    command = [str(SERVING_RUNTIME), "predict", "--address", address, "--input", sample]
    assert b"label" in subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    [curl] = [shlex.split(line) for line in lines if line.strip().startswith("curl ")]
    body = (ROOT / curl[3][1:]).read_bytes()
    with urllib.request.urlopen(curl[1], body) as answer:
        outputs = json.loads(answer.read())["outputs"]
    assert [it["name"] for it in outputs] == ["label", "scores"]
    os.killpg(demo.pid, signal.SIGINT)
    rest, _ = demo.communicate()
    assert demo.returncode == 0, rest
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", int(address.rpartition(":")[2])))


def test_taken_port(start):
    """A port in use ends the demo with the server's own message."""
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as taken:
        port = taken.getsockname()[1]
        demo = start("--port", str(port))
        output, _ = demo.communicate()
    assert demo.returncode == 1
    assert f"cannot listen on [::]:{port}" in output
    assert "Traceback" not in output
