import ctypes
import functools
import socket
import threading
import time

import pytest
from summaries import summary

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import ReplyFrame, Timings
from serving_runtime.operations import PREDICT
from serving_runtime.server.transport import Reply
from serving_runtime.server.workers.frame_reader import ModelSummary
from serving_runtime.server.workers.lifecycle import ImpossibleEventError, State
from serving_runtime.server.workers.link import WorkerLink
from serving_runtime.server.workers.processes import Spawned, WorkerProcess
from serving_runtime.settings import Settings
from serving_runtime.worker.channel import Channel


@pytest.fixture
def connect(connect, lock):
    """Connect likewise, and answer as the dispatcher does, before the lock is released."""

    async def connect_answering(*arguments, **options):
        link, worker = await connect(*arguments, **options)
        lock.on_release(link.deliver_replies)
        return link, worker

    return connect_answering


@pytest.fixture
def load(connect, until, happenings):
    """Return a coroutine function that connects a worker, which has loaded the model."""

    async def load(**options):
        summary = options.pop("summary", {})
        link, worker = await connect(**options)
        worker.ready(**summary)
        await until(lambda: link.has_loaded)
        happenings.told.clear()
        return link, worker

    return load


def send(link, calls):
    """Send a worker calls, as the dispatcher does."""
    with link._lock:
        link.send(calls)


def test_ready_tells_of_the_model(run, connect, until, happenings):
    """A worker that has loaded is free, and says what the front must know of the model."""

    async def scenario():
        link, worker = await connect()
        assert (link.state, link.has_loaded) == (State.LOADING, False)
        worker.ready(stateful=True)
        await until(lambda: happenings.told)
        assert happenings.told == [
            ("ready", link, ModelSummary(["s"], True, "fine", ["model"], "1"))
        ]
        assert (link.state, link.has_loaded) == (State.FREE, True)

    run(scenario())


def test_refusal_is_in_the_workers_own_words(run, connect, until, happenings):
    """Why a model cannot be loaded reaches the front in full, whatever language it is in."""

    async def scenario():
        link, worker = await connect()
        worker.tell(frames.FAILED, "no \N{SNOWMAN}\n  fix: x".encode())
        await until(lambda: happenings.told)
        assert happenings.told == [("refused", link)]
        assert link.refusal == "no \N{SNOWMAN}\n  fix: x"
        assert not link.has_loaded

    run(scenario())


def test_batch_arrives_whole_and_is_answered_one_by_one(run, load, until, happenings, make_call):
    """Each reply answers its own call at once; the worker is free after the last."""

    async def scenario():
        link, worker = await load()
        calls = [make_call(b"a"), make_call(b""), make_call(b"c" * 10**6)]
        send(link, calls)
        assert link.state is State.BUSY
        await until(lambda: worker.has_whole_batch)
        assert [call.id for call in worker.calls] == [1, 2, 3]
        first, second, third = worker.calls
        assert (first.operation, first.request_id) == (PREDICT.key, "id-1")
        assert first.deadline == calls[0].deadline
        worker.reply(third, first)
        await until(lambda: calls[0].is_done)
        assert [len(call.outcomes) for call in calls] == [1, 0, 1]
        assert calls[2].outcomes[0].payload == b"c" * 10**6
        assert link.state is State.BUSY
        assert happenings.told == []
        worker.reply(second, status=Status.INVALID_ARGUMENT, details="no")
        await until(lambda: calls[1].is_done)
        assert calls[1].outcomes == [Reply(Status.INVALID_ARGUMENT, "no", b"")]
        assert link.state is State.FREE
        assert happenings.told == []

    run(scenario())


def test_reset_is_told_before_the_answer(run, load, until, happenings, make_call):
    """The answer tells the new state's number; also if it comes too late, or is a failure."""

    async def scenario():
        link, worker = await load()
        answered, expired = calls = [make_call(), make_call()]
        for call in calls:
            call.resets_state = True
            call.when_done(lambda call, outcome: happenings.told.append(("answered", call)))
        send(link, calls)
        await until(lambda: worker.has_whole_batch)
        expired.expire()
        assert [call.resets_state for call in worker.calls] == [True, True]
        worker.reply(worker.calls[0], status=Status.INTERNAL, was_reset=True)
        worker.reply(worker.calls[1], was_reset=True)
        await until(lambda: len(happenings.told) == 4)
        assert happenings.told == [
            ("answered", expired),
            ("reset", answered),
            ("answered", answered),
            ("reset", expired),
        ]

    run(scenario())


