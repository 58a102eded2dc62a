"""A balancer of connections (layer 4), which sends new ones only where health says SERVING."""

import asyncio
import contextlib
import threading
from typing import Any, List

from tests.support.servers import SERVING, Server

CHECK_SECONDS = 0.05


class Balancer:
    """Forwards connections in turn to the servers that are healthy; use it in ``with``."""

    def __init__(self, servers: List[Server]) -> None:
        self.servers = servers
        self.address = ""
        self._healthy: List[str] = []
        self._turn = 0
        self._stopped = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._check, self._run)
        ]

    def __enter__(self) -> "Balancer":
        listening = threading.Event()
        self._loop.call_soon(lambda: self._loop.create_task(self._listen(listening)))
        for thread in self._threads:
            thread.start()
        assert listening.wait(10)
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(10)
        self._loop.close()

    def is_used(self, server: Server) -> bool:
        """Whether new connections may go to ``server``."""
        return server.address in self._healthy

    def _check(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            self._healthy = [
                server.address for server in list(self.servers) if server.health() == SERVING
            ]

    def _run(self) -> None:
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _listen(self, listening: threading.Event) -> None:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        listening.set()
        with contextlib.suppress(asyncio.CancelledError):
            await server.serve_forever()

    async def _forward(self, reader: Any, writer: Any) -> None:
        self._turn += 1
        healthy = self._healthy
        with contextlib.suppress(OSError, asyncio.CancelledError):
            if healthy:
                port = int(healthy[self._turn % len(healthy)].rpartition(":")[2])
                there, back = await asyncio.open_connection("localhost", port)
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
        writer.close()


async def _pump(reader: Any, writer: Any) -> None:
    """Copy bytes until the end, and pass the end on."""
    try:
        while True:
            piece = await reader.read(65536)
            if not piece:
                return
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()
