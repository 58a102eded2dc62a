"""Answers for the service of the fixtures: held back until a test wants them, or failures."""

import asyncio

from serving_runtime.server.transport import Reply


def failed(error):
    """Return an answer that is a failure."""
    reply = Reply(error.status, str(error), b"", error.reason)
    return lambda request: request.respond(reply, ())


def hold(service):
    """Make a service keep its requests until they are released, one by one."""
    echo, held = service.answer, []
    service.answer = held.append

    async def wait_for(count):
        while len(service.requests) < count:
            await asyncio.sleep(0.001)

    def release(transport):
        with transport.lock:
            echo(held.pop(0))

    service.wait_for, service.release = wait_for, release
