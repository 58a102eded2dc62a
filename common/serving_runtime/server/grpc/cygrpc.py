"""Drive grpc's core by its completion queue, past the threads and tasks of grpcio's servers.

Those servers hand every call between threads or tasks, which costs more than the call itself.

What is used is private to grpcio, and nothing else in this repository uses it::

    grpc._cython.cygrpc
      Server(options, xds)  register_completion_queue, add_http2_port, start, request_call,
                            shutdown, cancel_all_calls, destroy
      CompletionQueue()     poll, shutdown
      events                completion_type, success, tag, call, call_details.{method,deadline},
                            invocation_metadata, batch_operations[…].{message,cancelled}()
      Call                  start_server_batch
      operations            ReceiveMessage-, ReceiveCloseOnServer-, SendInitialMetadata-,
                            SendMessage-, SendStatusFromServerOperation
      CompletionType        queue_shutdown, queue_timeout
    grpc.ServerCredentials  _credentials

Tested with grpcio 1.48.2 (Python 3.6), 1.62.3 (3.7), 1.70.0 (3.8), 1.80.1 (3.9) and 1.85.1 (3.11,
3.13). Its rules: operations are made anew for every batch (used twice they are freed twice), and no
batch is started on a queue that was shut down (core aborts the process).
"""

import threading
from typing import Any, Callable, Optional, Tuple

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined]  # not in its stubs

from serving_runtime import logs
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc.status import details_of
from serving_runtime.server.transport import Headers, Reply

logger = logs.get_logger(__name__)

NO_FLAGS = 0
SHUT_DOWN = cygrpc.CompletionType.queue_shutdown
NONE_YET = cygrpc.CompletionType.queue_timeout
# What comes while the lock is held is dealt with as well, but not without end.
MAX_EVENTS = 256

# Takes an event, in the queue's thread, which holds the front lock.
Tag = Callable[[Any], None]


class CoreServer:
    """A server of grpc's core, its completion queue, and the thread that waits in it.

    Args:
        options: grpc's channel arguments.
        lock: the front's; it is held while events are dealt with.
        on_call: takes each new call's event.
        on_end: called by the thread at its end, after everything else.
    """

    def __init__(
        self,
        options: Tuple[Tuple[str, int], ...],
        lock: FrontLock,
        on_call: Tag,
        on_end: Callable[[], None],
    ) -> None:
        self._lock = lock
        self._on_call = on_call
        self._on_end = on_end
        self._server = cygrpc.Server(options, False)
        self._queue = cygrpc.CompletionQueue()
        self._server.register_completion_queue(self._queue)
        self._thread = threading.Thread(target=self._run, name="grpc-queue", daemon=True)

    def bind(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> int:
        """Take a port, and return it; 0 if it cannot be had. None is for no TLS."""
        known = None if credentials is None else credentials._credentials  # type: ignore[attr-defined]
        try:
            return int(self._server.add_http2_port(address.encode(), known))
        except RuntimeError:
            return 0

    def start(self) -> None:
        """Begin to take calls."""
        self._server.start()
        self._ask_for_call()
        self._thread.start()

    def shut(self, tag: Tag) -> None:
        """Take no more calls; ``tag`` gets an event once none is left, and no connection."""
        self._server.shutdown(self._queue, tag)

    def cancel_all(self) -> None:
        """Cancel the calls that are left, after ``shut``."""
        self._server.cancel_all_calls()

    def end(self) -> None:
        """End the queue, after ``shut`` is done: no batch may be started any more."""
        self._queue.shutdown()

    def close(self) -> None:
        """Free what core holds, after ``on_end``."""
        self._thread.join()
        self._server.destroy()

    def _ask_for_call(self) -> None:
        try:
            self._server.request_call(self._queue, self._queue, self._take_call)
        except ValueError:
            logger.debug("grpc's server is shutting down")

    def _take_call(self, event: Any) -> None:
        if event.success:  # else the server was shut
            self._ask_for_call()
            self._on_call(event)

    def _run(self) -> None:
        event = self._queue.poll()
        while event.completion_type != SHUT_DOWN:
            try:
                with self._lock:
                    event = self._take_all(event)
            except Exception:  # as in `_take_all`; what is done at the lock's release may fail too
                logger.exception("the front lock's release failed after events of grpc's queue")
            if event.completion_type == NONE_YET:
                event = self._queue.poll()
        self._on_end()

    def _take_all(self, event: Any) -> Any:
        """Deal with an event and those that are there already; returns the next one."""
        for _ in range(MAX_EVENTS):
            try:
                event.tag(event)
            except Exception:  # without this thread no call is answered ever again
                logger.exception("an event of grpc's queue was lost")
            event = self._queue.poll(deadline=0)
            if event.completion_type in (NONE_YET, SHUT_DOWN):
                break
        return event


def receive_message(call: Any, tag: Tag) -> None:
    """Receive the next message of a call; see ``message_of``."""
    call.start_server_batch((cygrpc.ReceiveMessageOperation(NO_FLAGS),), tag)


def message_of(event: Any) -> Optional[bytes]:
    """Return the message that was received, None if there is no more."""
    message: Optional[bytes] = event.batch_operations[0].message()
    return message


def watch_close(call: Any, tag: Tag) -> None:
    """Ask for an event at a call's end; see ``is_cancelled``."""
    call.start_server_batch((cygrpc.ReceiveCloseOnServerOperation(NO_FLAGS),), tag)


def is_cancelled(event: Any) -> bool:
    """Return whether a call ended before it was answered: by its client, its deadline, or core."""
    return bool(event.batch_operations[0].cancelled())


def begin_replies(call: Any, tag: Tag) -> None:
    """Send what comes before the first reply of a stream."""
    call.start_server_batch((cygrpc.SendInitialMetadataOperation((), NO_FLAGS),), tag)


def send_reply(call: Any, payload: bytes, tag: Tag) -> None:
    """Send one reply of a stream."""
    call.start_server_batch((cygrpc.SendMessageOperation(payload, NO_FLAGS),), tag)


def end_replies(call: Any, reply: Reply, headers: Headers) -> None:
    """Send a stream's status."""
    call.start_server_batch((_status(reply, headers),), ignore)


def answer(call: Any, reply: Reply, headers: Headers, is_watched: bool) -> None:
    """Answer a call of one request, whole; it is watched from now on, if it was not before."""
    operations = [cygrpc.SendInitialMetadataOperation((), NO_FLAGS), _status(reply, headers)]
    if not reply.status:
        operations.append(cygrpc.SendMessageOperation(bytes(reply.payload), NO_FLAGS))
    if not is_watched:
        operations.append(cygrpc.ReceiveCloseOnServerOperation(NO_FLAGS))
    call.start_server_batch(operations, ignore)


def ignore(event: Any) -> None:
    """Take an event after which there is nothing to do."""


def _status(reply: Reply, headers: Headers) -> Any:
    details = details_of(reply) if reply.status else ""
    return cygrpc.SendStatusFromServerOperation(tuple(headers), reply.status, details, NO_FLAGS)
