import asyncio
import collections
import socket
import threading
import time

import numpy as np
import pytest

from serving_runtime import calls, client, operations
from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import CallFrame
from serving_runtime.ipc.stream import Splitter
from serving_runtime.model import Model
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.worker import concurrent_service
from serving_runtime.worker.channel import Channel

X, SUM = (Field("x", "float32", (-1, 2)),), (Field("sum", "float32", (-1,)),)
TABLE = Field("x", "float32", (2,))
CONTRACT = Contract(
    "m",
    (
        Signature("coroutine", X, SUM),
        Signature("plain", X, SUM),
        # Of a fixed shape, so never stacked.
        Signature("coroutine_alone", (TABLE,), (Field("sum", "float32", ()),)),
        Signature("plain_alone", (TABLE,), (Field("sum", "float32", ()),)),
    ),
)
WAIT_SECONDS = 60.0


class Waiting(Model):
    """Adds up rows; calls whose first value is in ``gates`` wait for it first.

    Attributes:
        running: how many calls run, and ``most`` how many ran at once.
        ended: the first values of calls that have ended, however they did.
        deeds: what else is done for a first value.
    """

    runs_in_threads = True
    asynchronous = frozenset({"coroutine", "coroutine_alone"})

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.gates = collections.defaultdict(threading.Event)
        self.deeds = {}
        self.lock = threading.Lock()
        self.running = self.most = 0
        self.began, self.ended, self.ids = [], [], []

    def predict(self, signature_name, inputs):
        """Wait in a thread."""
        with self._noted(inputs["x"]) as value:
            if value in self.gates:
                assert self.gates[value].wait(WAIT_SECONDS)
            return self._answer(value, inputs["x"])

    async def predict_async(self, signature_name, inputs):
        """Wait on the loop."""
        with self._noted(inputs["x"]) as value:
            while value in self.gates and not self.gates[value].is_set():
                await asyncio.sleep(0.001)
            deed = self.deeds.get(("task", value))
            if deed:
                await self.loop.create_task(deed())
            return self._answer(value, inputs["x"])

    def close(self):
        """Close the loop."""
        self.loop.close()

    def _answer(self, value, x):
        if value in self.deeds:
            self.deeds[value]()
        return {"sum": x.sum(axis=-1)}

    def _noted(self, x):
        return Noted(self, float(np.ravel(x)[0]))


class Noted:
    """Notes that a call runs."""

    def __init__(self, model, value):
        self.model, self.value = model, value

    def __enter__(self):
        with self.model.lock:
            self.model.running += 1
            self.model.most = max(self.model.most, self.model.running)
            self.model.began.append(self.value)
            self.model.ids.append(calls.ids())
        return self.value

    def __exit__(self, *error):
        with self.model.lock:
            self.model.running -= 1
            self.model.ended.append(self.value)


