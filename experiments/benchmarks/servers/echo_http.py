"""The limit of the HTTP library on asyncio: argv is PORT REPLY; it answers a prebuilt reply."""

import asyncio
import sys
from pathlib import Path

import httptools


class Echo(asyncio.Protocol):
    """Answers every request with the same bytes."""

    def __init__(self, reply):
        self.reply = reply
        self.parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport):
        """Begin."""
        self.transport = transport

    def data_received(self, data):
        """Have the library read what has come."""
        self.parser.feed_data(data)

    def on_message_complete(self):
        """Answer a request that is whole."""
        self.transport.write(self.reply)


async def serve(port, body):
    """Serve until the process is ended."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    reply = (head % len(body)).encode() + body
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Echo(reply), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
