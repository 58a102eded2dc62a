"""Call a service on a schedule that waits for no answer, as the outside world does."""

import abc
import asyncio
import http.client
import json
import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import grpc

import hydro_serving_grpc as hs
from experiments.reliability.calling import STATUSES
from serving_runtime.client import encode_request
from tests.support.callers import OWN_CONNECTION
from tests.support.servers import PREDICT, expected

CONNECTIONS = 4
PATH = "/v2/models/model/infer"
OK, REFUSED, LATE, WRONG = "OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "WRONG"


Inputs = dict[str, list[float]]


class Answer(NamedTuple):
    """How a call ended: a status or ``WRONG``; when, and how long after it was sent."""

    status: str
    at: float
    seconds: float
    details: str = ""


class Load(NamedTuple):
    """What came of calls on a schedule; times on the monotonic clock.

    ``lags`` says of each call how long after its time it was sent.
    """

    began: float
    ended: float
    answers: list[Answer]
    lags: list[float]

    @property
    def goodput(self) -> float:
        """Right answers a second, of those that came while the load lasted."""
        came = sum(answer.status == OK and answer.at <= self.ended for answer in self.answers)
        return came / (self.ended - self.began)


class Target(abc.ABC):
    """The model ``infer(x, due, stall)`` of a service, called over a few connections.

    Args:
        address: of the service.
        timeout_seconds: the deadline of every call.
        stall_every: of so many calls, one holds the model up for twice that long; 0 for none.
    """

    def __init__(self, address: str, timeout_seconds: float, stall_every: int = 0) -> None:
        self.address = address
        self._timeout = timeout_seconds
        self._stall_every = stall_every

    @abc.abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    @abc.abstractmethod
    async def _call(self, number: int, inputs: Inputs) -> tuple[str, Any]:
        """Return a call's status, and its output or why there is none."""

    async def ask(self, number: int) -> Answer:
        """Call the model once, and check its answer to the last bit."""
        x = [number / 7, -number / 3]
        sent = time.monotonic()
        due, stall = [sent + self._timeout] * 2, [self._stall(number), 0.0]
        status, told = await self._call(number, {"x": x, "due": due, "stall": stall})
        if status == OK and told != expected(x):
            status = WRONG
        now = time.monotonic()
        # What comes after the deadline is late, also where the service has ended the call by then
        # and its connection with it, of which a client that is slow hears first.
        is_late = status not in (REFUSED, WRONG) and now > sent + self._timeout
        return Answer(
            LATE if is_late else status, now, now - sent, "" if status == OK else str(told)
        )

    def _stall(self, number: int) -> float:
        is_chosen = self._stall_every and number % self._stall_every == self._stall_every - 1
        return 2 * self._timeout if is_chosen else 0.0


class GrpcTarget(Target):
    """The same over gRPC."""

    def __init__(self, address: str, timeout_seconds: float, stall_every: int = 0) -> None:
        super().__init__(address, timeout_seconds, stall_every)
        self._channels = [
            grpc.aio.insecure_channel(address, [OWN_CONNECTION]) for _ in range(CONNECTIONS)
        ]
        self._calls = [channel.unary_unary(PREDICT, None, None) for channel in self._channels]

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    async def _call(self, number: int, inputs: Inputs) -> tuple[str, Any]:
        call, payload = self._calls[number % CONNECTIONS], encode_request("infer", inputs, False)
        try:
            reply = hs.PredictResponse.FromString(await call(payload, timeout=self._timeout))
        except grpc.aio.AioRpcError as error:
            return error.code().name, error.details() or ""
        return OK, list(reply.outputs["y"].double_val)


class HttpTarget(Target):
    """The same over HTTP, with as many connections as there are calls at a time."""

    def __init__(self, address: str, timeout_seconds: float, stall_every: int = 0) -> None:
        super().__init__(address, timeout_seconds, stall_every)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def close(self) -> None:
        """Close the connections."""
        for _, writer in self._idle:
            writer.close()

    async def _call(self, number: int, inputs: Inputs) -> tuple[str, Any]:
        tensors = [
            {"name": name, "shape": [len(values)], "datatype": "FP64", "data": values}
            for name, values in inputs.items()
        ]
        body = json.dumps({"inputs": tensors}).encode()
        lines = [f"POST {PATH} HTTP/1.1", "Host: a", f"x-request-timeout: {self._timeout}",
                 f"Content-Length: {len(body)}", "", ""]  # fmt: skip
        try:
            reader, writer = connection = await self._connection()
            writer.write("\r\n".join(lines).encode() + body)
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            told = json.loads(await reader.readexactly(length))
        except (OSError, EOFError, ValueError) as error:
            return "NONE", repr(error)
        self._idle.append(connection)
        status = int(head.split()[1])
        if status != http.client.OK:
            return STATUSES.get(status, str(status)), told["error"]
        return OK, told["outputs"][0]["data"]

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._idle:
            return self._idle.pop()
        host, _, port = self.address.rpartition(":")
        return await asyncio.open_connection(host, int(port))


async def saturate(target: Target, seconds: float, callers: int) -> Load:
    """Call again from each caller as soon as it is answered: what is answered is the peak."""
    began = time.monotonic()
    ended = began + seconds

    async def call(number: int) -> list[Answer]:
        answers = []
        while time.monotonic() < ended:
            answers.append(await target.ask(number + len(answers)))
        return answers

    answers = await asyncio.gather(*map(call, range(callers)))
    return Load(began, ended, [answer for some in answers for answer in some], [])


async def offer(target: Target, rate: float, seconds: float, seed: int) -> Load:
    """Send calls at random times, ``rate`` a second on average, whatever comes of them."""
    began, lags, tasks = time.monotonic(), [], []
    for number, due in enumerate(_schedule(rate, seconds, seed)):
        await asyncio.sleep(max(0.0, began + due - time.monotonic()))
        lags.append(time.monotonic() - began - due)
        tasks.append(asyncio.ensure_future(target.ask(number)))
    answers = await asyncio.gather(*tasks)
    return Load(began, began + seconds, answers, lags)


def _schedule(rate: float, seconds: float, seed: int) -> Iterator[float]:
    """Yield the times of a Poisson process: independent clients, who do not know each other."""
    gaps = random.Random(seed)
    due = gaps.expovariate(rate)
    while due < seconds:
        yield due
        due += gaps.expovariate(rate)