def test_what_a_reply_says_beside_its_payload_reaches_the_observers(run, load, until, make_call):
    """Reason and attributes are the reply's; the worker's timings are the call's."""
    timings = Timings(0.1, 0.2, 0.3, 0.4, 5, 6, 7)

    async def scenario():
        link, worker = await load()
        call = make_call()
        call.attributes, call.target = {"content-type": "a/b"}, "m"
        send(link, [call])
        await until(lambda: worker.has_whole_batch)
        [sent] = worker.calls
        assert (sent.attributes, sent.target) == ({"content-type": "a/b"}, "m")
        reply = ReplyFrame(1, Status.INTERNAL, "", b"", False, "why",
                           {"n": "v", "problems": "dtype"}, timings, signature=8)  # fmt: skip
        worker.transport.write(b"".join(frames.pack_reply(reply)))
        await until(lambda: call.is_done)
        assert call.outcomes == [Reply(Status.INTERNAL, "", b"", "why", {"n": "v"})]
        assert (call.timings, call.signature, call.problems) == (timings, 8, "dtype")

    run(scenario())


def test_batches_are_sent_only_to_a_worker_that_is_free(run, load, lock, make_call):
    """While it loads, runs others or has ended, nobody may have chosen it."""

    async def scenario():
        link, _ = await load()
        assert (link.is_free, link.is_busy) == (True, False)
        send(link, [make_call()])
        assert (link.is_free, link.is_busy) == (False, True)
        with pytest.raises(ImpossibleEventError, match="SENT while BUSY"):
            send(link, [make_call()])

    run(scenario())


def test_its_state_is_for_others_to_read(run, load):
    """Only what happens to the worker changes it."""

    async def scenario():
        link, _ = await load()
        with pytest.raises(AttributeError):
            link.state = State.BUSY

    run(scenario())


def test_use_without_the_front_lock_is_caught(run, load, make_call):
    """Another thread might be in the middle of the same."""

    async def scenario():
        link, _ = await load()
        for use in (lambda: link.send([make_call()]), link.read_replies, link.deliver_replies):
            with pytest.raises(RuntimeError, match="front lock"):
                use()

    run(scenario())


def test_empty_payload_does_not_keep_the_loop_busy(run, load, until, make_call):
    """A request may be empty: there must be nothing left to write afterwards."""

    async def scenario():
        link, worker = await load()
        send(link, [make_call(b"")])
        await until(lambda: worker.has_whole_batch)
        assert not link._socket._unsent

    run(scenario())


def test_late_reply_is_dropped(run, load, until, make_call):
    """A call that expired while it ran has had its answer; the worker is free nonetheless."""

    async def scenario():
        link, worker = await load()
        call = make_call()
        send(link, [call])
        call.expire()
        await until(lambda: worker.has_whole_batch)
        worker.reply(*worker.calls)
        await until(lambda: link.state is State.FREE)
        assert call.status == Status.DEADLINE_EXCEEDED

    run(scenario())


def test_death_gives_back_what_was_not_answered(run, load, until, happenings, make_call):
    """Answered and expired calls are not among what can be tried again."""

    async def scenario():
        link, worker = await load()
        answered, expired, lost = calls = [make_call() for _ in range(3)]
        send(link, calls)
        expired.expire()
        await until(lambda: worker.has_whole_batch)
        worker.reply(worker.calls[0])
        await until(lambda: answered.is_done)
        worker.die("was killed by SIGSEGV")
        await until(lambda: happenings.told)
        assert happenings.told == [("ended", link, [lost])]
        assert link.state is State.ENDED
        assert link.why_it_ended == "was killed by SIGSEGV"

    run(scenario())


def test_reply_sent_before_death_counts(run, load, until, happenings, make_call):
    """What the worker wrote before it ended is read first."""

    async def scenario():
        link, worker = await load()
        call = make_call()
        send(link, [call])
        await until(lambda: worker.has_whole_batch)
        worker.reply(*worker.calls)
        worker.ended = "exited with code 1"
        worker.transport.close()
        await until(lambda: "ended" in happenings.names)
        assert call.status == Status.OK
        assert happenings.told == [("ended", link, [])]

    run(scenario())


def test_end_is_told_once_the_process_can_say_how(run, connect, until, happenings):
    """The socket closes a moment before the process can be waited for."""

    async def scenario():
        link, worker = await connect()
        worker.transport.close()
        await until(lambda: link.state is State.ENDED)
        assert happenings.told == []
        worker.ended = "exited with code 3"
        await until(lambda: happenings.told)
        assert link.why_it_ended == "exited with code 3"

    run(scenario())


