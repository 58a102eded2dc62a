"""Send cases to a real server, hundreds at a time, and judge what comes back."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import grpc.aio

from serving_runtime.operations import BY_GRPC_METHOD
from tests.fuzz import corpus, judging
from tests.fuzz.blocks import Find
from tests.fuzz.corpus import Case
from tests.fuzz.judging import Answer

IN_FLIGHT = 300
CALL_SECONDS = 60.0

_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_retries", 0),
)


class Caller:
    """A client of the methods on the port; messages stay bytes, and nothing is tried twice.

    Use it in an ``async with`` statement.

    Args:
        address: ``host:port``.
    """

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._methods = {method: self._method(method) for method in corpus.METHODS}

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._channel.close()

    async def answer(self, case: Case) -> Answer:
        """Send a case; returns the answer."""
        try:
            return Answer("OK", "", await self._methods[case.method](case.payload))
        except grpc.aio.AioRpcError as error:
            return Answer(error.code().name, error.details() or "")

    async def answer_all(self, cases: Iterable[Case]) -> tuple[Counter[str], list[Find]]:
        """Send cases, many at a time; returns what became of them, and those that went wrong."""
        kinds: Counter[str] = Counter()
        finds: list[Find] = []
        shared = iter(cases)
        await asyncio.gather(*(self._send(shared, kinds, finds) for _ in range(IN_FLIGHT)))
        return kinds, finds

    async def _send(self, cases: Iterator[Case], kinds: Counter[str], finds: list[Find]) -> None:
        for case in cases:
            answer = await self.answer(case)
            kinds[judging.kind(answer)] += 1
            wrong = judging.problem(case, answer)
            if wrong:
                finds.append(Find(wrong, [case]))

    def _method(self, method: str) -> Any:
        if not BY_GRPC_METHOD[method].is_stream:
            unary = self._channel.unary_unary(method, None, None)
            return lambda payload: unary(payload, timeout=CALL_SECONDS)
        stream = self._channel.stream_stream(method, None, None)

        async def first(payload: bytes) -> bytes:
            replies = stream(iter([payload]), timeout=CALL_SECONDS)
            return b"".join([reply async for reply in replies])

        return first