class Front:
    """The front's end of a worker that runs in a thread."""

    def __init__(self, model, predictor):
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(WAIT_SECONDS)
        self.error = None
        self._model, self._theirs = model, theirs
        self._splitter, self._replies = Splitter(2**24), {}
        self._thread = threading.Thread(target=self._serve, args=(predictor,), daemon=True)
        self._thread.start()
        self._numbers = 0

    def _serve(self, predictor):
        try:
            concurrent_service.serve(Channel(self._theirs), predictor)
        except BaseException as error:  # noqa: BLE001  for the test to look at
            self.error = error

    def call(self, *values, signature="coroutine", seconds=WAIT_SECONDS):
        """Send a batch of calls whose rows begin with ``values``; return their ids."""
        return self.call_each(*[(value, seconds) for value in values], signature=signature)

    def call_each(self, *calls, signature="coroutine"):
        """Send a batch of calls, each with a value and the seconds until its deadline."""
        parts, ids = [frames.pack_batch(len(calls))], []
        for value, seconds in calls:
            self._numbers += 1
            ids.append(self._numbers)
            row = [value, 1.0] if signature.endswith("alone") else [[value, 1.0]]
            payload = client.encode_request(signature, {"x": np.array(row, np.float32)}, True)
            deadline = time.monotonic() + seconds
            call = CallFrame(ids[-1], operations.PREDICT.key, f"id-{ids[-1]}", deadline, payload)
            parts.extend(frames.pack_call(call))
        self.socket.sendall(b"".join(parts))
        return ids

    def cancel(self, *ids):
        """Say that calls are not awaited."""
        self.socket.sendall(b"".join(map(frames.pack_cancel, ids)))

    def replies(self, ids):
        """Wait for the replies to calls, and return them in that order."""
        while not set(ids) <= set(self._replies):
            data = self.socket.recv(2**16)
            assert data, "the worker has closed its socket"
            for kind, body in self._splitter.split(data):
                assert kind == frames.REPLY
                reply = frames.unpack_reply(body)
                assert reply.id not in self._replies
                self._replies[reply.id] = reply
        return [self._replies[number] for number in ids]

    def sums(self, ids):
        """Wait for good replies to calls, and return their outputs."""
        replies = self.replies(ids)
        assert [reply.status for reply in replies] == [Status.OK] * len(ids)
        arrays = [client.decode_response(bytes(reply.payload))["sum"] for reply in replies]
        return [float(np.ravel(array)[0]) for array in arrays]

    @property
    def answered(self):
        """The ids of the calls whose replies have been read."""
        return set(self._replies)

    def until(self, condition):
        """Wait for something to hold."""
        give_up = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < give_up, "the condition never held"
            time.sleep(0.001)

    def close(self):
        """Send CLOSE and wait until all has ended."""
        self.socket.sendall(frames.pack(frames.CLOSE))
        self.join()

    def join(self):
        """Wait until the worker has ended."""
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()

    def end(self):
        """Let everything end."""
        for gate in self._model.gates.values():
            gate.set()
        self.socket.close()
        self.join()
        self._theirs.close()


@pytest.fixture
def model():
    """Yield a model whose calls wait."""
    model = Waiting()
    yield model
    model.close()


@pytest.fixture
def contract():
    """Return the contract of that model."""
    return CONTRACT


@pytest.fixture
def serve(model, predictor):
    """Return a function that serves the model with so many calls at once."""
    fronts = []

    def start(concurrency=10, **changes):
        fronts.append(Front(model, predictor(concurrency=concurrency, **changes)))
        return fronts[-1]

    yield start
    for front in fronts:
        front.end()


@pytest.mark.parametrize("signature", ["coroutine", "plain", "coroutine_alone", "plain_alone"])
def test_calls_wait_at_once_and_each_is_answered_as_it_ends(serve, model, signature):
    """Ten that wait run together; the one whose wait is over first is answered first."""
    front = serve()
    for value in range(10):
        model.gates[float(value)].clear()
    ids = [front.call(value, signature=signature)[0] for value in range(10)]
    front.until(lambda: model.running == 10)
    model.gates[7.0].set()
    assert front.sums([ids[7]]) == [8.0]
    assert front.answered == {ids[7]}
    for gate in model.gates.values():
        gate.set()
    assert front.sums(ids) == [value + 1.0 for value in range(10)]


@pytest.mark.parametrize("signature", ["coroutine_alone", "plain_alone"])
def test_no_more_calls_run_than_may(serve, model, signature):
    """Those of one batch that cannot be stacked share the bound with all others."""
    front = serve(concurrency=3)
    model.gates[0.0].clear()
    ids = front.call(*[0.0] * 5, signature=signature) + front.call(0.0, signature=signature)
    front.until(lambda: model.running == 3)
    model.gates[0.0].set()
    assert front.sums(ids) == [1.0] * 6
    assert model.most == 3


def test_plain_functions_beside_coroutines_run_one_at_a_time(serve, model):
    """Nobody has said that they may run in several threads; the loop goes on meanwhile."""
    front = serve(concurrency=0)
    model.gates[0.0].clear()
    plain = front.call(0.0, signature="plain_alone") + front.call(5.0, signature="plain_alone")
    front.until(lambda: model.running == 1)
    assert front.sums(front.call(1.0, 2.0, 3.0)) == [2.0, 3.0, 4.0]
    assert model.began.count(5.0) == 0
    model.gates[0.0].set()
    assert front.sums(plain) == [1.0, 6.0]


@pytest.mark.parametrize("signature", ["coroutine", "plain"])
def test_calls_that_come_together_are_stacked(serve, model, signature):
    """One call of the model for all of them."""
    front = serve()
    assert front.sums(front.call(1.0, 2.0, 3.0, signature=signature)) == [2.0, 3.0, 4.0]
    assert model.began == [1.0]
    assert model.ids == ["id-1,id-2,id-3"]