def test_process_that_closes_its_socket_and_lives_is_killed(
    run, connect, until, happenings, monkeypatch
):
    """It will never answer again, so it is not left behind."""
    monkeypatch.setattr("serving_runtime.server.workers.link.EXIT_STATUS_WAIT_SECONDS", 0.01)

    async def scenario():
        link, worker = await connect()
        worker.transport.close()
        await until(lambda: happenings.told)
        assert worker.kills == 1
        assert link.why_it_ended == "was killed: it closed its connection"

    run(scenario())


def test_lost_worker_is_ended_though_its_socket_is_open(run, connect, until, happenings):
    """A child of the worker's may hold the socket open."""

    async def scenario():
        link, worker = await connect()
        worker.ended = "exited with code 0"
        link.close_socket()
        await until(lambda: happenings.told)
        assert happenings.told == [("ended", link, [])]
        worker.transport.close()

    run(scenario())


def test_close_is_asked_for(run, connect, until):
    """The worker is told, and decides itself when it is done."""

    async def scenario():
        link, worker = await connect()
        link.close()
        await until(lambda: worker.is_closed)
        assert worker.kills == 0

    run(scenario())


def test_first_reason_of_a_kill_is_told(run, connect):
    """A worker that ended by itself was not killed by us, whatever comes after."""

    async def scenario():
        killed, killed_worker = await connect()
        killed.kill("it hangs")
        killed.kill("it does not matter any more")
        assert killed.why_it_ended == "was killed: it hangs"
        ended, ended_worker = await connect()
        ended_worker.die("exited with code 2")
        ended.kill("it hangs")
        assert ended.why_it_ended == "exited with code 2"

    run(scenario())


def test_hung_worker_is_killed_after_deadline_and_grace(run, load, until, happenings, make_call):
    """It is left alone until the grace is over, and killed then."""
    grace = 0.1

    async def scenario():
        link, worker = await load(grace=grace)
        call = make_call(seconds=0.05)
        send(link, [call, make_call(seconds=60.0)])
        await until(lambda: worker.kills)
        assert time.monotonic() >= call.deadline + grace
        await until(lambda: happenings.told)
        assert link.why_it_ended == "was killed: it stayed busy past a call's deadline"

    run(scenario())


def test_worker_whose_replies_keep_coming_does_not_hang(run, load, until, make_call):
    """A batch may take longer than its first deadline as long as there is progress."""
    grace = 0.2

    async def scenario():
        link, worker = await load(grace=grace)
        calls = [make_call(seconds=0.0) for _ in range(8)]
        send(link, calls)
        await until(lambda: worker.has_whole_batch)
        for sent, call in zip(worker.calls[:-1], calls):
            replied = time.monotonic()
            worker.reply(sent)
            await until(lambda call=call: call.is_done)
            # Less than the grace: a sign of life in time.
            await until(lambda replied=replied: time.monotonic() > replied + grace / 4)
        assert worker.kills == 0
        await until(lambda: worker.kills)
        assert time.monotonic() >= replied + grace

    run(scenario())


def test_answered_batch_is_not_watched(run, load, until, make_call, loop, monkeypatch):
    """A worker that answered in time is not killed for a deadline that passes later."""

    async def scenario():
        link, worker = await load(grace=0.0)
        call = make_call(seconds=0.05)
        send(link, [call])
        await until(lambda: worker.has_whole_batch)
        worker.reply(*worker.calls)
        await until(lambda: call.is_done)
        await until(lambda: time.monotonic() > call.deadline + 0.05)
        assert worker.kills == 0
        assert link.state is State.FREE

    run(scenario())


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_in_pieces_are_put_together(run, connect, happenings, size):
    """The socket may cut the worker's frames anywhere."""

    async def scenario():
        link, worker = await connect()
        stream = frames.pack(frames.READY, summary())
        for start in range(0, len(stream), size):
            link._on_data(stream[start : start + size])
        assert happenings.names == ["ready"]

    run(scenario())


@pytest.mark.parametrize(
    "garbled",
    [
        b"print" * 100,
        frames.pack(frames.REPLY, b"short"),
        frames.pack(frames.CALL, b""),
        frames.pack(frames.FREED, b"\xff" * 9),
        frames.pack(frames.READY, b"no JSON"),
        b"".join(frames.pack_reply(ReplyFrame(404, Status.OK, "", b""))),
        b"".join(frames.pack_reply(ReplyFrame(1, Status.OK, "", b"", part=0, has_more=True))),
        frames.pack(frames.FAILED, b"it had loaded before"),
        frames.pack_cancel(1),
        b"".join(frames.pack_reply(ReplyFrame(1, Status.OK, "", b"x"), b"no place")),
    ],
)
def test_worker_whose_socket_brings_something_else_is_killed(
    run, load, make_call, until, happenings, garbled
):
    """User code that wrote to the socket must not end the front, nor answer a call."""

    async def scenario():
        link, worker = await load()
        call = make_call()
        send(link, [call])
        worker.transport.write(garbled)
        await until(lambda: worker.kills)
        assert worker.kills == 1
        assert "was not its own" in link.why_it_ended
        await until(lambda: "ended" in happenings.names)
        assert not call.is_done

    run(scenario())


