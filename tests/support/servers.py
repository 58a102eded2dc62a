"""Run the real server as a process of its own, look into it, and end it with all it started."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, List, NamedTuple, Sequence

import grpc
import numpy as np

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime.client import encode_request
from serving_runtime.errors import one_line
from tests.support.processes import MARK, children, marked, name_of, wait_until

PREDICT = "/tensorflow.serving.PredictionService/Predict"
MODEL_STATUS = "/tensorflow.serving.ModelService/GetModelStatus"
CHECK = "/grpc.health.v1.Health/Check"
SERVE = (sys.executable, "-m", "serving_runtime.cli", "serve")
_OURS = re.compile("RUNTIME_|APP_PORT$|MODEL_DIR$|GRPC_")
OURS = {"APP_PORT": "0", "RUNTIME_HTTP_PORT": "0", "RUNTIME_DEBUG": "1"}
# Set for all that is started where coverage is measured; and how long to wait for their notes.
COVERAGE, COVERAGE_SECONDS = "COVERAGE_PROCESS_CONFIG", 10.0
GOLDEN_X = (1.5, -2.25, 1e300, 0.1)

SERVING = b"\x08\x01"
NOT_SERVING = b"\x08\x02"


class Failure(NamedTuple):
    """How a call failed, as its client saw it."""

    status: str
    details: str


class Server:
    """One server process with its workers.

    Args:
        model: the model directory.
        folder: where its output is kept.
        prefix: a command that starts the server, such as ``unshare``.
        arguments: more of them for the command line.
        settings: environment variables.
    """

    def __init__(
        self,
        model: Path,
        folder: Path,
        prefix: Sequence[str] = (),
        arguments: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self.model = model
        self.mark = uuid.uuid4().hex
        self._out, self._log = folder / f"{self.mark}.out", folder / f"{self.mark}.log"
        kept = {name: text for name, text in os.environ.items() if not _OURS.match(name)}
        with self._out.open("wb") as out, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, *SERVE, str(model), *arguments],
                env={**OURS, **kept, **settings, MARK: self.mark},
                stdin=subprocess.DEVNULL, stdout=out, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def out(self) -> str:
        """All of its standard output so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def log(self) -> str:
        """All of its standard error so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        wait_until(lambda: "listening on" in self.log or self.has_ended, "the port")
        found = re.search(r"listening on \S+:(\d+)", self.log)
        assert found, self.log
        return f"localhost:{found.group(1)}"

    @property
    def http_address(self) -> str:
        """Where it listens for HTTP, once it does."""
        wait_until(lambda: "listening on http" in self.log or self.has_ended, "the port of HTTP")
        found = re.search(r"listening on https?://\S+:(\d+)", self.log)
        assert found, self.log
        return f"localhost:{found.group(1)}"

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    @property
    def front(self) -> int:
        """The front's process id."""
        return self.process.pid

    @property
    def workers(self) -> List[int]:
        """The process ids of the workers, without the fork server that they are forked from."""
        return [pid for pid in children(self.front) if name_of(pid) != "fork-server"]

    @property
    def processes(self) -> List[int]:
        """All processes that come from this server, orphans too."""
        return marked(self.mark)

    def wait_serving(self) -> "Server":
        """Wait until health says SERVING."""
        wait_until(lambda: self.has_ended or self.health() == SERVING, "SERVING")
        assert not self.has_ended, self.log
        return self

    def health(self) -> bytes:
        """Return the bytes of health's answer; none if there is no answer."""
        with channel(self.address) as connection, contextlib.suppress(grpc.RpcError):
            return bytes(connection.unary_unary(CHECK, None, None)(b"", timeout=5))
        return b""

    def wait_log(self, text: str) -> None:
        """Wait until the log has ``text``."""
        wait_until(lambda: text in self.log, f"{text!r} in the log")

    def signal(self, number: signal.Signals) -> None:
        """Send the front a signal."""
        os.kill(self.front, number)

    def wait(self, seconds: float = 60.0) -> int:
        """Wait for the end; returns the exit code."""
        return self.process.wait(timeout=seconds)

    def note(self, name: str) -> Path:
        """Return the file that the model's deeds call ``name``."""
        return self.model / "files" / name

    def runs(self, name: str = "runs") -> int:
        """Return how many times the model has done ``note NAME``."""
        path = self.note(name)
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def end(self) -> None:
        """End whatever is left of it; what needed ending is for tests to find out before.

        At once, unless coverage is measured: a process that is killed cannot note what it ran.
        """
        if not self.has_ended and COVERAGE in os.environ:
            self.signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(COVERAGE_SECONDS)
        while self.processes:
            for pid in self.processes:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.process.wait()


def channel(address: str, *options: Any) -> grpc.Channel:
    """Return a channel with grpc's default settings, unless ``options`` say otherwise."""
    return grpc.insecure_channel(address, options=options or None)


def expected(x: Sequence[float]) -> List[float]:
    """Return what the obedient model answers, in Python's own arithmetic."""
    return [value * value / 3 + 1 for value in x]


def request(
    what: str = "",
    x: Sequence[float] = GOLDEN_X,
    as_content: bool = True,
    signature: str = "infer",
) -> bytes:
    """Return a request to the obedient model; its first row says what to do."""
    deeds = [what] + [""] * (len(x) - 1)
    return encode_request(signature, {"what": deeds, "x": np.array(x, float)}, as_content)


def ask(
    connection: grpc.Channel, payload: bytes, timeout: Any = None, metadata: Any = None
) -> List[float]:
    """Call the model with a request's bytes; returns the output ``y``."""
    call = connection.unary_unary(PREDICT, None, None)
    reply = hs.PredictResponse.FromString(call(payload, timeout=timeout, metadata=metadata))
    y = reply.outputs["y"]
    return [float(v) for v in y.double_val] or np.frombuffer(y.tensor_content, float).tolist()


def failure(connection: grpc.Channel, payload: bytes, timeout: float = 60.0) -> Failure:
    """Call the model, which must fail; returns how."""
    try:
        answer = ask(connection, payload, timeout)
    except grpc.RpcError as error:
        return seen(error)
    raise AssertionError(f"answered {answer}")


def seen(error: Any) -> Failure:
    """Return what the client sees of an error."""
    return Failure(error.code().name, error.details())


def model_state(connection: grpc.Channel) -> str:
    """Return the model's state as TensorFlow Serving's clients ask for it."""
    payload = connection.unary_unary(MODEL_STATUS, None, None)(b"", timeout=30)
    response = message_class("tensorflow.serving.GetModelStatusResponse").FromString(payload)
    [version] = response.model_version_status
    return str(version.State.Name(version.state))


def assert_bit_exact(connection: grpc.Channel) -> None:
    """Check a golden request's answer, in both encodings, to the last bit."""
    for as_content in (True, False):
        assert ask(connection, request(as_content=as_content), 30) == expected(GOLDEN_X)


def assert_refused(connection: grpc.Channel, payload: bytes, words: Sequence[str]) -> None:
    """Check that a request gets INVALID_ARGUMENT, and one line that has all the words."""
    status, details = failure(connection, payload)
    assert status == "INVALID_ARGUMENT"
    assert is_one_line(details)
    for word in words:
        assert word in details


def is_one_line(text: str) -> bool:
    """Return whether a client's details keep to the form: one line of at most 1 KiB, no path."""
    return text == one_line(text) and len(text.encode()) <= 1024 and "/files/" not in text