@pytest.mark.parametrize("signature", ["coroutine", "plain"])
def test_a_stack_that_fails_is_answered_one_by_one(serve, model, signature):
    """One caller's bad row never fails another's."""

    def refuse():
        raise ValueError("bad", "row")

    front = serve()
    model.deeds[1.0] = refuse
    ids = front.call(1.0, 2.0, 3.0, signature=signature)
    first, *others = front.replies(ids)
    assert (first.status, first.details) == (Status.INTERNAL, "ValueError('bad', 'row')")
    assert front.sums(ids[1:]) == [3.0, 4.0]
    assert sorted(model.ids) == ["id-1", "id-1,id-2,id-3", "id-2", "id-3"]


@pytest.mark.parametrize("signature", ["coroutine_alone", "plain_alone"])
@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_is_raised_fails_its_own_call_alone(serve, model, signature, error):
    """The worker lives on, whether the loop or a thread ran it."""

    def deed():
        raise error

    front = serve()
    model.deeds[1.0] = deed
    [reply] = front.replies(front.call(1.0, signature=signature))
    assert (reply.status, reply.details) == (Status.INTERNAL, repr(error))
    assert front.sums(front.call(2.0, signature=signature)) == [3.0]


def test_an_exit_in_a_task_of_the_models_own_fails_its_call_alone(serve, model):
    """It leaves the loop, which goes on."""

    async def deed():
        raise SystemExit(3)

    front = serve()
    model.deeds["task", 1.0] = deed
    model.gates[5.0].clear()
    beside = front.call(5.0)
    [reply] = front.replies(front.call(1.0))
    assert (reply.status, reply.details) == (Status.INTERNAL, repr(SystemExit(3)))
    model.gates[5.0].set()
    assert front.sums(beside) == [6.0]


def test_coroutine_that_cancels_itself_has_failed(serve, model):
    """Nobody else has cancelled it."""

    def deed():
        raise asyncio.CancelledError

    front = serve()
    model.deeds[1.0] = deed
    [reply] = front.replies(front.call(1.0))
    assert reply.status is Status.INTERNAL
    assert "CancelledError" in reply.details


@pytest.mark.parametrize("signature", ["coroutine_alone", "plain_alone"])
def test_late_calls_are_not_run(serve, model, signature):
    """Their deadlines have passed before they begin."""
    front = serve()
    [reply] = front.replies(front.call(1.0, signature=signature, seconds=-1.0))
    assert reply.status is Status.DEADLINE_EXCEEDED
    assert model.began == []


def test_late_calls_of_a_stack_are_left_out(serve, model):
    """The others run; a batch is of one deadline here, so the loop is held up between the two."""
    front = serve()
    gate = threading.Event()
    model.deeds[1.0] = lambda: gate.wait(WAIT_SECONDS)  # on the loop, which reads nothing then
    blocking = front.call(1.0)
    front.until(lambda: model.running == 1)
    late, other = front.call_each((2.0, 0.0), (3.0, WAIT_SECONDS))
    gate.set()
    assert front.replies([late])[0].status is Status.DEADLINE_EXCEEDED
    assert front.sums([*blocking, other]) == [2.0, 4.0]
    assert model.began == [1.0, 3.0]


def test_call_that_nobody_waits_for_is_cancelled(serve, model):
    """The task ends, its reply is sent all the same, and others go on."""
    front = serve()
    model.gates[1.0].clear()
    model.gates[2.0].clear()
    [gone], [other] = front.call(1.0), front.call(2.0)
    front.until(lambda: model.running == 2)
    front.cancel(gone)
    [reply] = front.replies([gone])
    assert reply.status is Status.DEADLINE_EXCEEDED
    assert model.ended == [1.0]
    model.gates[2.0].set()
    assert front.sums([other]) == [3.0]
    front.cancel(gone, other, 1000)
    assert front.sums(front.call(3.0)) == [4.0]


def test_stack_is_cancelled_once_nobody_waits_for_any_of_it(serve, model):
    """As long as one does, it runs."""
    front = serve()
    model.gates[1.0].clear()
    first, second = front.call(1.0, 2.0)
    front.until(lambda: model.running == 1)
    front.cancel(first)
    assert front.sums(front.call(5.0)) == [6.0]
    assert model.running == 1
    front.cancel(second)
    statuses = [reply.status for reply in front.replies([first, second])]
    assert statuses == [Status.DEADLINE_EXCEEDED] * 2
    assert model.began == [1.0, 5.0]