def test_large_payloads_take_the_way_through_shared_memory(
    run, loop, until, lock, happenings, make_call
):
    """Both ways, after the first call, which goes with the offer; each gets its own answer."""
    ours, theirs = socket.socketpair()
    spawned = Spawned(ours, WorkerProcess(0, lambda: None, lambda: "ended"))
    link = WorkerLink("worker-1", spawned, Settings.from_env({}), lock, happenings.events)
    lock.on_release(link.deliver_replies)
    are_shared = []
    thread = threading.Thread(target=_echo, args=(Channel(theirs), are_shared))
    calls = [make_call(bytes([number]) * 2**20) for number in range(5)]

    async def scenario():
        await until(lambda: link.has_loaded)
        for call in calls:
            send(link, [call])
            await until(functools.partial(getattr, call, "is_done"))
        link.close()
        await until(lambda: not thread.is_alive())

    with theirs:
        thread.start()
        run(scenario())
    assert [call.outcomes[0].payload for call in calls] == [call.payload for call in calls]
    assert are_shared[:2] == [False, True]


def _echo(channel, are_shared):
    channel.announce(frames.READY, summary())
    for calls in channel.batches():
        are_shared.extend(isinstance(call.payload.obj, ctypes.Array) for call in calls)
        channel.replies([ReplyFrame(call.id, Status.OK, "", bytes(call.payload)) for call in calls])
        del calls


SLOTS = {"concurrency": 3, "stacks": False}


def test_worker_of_several_slots_is_given_further_batches(run, load, until, make_call):
    """It is busy from the first one on, and has no room after the last."""

    async def scenario():
        link, worker = await load(summary=SLOTS)
        assert (link.slots, link.stacks, link.free_slots) == (3, False, 3)
        calls = [make_call() for _ in range(4)]
        for call, left in zip(calls, (2, 1, 0)):
            send(link, [call])
            assert (link.is_free, link.is_busy, link.free_slots) == (False, True, left)
        with pytest.raises(ImpossibleEventError, match="SENT while BUSY"):
            send(link, calls[3:])
        await until(lambda: len(worker.calls) == 3)
        worker.reply(worker.calls[1])
        await until(lambda: calls[1].is_done)
        assert (link.state, link.free_slots) == (State.BUSY, 1)
        worker.reply(worker.calls[0], worker.calls[2])
        await until(lambda: link.is_free)
        assert (link.is_busy, link.free_slots) == (False, 3)

    run(scenario())


def test_worker_of_one_slot_has_room_when_it_is_free(run, connect, load, make_call, until):
    """And none before it has loaded, or once it has ended."""

    async def scenario():
        loading, worker = await connect()
        assert loading.free_slots == 0
        worker.die()
        await until(lambda: loading.state is State.ENDED)
        assert loading.free_slots == 0
        link, _ = await load()
        assert (link.slots, link.free_slots) == (1, 1)
        send(link, [make_call()])
        assert link.free_slots == 0

    run(scenario())


def test_worker_of_several_slots_is_spared_calls_that_are_not_awaited(
    run, load, lock, until, make_call
):
    """Their deadlines have passed, or their clients have gone; each keeps its slot meanwhile."""

    async def scenario():
        link, worker = await load(summary=SLOTS)
        calls = [make_call() for _ in range(3)]
        for call in calls:
            send(link, [call])
        await until(lambda: len(worker.calls) == 3)
        worker.reply(worker.calls[0])
        await until(lambda: calls[0].is_done)
        with lock:
            calls[1].expire()
            calls[2].cancel()
        await until(lambda: len(worker.cancelled) == 2)
        assert worker.cancelled == [2, 3]
        assert link.free_slots == 1
        worker.reply(*worker.calls[1:])
        await until(lambda: link.is_free)
        assert link.free_slots == 3

    run(scenario())


def test_worker_of_one_slot_is_not_told(run, load, lock, until, make_call):
    """It could not stop what it runs; nor are there frames that it would only skip."""

    async def scenario():
        link, worker = await load()
        call = make_call()
        send(link, [call])
        with lock:
            call.expire()
        await until(lambda: worker.calls)
        worker.reply(*worker.calls)
        await until(lambda: link.is_free)
        assert worker.cancelled == []

    run(scenario())
