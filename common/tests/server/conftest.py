import asyncio
import contextlib
import pathlib
import socket
import sys
import time

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import ReplyFrame
from serving_runtime.ipc.stream import Splitter
from serving_runtime.operations import PREDICT
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.workers.link import Events, WorkerLink
from serving_runtime.server.workers.processes import Spawned, WorkerProcess
from serving_runtime.settings import Settings

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
MAX_SECONDS = 60.0  # on a machine that is busy


class FakeWorker(asyncio.Protocol):
    """A worker's end of a socket pair: keeps what it is sent, and answers when a test says so.

    Also stands for its process: ``process`` is what a spawner returns.
    """

    def __init__(self, name):
        self.name = name
        self.batches = []
        self.cancelled = []
        self.is_closed = False
        self.kills = 0
        self.ended = None
        self.transport = None
        self._left = 0
        self._splitter = Splitter(2**30)
        self.process = WorkerProcess(0, self._kill, lambda: self.ended)

    def connection_made(self, transport):
        """Keep the socket (called by asyncio)."""
        self.transport = transport
        if self.ended is not None:  # before the loop had come to connecting it
            transport.abort()

    def data_received(self, data):
        """Keep batches of calls (called by asyncio)."""
        for kind, body in self._splitter.split(data):
            self._on_frame(kind, body)

    def _on_frame(self, kind, body):
        if kind == frames.BATCH:
            self._left = frames.unpack_batch(body)
            self.batches.append([])
        elif kind == frames.CALL:
            self.batches[-1].append(frames.unpack_call(body))
            self._left -= 1
        elif kind == frames.CANCEL:
            self.cancelled.append(frames.unpack_cancel(body))
        else:
            self.is_closed = kind == frames.CLOSE

    @property
    def calls(self):
        """All calls of all batches."""
        return [call for batch in self.batches for call in batch]

    @property
    def has_whole_batch(self):
        """Whether a batch has come, and all of its calls."""
        return bool(self.batches) and self._left == 0

    def tell(self, kind, body):
        """Send a frame."""
        self.transport.write(frames.pack(kind, body))

    def ready(self, stateful=False, **more):
        """Report that the model is loaded."""
        from summaries import summary  # found only since the path was extended above

        self.tell(frames.READY, summary(stateful=stateful, status_message="fine", **more))

    def reply(self, *calls, status=Status.OK, details="", was_reset=False):
        """Answer calls with their own payloads."""
        for call in calls:
            reply = ReplyFrame(call.id, status, details, bytes(call.payload), was_reset)
            self.transport.write(b"".join(frames.pack_reply(reply)))

    def die(self, how="was killed by SIGSEGV"):
        """End, as a process does: it has a way of ending, and the socket is shut."""
        self.ended = how
        if self.transport is not None:
            self.transport.abort()

    def _kill(self):
        if self.ended is None:
            self.kills += 1
            self.die("was killed by SIGKILL")


@pytest.fixture
def loop():
    """Yield an event loop that is this thread's, and close it clean."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    for transport in list(loop._transports.values()):
        with contextlib.suppress(AttributeError):  # of one that has closed after its last bytes
            transport.abort()
    # 3.6 has it in another place, and lists those that are done too.
    every = getattr(asyncio, "all_tasks", getattr(asyncio.Task, "all_tasks", None))(loop)
    loop.run_until_complete(_settled([task for task in every if not task.done()]))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()


async def _settled(tasks):
    """Cancel tasks and wait for them, and for aborted transports to close."""
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.fixture
def run(loop):
    """Return a function that runs a coroutine to its end, at most for a while."""

    def run(coroutine):
        return loop.run_until_complete(asyncio.wait_for(coroutine, MAX_SECONDS))

    return run


@pytest.fixture
def until():
    """Return a coroutine function that waits for a condition to hold."""

    async def until(condition):
        give_up = time.monotonic() + MAX_SECONDS
        while not condition():
            assert time.monotonic() < give_up, "the condition never held"
            await asyncio.sleep(0.001)

    return until


@pytest.fixture
def make_call():
    """Return a function that makes calls, numbered from 1; outcomes are kept on them."""
    made = []

    def make(payload=b"", seconds=60.0):
        number = len(made) + 1
        call = RecordedCall(number, PREDICT, payload, f"id-{number}", time.monotonic() + seconds)
        call.when_done(lambda call, outcome: call.outcomes.append(outcome))
        made.append(call)
        return call

    return make


class RecordedCall(FrontCall):
    """A call that remembers its outcomes."""

    __slots__ = ("outcomes",)

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.outcomes = []

    @property
    def status(self):
        """The status of the one outcome."""
        [outcome] = self.outcomes
        return outcome.status


class Happenings:
    """What a link told, in order: (event, link, …)."""

    def __init__(self):
        self.told = []
        self.events = Events(*(self._teller(name) for name in Events._fields))

    def _teller(self, name):
        return lambda *arguments: self.told.append((name, *arguments))

    @property
    def names(self):
        """The names of the events."""
        return [entry[0] for entry in self.told]


@pytest.fixture
def happenings():
    """Return a record of what links report."""
    return Happenings()


@pytest.fixture
def lock():
    """Return a front lock, which raises if it is not held where it must be."""
    return FrontLock()


@pytest.fixture
def connect(loop, happenings, lock):
    """Return a coroutine function that makes a link and the fake worker at its other end."""

    async def connect(name="worker-1", grace=60.0, events=None):
        ours, theirs = socket.socketpair()
        settings = Settings.from_env({"RUNTIME_HANG_GRACE": f"{grace}s"})
        worker = FakeWorker(name)
        spawned = Spawned(ours, worker.process)
        link = WorkerLink(name, spawned, settings, lock, events or happenings.events)
        await loop.create_unix_connection(lambda: worker, None, sock=theirs)
        return link, worker

    return connect


@pytest.fixture
def spawner(loop):
    """Return a spawner of fake workers, which are in its ``workers``."""

    class Spawner:
        def __init__(self):
            self.workers = []

        def __call__(self, name):
            ours, theirs = socket.socketpair()
            worker = FakeWorker(name)
            self.workers.append(worker)
            loop.create_task(loop.create_unix_connection(lambda: worker, None, sock=theirs))
            return Spawned(ours, worker.process)

    return Spawner()