@pytest.mark.parametrize("signature", ["coroutine", "plain"])
def test_waiting_call_that_nobody_waits_for_never_runs(serve, model, signature):
    """It is answered at once, and those behind it move up."""
    front = serve(concurrency=2)
    model.gates[0.0].clear()
    running = [number for _ in range(2) for number in front.call(0.0, signature=signature)]
    front.until(lambda: model.running == 2)
    gone, behind = [front.call(value, signature=signature) for value in (1.0, 2.0)]
    front.cancel(*gone)
    assert front.replies(gone)[0].status is Status.DEADLINE_EXCEEDED
    model.gates[0.0].set()
    assert front.sums(running + behind) == [1.0, 1.0, 3.0]
    assert 1.0 not in model.began


@pytest.mark.parametrize("signature", ["coroutine", "plain"])
def test_close_drops_what_waits(serve, model, signature):
    """Nobody waits for its answer any more."""
    front = serve(concurrency=2)
    model.gates[0.0].clear()
    for value in (0.0, 0.0, 1.0):
        front.call(value, signature=signature)
    front.until(lambda: model.running == 2)
    front.socket.sendall(frames.pack(frames.CLOSE))
    if signature == "plain":
        assert [reply.status for reply in front.replies([3])] == [Status.DEADLINE_EXCEEDED]
    model.gates[0.0].set()
    front.join()
    assert 1.0 not in model.began


def test_call_that_is_cancelled_as_it_comes_is_answered(serve, model):
    """Its task has not made a step yet."""
    front = serve()
    parts, send = [], front.socket.sendall
    front.socket = Recorder(front.socket, parts)
    ids = front.call(1.0)
    front.cancel(*ids)
    front.socket = front.socket.socket
    send(b"".join(parts))
    assert front.replies(ids)[0].status in (Status.DEADLINE_EXCEEDED, Status.OK)
    assert front.sums(front.call(2.0)) == [3.0]


class Recorder:
    """Keeps what is sent."""

    def __init__(self, socket, parts):
        self.socket, self.sendall = socket, parts.append


def test_a_thread_cannot_be_cancelled(serve, model):
    """It answers when it is done, as ever."""
    front = serve()
    model.gates[1.0].clear()
    [call] = front.call(1.0, signature="plain_alone")
    front.until(lambda: model.running == 1)
    front.cancel(call)
    model.gates[1.0].set()
    assert front.sums([call]) == [2.0]


def test_close_cancels_coroutines_and_waits_for_threads(serve, model):
    """When it comes, nobody waits for an answer; the model is closed when nothing runs."""
    front = serve()
    model.gates[1.0].clear()
    model.gates[2.0].clear()
    front.call(1.0)
    front.call(2.0, signature="plain_alone")
    front.until(lambda: model.running == 2)
    front.socket.sendall(frames.pack(frames.CLOSE))
    front.until(lambda: model.ended == [1.0])
    model.gates[2.0].set()
    front.join()
    assert model.ended == [1.0, 2.0]
    assert front.error is None


def test_front_that_is_gone_ends_the_worker(serve, model):
    """Also one that calls run for, and answers are due to."""
    front = serve()
    model.gates[1.0].clear()
    front.call(1.0)
    front.until(lambda: model.running == 1)
    front.socket.close()
    model.gates[1.0].set()
    front.join()
    assert front.error is None or isinstance(front.error, OSError)


def test_what_cannot_be_answered_ends_the_worker(serve, model, monkeypatch):
    """A fault of ours is no call that is never answered: the front learns of it."""
    front = serve()
    monkeypatch.setattr(
        "serving_runtime.worker.scheduler.end_unless", lambda process: 1 // 0, raising=True
    )
    front.call(1.0, signature="plain_alone")
    front.join()
    assert isinstance(front.error, ZeroDivisionError)


def test_requests_for_the_contract_and_refusals_are_answered_between(serve):
    """Nothing of them is scheduled."""
    front = serve()
    ids = front.call(1.0, signature="unknown")
    assert front.replies(ids)[0].status is Status.INVALID_ARGUMENT
