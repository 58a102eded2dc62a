"""Reaches a service whose container has loopback and nothing else: a socket in a shared folder.

It runs beside the service, in a container of its own that shares the network, on any Python. Its
one argument is where to make the socket.
"""

import asyncio
import os
import sys

PIECE_BYTES = 65536


async def _forward(reader, writer):
    try:
        there, back = await asyncio.open_connection("127.0.0.1", 9090)
    except OSError:  # it does not listen yet, or any more
        writer.close()
        return
    await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(reader, writer):
    """Copy bytes until the end, and pass the end on."""
    try:
        piece = await reader.read(PIECE_BYTES)
        while piece:
            writer.write(piece)
            await writer.drain()
            piece = await reader.read(PIECE_BYTES)
    except OSError:  # one side has gone
        pass
    finally:
        writer.close()


def _serve(path):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # Python 3.6 looks for it
    loop.run_until_complete(asyncio.start_unix_server(_forward, path))
    os.chmod(path, 0o666)  # whoever runs the tests
    loop.run_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
