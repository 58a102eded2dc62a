"""Call a service on a schedule that waits for no answer, as the outside world does."""

import asyncio
import random
import time
from collections.abc import Iterator
from typing import NamedTuple

import grpc

import hydro_serving_grpc as hs
from serving_runtime.client import encode_request
from tests.support.callers import OWN_CONNECTION
from tests.support.servers import PREDICT, expected

CONNECTIONS = 4
OK, REFUSED, LATE, WRONG = "OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "WRONG"


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


class Target:
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
        self._channels = [
            grpc.aio.insecure_channel(address, [OWN_CONNECTION]) for _ in range(CONNECTIONS)
        ]
        self._calls = [channel.unary_unary(PREDICT, None, None) for channel in self._channels]

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            await channel.close()

    async def ask(self, number: int) -> Answer:
        """Call the model once, and check its answer to the last bit."""
        x, call = [number / 7, -number / 3], self._calls[number % CONNECTIONS]
        sent, details = time.monotonic(), ""
        due, stall = [sent + self._timeout] * 2, [self._stall(number), 0.0]
        payload = encode_request("infer", {"x": x, "due": due, "stall": stall}, False)
        try:
            reply = hs.PredictResponse.FromString(await call(payload, timeout=self._timeout))
            status = OK if list(reply.outputs["y"].double_val) == expected(x) else WRONG
        except grpc.aio.AioRpcError as error:
            status, details = error.code().name, error.details() or ""
        now = time.monotonic()
        # What comes after the deadline is late, also where the service has ended the call by then
        # and its connection with it, of which a client that is slow hears first.
        is_late = status not in (REFUSED, WRONG) and now > sent + self._timeout
        return Answer(LATE if is_late else status, now, now - sent, details)

    def _stall(self, number: int) -> float:
        is_chosen = self._stall_every and number % self._stall_every == self._stall_every - 1
        return 2 * self._timeout if is_chosen else 0.0


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
