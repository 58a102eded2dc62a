"""Clients that call by HTTP all the time, on connections of their own, and check every answer."""

import http.client
import itertools
import json
import threading
import time
from typing import List, NamedTuple, Optional, Sequence

from tests.support.processes import wait_until
from tests.support.servers import Failure, expected

PATH = "/v2/models/{}/infer"


class Answer(NamedTuple):
    """A reply: its status, what its body says, and whether the connection ends with it."""

    status: int
    body: dict
    closes: bool
    headers: http.client.HTTPMessage

    @property
    def y(self) -> List[float]:
        """What the obedient model has answered."""
        [output] = self.body["outputs"]
        assert output["name"] == "y"
        return output["data"]


def connect(address: str, seconds: float = 60.0) -> http.client.HTTPConnection:
    """Return a connection to a service."""
    return http.client.HTTPConnection(address.replace("localhost", "127.0.0.1"), timeout=seconds)


def request(what: str = "", x: Sequence[float] = (1.5, -2.25)) -> bytes:
    """Return a request to the obedient model; its first row says what to do."""
    inputs = [
        {"name": "what", "shape": [len(x)], "datatype": "BYTES",
         "data": [what] + [""] * (len(x) - 1)},
        {"name": "x", "shape": [len(x)], "datatype": "FP64", "data": list(x)},
    ]  # fmt: skip
    parameters = {"signature_name": "infer"}
    return json.dumps({"inputs": inputs, "parameters": parameters}).encode()


def ask(connection: http.client.HTTPConnection, body: bytes, **headers: str) -> Answer:
    """Call the model."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", PATH.format("obedient"), body, names)
    return _answer(connection)


def get(connection: http.client.HTTPConnection, path: str) -> Answer:
    """Ask for something else."""
    connection.request("GET", path)
    return _answer(connection)


def _answer(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    body = json.loads(response.read().decode() or "{}")
    return Answer(response.status, body, response.will_close, response.headers)


class HttpCallers:
    """Threads with a connection each; they call from ``with`` on, until its end or ``stop``.

    Who is told to close the connection calls no more, as if another server were called then.

    Args:
        address: of the service's HTTP.
        count: how many.
        moves: whether those who are told to go do so, or connect again.
    """

    def __init__(self, address: str, count: int = 16, moves: bool = True) -> None:
        self.failures: List[Failure] = []
        # When each good answer came, on the monotonic clock.
        self.answer_times: List[float] = []
        self._address, self._moves = address, moves
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._call, args=(number,), daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> "HttpCallers":
        for thread in self._threads:
            thread.start()
        self.wait_answers(len(self._threads))
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.wait_gone()

    @property
    def answered(self) -> int:
        """How many good answers have come."""
        return len(self.answer_times)

    def stop(self) -> None:
        """Begin no call any more."""
        self._stopped.set()

    def wait_gone(self) -> None:
        """Wait until all have been told to go, or stopped."""
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads), "a call was never answered"

    def wait_answers(self, more: int) -> None:
        """Wait for so many further answers."""
        wanted = self.answered + more
        wait_until(lambda: self.answered >= wanted, f"{more} more answers: {self.failures[:3]}")

    def _call(self, number: int) -> None:
        connection = connect(self._address)
        for turn in itertools.count():
            if self._stopped.is_set():
                break
            x = [number + turn / 7, -turn / 3]
            closes = self._note(connection, x)
            if closes is None or (closes and self._moves):
                break
        connection.close()

    def _note(self, connection: http.client.HTTPConnection, x: List[float]) -> Optional[bool]:
        """Call once; return whether the connection ends, None if it has failed."""
        try:
            answer = ask(connection, request(x=x))
            problem = _problem(answer, x)
        except (OSError, http.client.HTTPException) as error:
            answer, problem = None, Failure("NONE", repr(error))
        with self._lock:
            if problem is None:
                self.answer_times.append(time.monotonic())
            else:
                self.failures.append(problem)
        return answer.closes if answer else None


def _problem(answer: Answer, x: List[float]) -> Optional[Failure]:
    """Return what is wrong with an answer, if anything."""
    if answer.status != 200:
        return Failure(str(answer.status), str(answer.body))
    return None if answer.y == expected(x) else Failure("WRONG", f"{answer.y} for {x}")
