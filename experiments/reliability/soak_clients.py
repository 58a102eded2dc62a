"""Clients of a soak: processes that call all the time and hold every answer to the right one."""

import asyncio
import collections
import multiprocessing
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import grpc
from grpc import aio

from experiments.reliability import soak_diet
from experiments.reliability.soak_exchange import Exchange, Kind
from serving_runtime.client import channel_options
from tests.support.callers import OWN_CONNECTION
from tests.support.services import WATCH, HealthRequest, HealthResponse

CALLS_PER_CONNECTION = 400
REPORT_SECONDS = 0.5
WATCH_SECONDS = 2.0
SERVING = "SERVING"
WATCHES, CONNECTIONS = "health watches", "connections"


class Task(NamedTuple):
    """What a process of clients is to do, until a moment on the monotonic clock."""

    address: str
    seed: int
    callers: int
    crashes_per_minute: float
    until: float


class Report(NamedTuple):
    """What came of the calls since the last report."""

    counts: dict[str, int]
    problems: dict[str, int]
    latencies_ms: list[float]


def start(tasks: list[Task]) -> tuple[list[Any], Any]:
    """Start a process for each task; returns them, and the queue of what they report."""
    # Not a fork: grpc's threads would not come along.
    context = multiprocessing.get_context("spawn")
    reports = context.Queue()  # which no client waits for
    processes = [context.Process(target=_run, args=(task, reports)) for task in tasks]
    for process in processes:
        process.start()
    return processes, reports


def reported(reports: Any) -> Iterator[Report]:
    """Yield what is there."""
    while not reports.empty():
        yield reports.get()


def _run(task: Task, reports: Any) -> None:
    asyncio.run(_Clients(task, reports).run())


class _Clients:
    """One process' clients, who share what they count."""

    def __init__(self, task: Task, reports: Any) -> None:
        self._task = task
        self._reports = reports
        self._counts: collections.Counter[str] = collections.Counter()
        self._problems: collections.Counter[str] = collections.Counter()
        self._latencies_ms: list[float] = []

    async def run(self) -> None:
        """Call until it is time."""
        seeds = range(self._task.seed, self._task.seed + self._task.callers)
        jobs = [*map(self._call, seeds), self._measure(), self._watch(), self._report()]
        if self._task.crashes_per_minute:
            jobs.append(self._crash())
        await asyncio.gather(*jobs)
        self._tell()

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._task.until

    async def _call(self, seed: int) -> None:
        """Send what there is to send, over one connection after another."""
        exchanges = soak_diet.mix(seed)
        while not self._is_over:
            async with self._connection() as channel:
                for exchange in (next(exchanges) for _ in range(CALLS_PER_CONNECTION)):
                    if self._is_over:
                        break
                    await self._ask(channel, exchange)

    async def _measure(self) -> None:
        """Ask the golden request all the time, and note how long each answer takes."""
        golden = soak_diet.golden()
        async with self._connection() as channel:
            while not self._is_over:
                began = time.perf_counter()
                await self._ask(channel, golden)
                self._latencies_ms.append((time.perf_counter() - began) * 1000)

    async def _crash(self) -> None:
        """End workers, evenly over the time."""
        number = self._task.seed
        async with self._connection() as channel:
            while not self._is_over:
                number += 1
                await self._ask(channel, soak_diet.crash(number))
                await self._pause(60 / self._task.crashes_per_minute)

    async def _watch(self) -> None:
        """Watch the health as orchestrators do; it is SERVING all the time."""
        while not self._is_over:
            async with self._connection() as channel:
                stream = channel.unary_stream(WATCH)(HealthRequest().SerializeToString())
                told = await _first_word(stream)
                await self._pause(WATCH_SECONDS)
                stream.cancel()
            self._counts[WATCHES] += 1
            if told != SERVING:
                self._problems[f"{WATCHES}: {told} instead of {SERVING}"] += 1

    async def _report(self) -> None:
        while not self._is_over:
            await self._pause(REPORT_SECONDS)
            self._tell()

    async def _pause(self, seconds: float) -> None:
        left = self._task.until - time.monotonic()
        await asyncio.sleep(max(0.0, min(seconds, left)))

    def _connection(self) -> aio.Channel:
        self._counts[CONNECTIONS] += 1
        address = self._task.address
        return aio.insecure_channel(address, options=[*channel_options(address), OWN_CONNECTION])

    async def _ask(self, channel: aio.Channel, exchange: Exchange) -> None:
        problem = exchange.problem(*await _answer(channel, exchange))
        self._counts[exchange.kind] += 1
        if problem:
            self._problems[f"{exchange.kind}: {problem}"] += 1

    def _tell(self) -> None:
        self._reports.put(Report(self._counts, self._problems, self._latencies_ms))
        self._counts, self._problems = collections.Counter(), collections.Counter()
        self._latencies_ms = []


async def _answer(channel: aio.Channel, exchange: Exchange) -> tuple[str, str, bytes]:
    """Return the status, the details and the payload of a call."""
    call = channel.unary_unary(exchange.method)(exchange.request, timeout=exchange.timeout_seconds)
    if exchange.cancel_seconds is not None:
        asyncio.get_running_loop().call_later(exchange.cancel_seconds, call.cancel)
    try:
        return "OK", "", await call
    except aio.AioRpcError as error:
        return error.code().name, error.details() or "", b""
    except asyncio.CancelledError:
        if not call.cancelled():
            raise
        return grpc.StatusCode.CANCELLED.name, "", b""


async def _first_word(stream: Any) -> str:
    """Return what a watch tells first: a health, or the status that it ended with."""
    try:
        told = HealthResponse.FromString(await stream.read()).status
    except aio.AioRpcError as error:
        return str(error.code().name)
    return str(HealthResponse.ServingStatus.Name(told))


def requests(counts: dict[str, int]) -> int:
    """Return how many calls there were, whatever they asked."""
    return sum(counts.get(kind, 0) for kind in Kind)
