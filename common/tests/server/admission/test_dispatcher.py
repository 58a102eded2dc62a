import asyncio
import time

import pytest

from serving_runtime.errors import LimitExceeded, ModelFailed, NotAvailable, Status
from serving_runtime.operations import AnsweredBy, Operation
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers.lifecycle import State
from serving_runtime.server.workers.link import Events


@pytest.fixture
def team(loop, connect, settings, until, lock):
    """Return a coroutine function: a dispatcher with loaded workers, replaced when they end."""

    class Team:
        def __init__(self, **changes):
            self.counters = Counters()
            self.lock = lock
            self.dispatcher = Dispatcher(settings(**changes), self.counters, lock)
            self.workers = []
            self.links = []
            self.deaths = []

        async def join(self, grace=60.0, stateful=False, **summary):
            events = Events(
                lambda link, summary: None,
                lambda link: None,
                lambda call: None,
                self._on_ended,
                lambda body: None,
            )
            link, worker = await connect(f"worker-{len(self.workers) + 1}", grace, events)
            link.is_stateful = stateful
            worker.ready(stateful, **summary)
            await until(lambda: link.has_loaded)
            self.workers.append(worker)
            self.links.append(link)
            with lock:
                self.dispatcher.add_worker(link)
            return worker

        def _on_ended(self, link, unanswered):
            self.deaths.append(link)
            self.dispatcher.remove_worker(link, unanswered, link.why_it_ended)

    async def make(count=1, stateful=False, grace=60.0, summary=None, **changes):
        team = Team(**changes)
        for _ in range(count):
            await team.join(grace, stateful, **(summary or {}))
        return team

    return make


def ids(batches):
    """Return the numbers of the calls of each batch."""
    return [[call.id for call in batch] for batch in batches]


def submit(team, calls):
    """Queue the calls, in order, each while holding the front lock once."""
    for call in calls:
        with team.lock:
            team.dispatcher.submit(call)


def test_free_worker_takes_a_call_at_once_and_then_what_waits(run, team, until, make_call):
    """Nobody waits for a batch to fill; what came meanwhile goes together."""

    async def scenario():
        members = await team()
        worker = members.workers[0]
        calls = [make_call(b"%d" % index) for index in range(5)]
        submit(members, calls)
        await until(lambda: worker.has_whole_batch)
        assert ids(worker.batches) == [[1]]
        worker.reply(*worker.calls)
        await until(lambda: len(worker.calls) == 5)
        assert ids(worker.batches) == [[1], [2, 3, 4, 5]]
        worker.reply(*worker.batches[1])
        await until(lambda: members.dispatcher.is_idle)
        assert [call.outcomes[0].payload for call in calls] == [b"0", b"1", b"2", b"3", b"4"]

    run(scenario())


def test_worker_has_its_next_calls_before_its_last_are_answered(
    run, team, until, make_call, monkeypatch
):
    """To answer takes the front a while, in which the worker is at work already."""

    async def scenario():
        members = await team()
        [worker], [link], happened = members.workers, members.links, []
        first, second = make_call(), make_call()
        submit(members, [first, second])
        await until(lambda: worker.has_whole_batch)
        send = link.send
        monkeypatch.setattr(link, "send", lambda calls: happened.append("sent") or send(calls))
        first.when_done(lambda call, outcome: happened.append("answered"))
        worker.reply(*worker.calls)
        await until(lambda: len(worker.calls) == 2)
        worker.reply(worker.calls[1])
        await until(lambda: second.is_done)
        assert happened == ["sent", "answered"]

    run(scenario())


def test_what_comes_while_the_lock_is_held_goes_together(run, team, until, make_call):
    """The queue's thread takes in what is there, and a batch is made of all of it."""

    async def scenario():
        members = await team()
        with members.lock:
            for _ in range(3):
                members.dispatcher.submit(make_call())
        worker = members.workers[0]
        await until(lambda: worker.has_whole_batch)
        assert ids(worker.batches) == [[1, 2, 3]]

    run(scenario())


def test_batch_has_at_most_as_many_calls_as_rows_are_stacked(run, team, until, make_call):
    """RUNTIME_MAX_BATCH_SIZE bounds what a worker takes."""

    async def scenario():
        members = await team(count=0, max_batch_rows=3)
        submit(members, [make_call() for _ in range(7)])
        worker = await members.join()
        for wanted in ([1, 2, 3], [4, 5, 6], [7]):
            await until(lambda wanted=wanted: ids(worker.batches)[-1:] == [wanted])
            worker.reply(*worker.batches[-1])
        await until(lambda: members.dispatcher.is_idle)

    run(scenario())


def test_batch_has_at_most_the_bytes_of_one_message(run, team, until, make_call):
    """Large requests are not piled up in one worker."""

    async def scenario():
        members = await team(count=0, max_message_bytes=10)
        submit(members, [make_call(b"x" * 6) for _ in range(3)])
        worker = await members.join()
        await until(lambda: worker.has_whole_batch)
        assert ids(worker.batches) == [[1]]

    run(scenario())


def test_free_workers_share_what_waits(run, team, until, make_call):
    """Two free workers halve the queue; one does not take it all."""

    async def scenario():
        members = await team(count=2)
        submit(members, [make_call(), make_call()])
        first, second = members.workers
        await until(lambda: first.has_whole_batch and second.has_whole_batch)
        assert sorted(ids(first.batches) + ids(second.batches)) == [[1], [2]]
        submit(members, [make_call() for _ in range(5)])
        # Both become free before the lock is released.
        members.lock.on_release(lambda: None)
        first.reply(*first.calls)
        second.reply(*second.calls)
        await until(lambda: all(link.state is State.FREE for link in members.dispatcher._workers))
        members.lock.on_release(members.dispatcher.run_ready_work)
        with members.lock:
            pass
        await until(lambda: len(first.calls) + len(second.calls) == 7)
        assert sorted(ids(first.batches[1:] + second.batches[1:])) == [[3, 4, 5], [6, 7]]

    run(scenario())


def test_delay_waits_for_more_calls(run, team, until, make_call):
    """With RUNTIME_BATCH_DELAY calls that come close together run together."""

    async def scenario():
        members = await team(batch_delay_seconds=0.1)
        first, second = make_call(), make_call()
        submit(members, [first])
        await asyncio.sleep(0)
        submit(members, [second])
        worker = members.workers[0]
        await until(lambda: worker.has_whole_batch)
        assert time.monotonic() >= first.received + 0.1
        assert ids(worker.batches) == [[1, 2]]

    run(scenario())


def test_delay_ends_when_the_batch_is_full(run, team, until, make_call):
    """There is nothing more to wait for."""

    async def scenario():
        members = await team(batch_delay_seconds=3600.0, max_batch_rows=2)
        submit(members, [make_call(), make_call(), make_call()])
        worker = members.workers[0]
        await until(lambda: worker.has_whole_batch)
        assert ids(worker.batches) == [[1, 2]]

    run(scenario())


def test_delay_counts_from_the_oldest_call(run, team, until, make_call):
    """A call that is cancelled takes its delay with it, and the next one has its own."""

    async def scenario():
        members = await team(batch_delay_seconds=1.5)
        cancelled, second = make_call(), make_call()
        cancelled.received -= 0.75
        submit(members, [cancelled, second])
        cancelled.cancel()
        worker = members.workers[0]
        await until(lambda: worker.has_whole_batch)
        assert time.monotonic() >= second.received + 1.5
        assert ids(worker.batches) == [[2]]

    run(scenario())


def test_deadline_passes_while_waiting(run, team, until, make_call):
    """The caller is answered at the deadline, and the call is never run."""

    async def scenario():
        members = await team()
        busy, waiting, other = make_call(), make_call(seconds=0.05), make_call()
        submit(members, [busy, waiting, other])
        await until(lambda: waiting.is_done)
        assert time.monotonic() >= waiting.deadline
        assert waiting.status == Status.DEADLINE_EXCEEDED
        worker = members.workers[0]
        worker.reply(*worker.calls)
        await until(lambda: len(worker.batches) == 2 and worker.has_whole_batch)
        assert ids(worker.batches) == [[1], [3]]

    run(scenario())


def test_deadline_passes_while_running(run, team, until, make_call):
    """The caller is answered at once; the worker stays busy, and its late reply is dropped."""

    async def scenario():
        members = await team()
        slow, next_one = make_call(seconds=0.05), make_call()
        submit(members, [slow, next_one])
        await until(lambda: slow.is_done)
        assert slow.status == Status.DEADLINE_EXCEEDED
        worker = members.workers[0]
        assert ids(worker.batches) == [[1]]
        worker.reply(*worker.calls)
        await until(lambda: len(worker.batches) == 2 and worker.has_whole_batch)
        worker.reply(*worker.batches[1])
        await until(lambda: members.dispatcher.is_idle)
        assert [len(slow.outcomes), next_one.status] == [1, Status.OK]

    run(scenario())


def test_cancelled_call_is_not_run(run, team, until, make_call):
    """A client that went away while its call waited costs nothing."""

    async def scenario():
        members = await team()
        calls = [make_call() for _ in range(3)]
        submit(members, calls)
        calls[1].cancel()
        worker = members.workers[0]
        await until(lambda: worker.has_whole_batch)
        worker.reply(*worker.calls)
        await until(lambda: len(worker.batches) == 2 and worker.has_whole_batch)
        assert ids(worker.batches) == [[1], [3]]

    run(scenario())


def test_idle_means_that_nothing_waits_or_runs(run, team, until, make_call):
    """The drain waits for this, so a cancelled call must not count for ever."""

    async def scenario():
        members = await team()
        assert members.dispatcher.is_idle
        running, waiting = make_call(), make_call()
        submit(members, [running])
        assert not members.dispatcher.is_idle
        submit(members, [waiting])
        running.cancel()
        assert not members.dispatcher.is_idle
        waiting.cancel()
        assert members.dispatcher.is_idle

    run(scenario())


def test_full_queue_refuses(run, team, make_call):
    """The refused call is not queued, and has no timer that would answer it a second time."""

    async def scenario():
        members = await team(count=0, max_queue_calls=1)
        refused = make_call(seconds=0.0)
        submit(members, [make_call()])
        with pytest.raises(LimitExceeded):
            submit(members, [refused])
        await asyncio.sleep(0)
        assert refused.outcomes == []

    run(scenario())


def test_everything_that_waits_can_be_refused(run, team, make_call):
    """When there is no worker any more, nobody waits for a deadline."""

    async def scenario():
        members = await team(count=0)
        calls = [make_call(), make_call()]
        submit(members, calls)
        with members.lock:
            members.dispatcher.refuse_all(NotAvailable("no worker"))
        assert [call.status for call in calls] == [Status.UNAVAILABLE] * 2
        assert members.dispatcher.is_idle

    run(scenario())


def test_calls_of_a_dead_worker_are_tried_again_singly_and_first(run, team, until, make_call):
    """Each is alone on its second try, in the old order, before what came later."""

    async def scenario():
        members = await team(count=0)
        calls = [make_call() for _ in range(3)]
        submit(members, calls)
        first = await members.join()
        await until(lambda: first.has_whole_batch)
        submit(members, [make_call(), make_call()])
        first.die()
        await until(lambda: members.deaths)
        second = await members.join()
        for wanted in ([1], [2], [3], [4, 5]):
            await until(lambda wanted=wanted: ids(second.batches)[-1:] == [wanted])
            second.reply(*second.batches[-1])
        await until(lambda: members.dispatcher.is_idle)
        assert [call.status for call in calls] == [Status.OK] * 3
        assert members.counters.nonzero() == {"retries": 3}

    run(scenario())


def test_call_that_ends_two_workers_is_the_models_failure(run, team, until, make_call):
    """It gets INTERNAL and how the worker ended; it is not tried a third time; others are fine."""

    async def scenario():
        members = await team(count=0)
        bad, good = make_call(b"bad"), make_call(b"good")
        submit(members, [bad, good])
        for _ in range(2):
            worker = await members.join()
            await until(lambda worker=worker: worker.has_whole_batch)
            worker.die("was killed by SIGSEGV")
            await until(lambda worker=worker: len(members.deaths) == len(members.workers))
        assert bad.status == Status.INTERNAL
        assert "2 worker processes" in bad.outcomes[0].details
        assert "was killed by SIGSEGV" in bad.outcomes[0].details
        third = await members.join()
        await until(lambda: third.has_whole_batch)
        assert members.counters.nonzero() == {"retries": 2}  # both calls, once each
        third.reply(*third.calls)
        await until(lambda: good.is_done)
        assert good.status == Status.OK
        assert ids(third.batches) == [[2]]
        assert members.dispatcher.is_idle

    run(scenario())


def test_operation_that_may_not_be_retried_is_tried_once(run, team, until, make_call):
    """What it has changed before its worker ended would be changed twice."""

    async def scenario():
        members = await team(count=0)
        call = make_call()
        call.operation = Operation("other.train", AnsweredBy.MODEL, "/other.Service/Train")
        submit(members, [call])
        worker = await members.join()
        await until(lambda: worker.has_whole_batch)
        worker.die("was killed by SIGSEGV")
        await until(lambda: call.is_done)
        assert call.status == Status.INTERNAL
        assert "not tried again: was killed by SIGSEGV" in call.outcomes[0].details
        assert members.counters.nonzero() == {}
        assert members.dispatcher.is_idle

    run(scenario())


def test_batches_are_chosen_before_any_is_sent(run, team, until, make_call):
    """What each free worker gets follows from the queue alone; nothing is sent to find out."""

    async def scenario():
        members = await team(count=2)
        members.lock.on_release(lambda: None)
        calls = [make_call() for _ in range(3)]
        submit(members, calls)
        with members.lock:
            chosen = members.dispatcher._assign_waiting()
        assert [batch for _, batch in chosen] == [calls[:2], calls[2:]]
        assert {link for link, _ in chosen} == set(members.links)
        assert [link.state for link in members.links] == [State.FREE] * 2

    run(scenario())


def test_use_without_the_front_lock_is_caught(run, team, make_call):
    """Another thread might be in the middle of the same."""

    async def scenario():
        members = await team()
        dispatcher, link = members.dispatcher, members.links[0]
        for use in (
            lambda: dispatcher.submit(make_call()),
            lambda: dispatcher.add_worker(link),
            lambda: dispatcher.remove_worker(link, [], "ended"),
            lambda: dispatcher.refuse_all(NotAvailable("no worker")),
        ):
            with pytest.raises(RuntimeError, match="front lock"):
                use()
        assert dispatcher.is_idle

    run(scenario())


def test_request_that_ended_two_workers_is_not_tried_again(run, team, until, make_call):
    """Not by these bytes; every other one is."""

    async def scenario():
        members = await team(count=0)
        submit(members, [make_call(b"poison")])
        for _ in range(2):
            worker = await members.join()
            await until(lambda worker=worker: worker.has_whole_batch)
            worker.die()
            await until(lambda: len(members.deaths) == len(members.workers))
        await members.join()
        with pytest.raises(ModelFailed, match="RUNTIME_POISON_TTL"):
            submit(members, [make_call(b"poison")])
        submit(members, [make_call(b"innocent")])
        await until(lambda: members.workers[-1].has_whole_batch)
        assert len(members.deaths) == 2

    run(scenario())


def test_retried_call_keeps_its_deadline(run, team, until, make_call):
    """A call that waits for its second try expires like any other."""

    async def scenario():
        members = await team()
        call = make_call(seconds=0.2)
        submit(members, [call])
        members.workers[0].die()
        await until(lambda: members.deaths)
        assert call.outcomes == []
        await until(lambda: call.is_done)
        assert call.status == Status.DEADLINE_EXCEEDED
        assert members.dispatcher.is_idle

    run(scenario())


def test_death_of_one_worker_leaves_the_others_alone(run, team, until, make_call):
    """What another worker runs is answered; the lost call goes to that worker too."""

    async def scenario():
        members = await team(count=2)
        calls = [make_call(), make_call()]
        submit(members, calls)
        first, second = members.workers
        await until(lambda: first.has_whole_batch and second.has_whole_batch)
        first.die()
        await until(lambda: members.deaths)
        second.reply(*second.calls)
        await until(lambda: len(second.batches) == 2 and second.has_whole_batch)
        second.reply(*second.batches[1])
        await until(lambda: members.dispatcher.is_idle)
        assert [call.status for call in calls] == [Status.OK] * 2

    run(scenario())


def test_hung_worker_is_killed_and_its_other_calls_are_tried_again(run, team, until, make_call):
    """Only the call whose deadline passed is lost."""

    async def scenario():
        members = await team(count=0)
        hung, other = make_call(seconds=0.1), make_call()
        submit(members, [hung, other])
        first = await members.join(grace=0.05)
        await until(lambda: members.deaths)
        assert first.kills == 1
        assert hung.status == Status.DEADLINE_EXCEEDED
        second = await members.join()
        await until(lambda: second.has_whole_batch)
        assert ids(second.batches) == [[2]]

    run(scenario())


def test_stateful_model_gets_one_call_at_a_time_in_order(run, team, until, make_call):
    """Its calls build on each other: never together, never out of order."""

    async def scenario():
        members = await team(count=0)
        submit(members, [make_call() for _ in range(4)])
        worker = await members.join(stateful=True)
        for number in range(1, 5):
            await until(lambda number=number: ids(worker.batches)[-1:] == [[number]])
            assert len(worker.batches) == number
            worker.reply(*worker.batches[-1])
        await until(lambda: members.dispatcher.is_idle)

    run(scenario())


def test_retried_call_still_resets_the_state(run, team, until, make_call):
    """What its client asked for is not forgotten with the worker."""

    async def scenario():
        members = await team(stateful=True)
        resetting, plain = make_call(), make_call()
        resetting.resets_state = True
        submit(members, [resetting, plain])
        await until(lambda: members.workers[0].has_whole_batch)
        members.workers[0].die()
        await until(lambda: members.deaths)
        second = await members.join(stateful=True)
        await until(lambda: second.has_whole_batch)
        second.reply(*second.calls)
        await until(lambda: len(second.calls) == 2)
        flags = [[call.resets_state for call in worker.calls] for worker in members.workers]
        assert flags == [[True], [True, False]]

    run(scenario())


class FakeEstimator:
    """Keeps what it is told, and expects the answer of whoever has another ahead in 30 s."""

    def __init__(self):
        self.told = []

    def note_batch(self, now, calls):
        """Keep the size of a batch."""
        self.told.append(calls)

    def reset(self):
        """Keep that the queue was empty."""
        self.told.append("empty")

    def expected_completion(self, ahead, slots):
        """Answer so that each call ahead takes 30 s."""
        return time.monotonic() + 30 * ahead


def test_calls_that_would_wait_past_their_deadline_are_refused(run, team, make_call, monkeypatch):
    """Who cannot be answered in time is told so at once; who has the time, or no queue, waits."""
    monkeypatch.setattr("serving_runtime.server.admission.dispatcher.WaitEstimator", FakeEstimator)

    async def scenario():
        members = await team()
        submit(members, [make_call(seconds=1.0), make_call(seconds=1.0), make_call(seconds=60.0)])
        with pytest.raises(LimitExceeded, match="2 calls are waiting, which takes longer"):
            submit(members, [make_call(seconds=59.0)])
        submit(members, [make_call(seconds=70.0)])

    run(scenario())


def test_estimate_learns_of_batches_and_of_an_empty_queue(run, team, until, make_call, monkeypatch):
    """Each batch is told as it leaves, and that nothing waits, for whatever reason."""
    monkeypatch.setattr("serving_runtime.server.admission.dispatcher.WaitEstimator", FakeEstimator)

    async def scenario():
        members = await team(max_batch_rows=2)
        estimator, calls = (
            members.dispatcher._wait_estimator,
            [make_call(seconds=600.0) for _ in range(5)],
        )
        estimator.told.clear()
        with members.lock:
            for call in calls:
                members.dispatcher.submit(call)
        assert estimator.told == [2]
        await until(lambda: members.workers[0].has_whole_batch)
        members.workers[0].reply(*members.workers[0].batches[0])
        await until(lambda: estimator.told == [2, 2])
        with members.lock:
            calls[4].cancel()
        assert estimator.told == [2, 2, "empty"]

    run(scenario())


def slots(count, stacks=True):
    """Return the summary of a model that runs so many batches at once."""
    return {"summary": {"concurrency": count, "stacks": stacks}}


def test_every_free_slot_takes_a_call_at_once(run, team, until, make_call):
    """Nothing waits behind a call that waits for something else."""

    async def scenario():
        members = await team(**slots(4))
        [worker] = members.workers
        submit(members, [make_call() for _ in range(6)])
        await until(lambda: len(worker.calls) == 4)
        assert ids(worker.batches) == [[1], [2], [3], [4]]
        worker.reply(worker.calls[2])
        await until(lambda: len(worker.calls) == 6)
        assert ids(worker.batches[4:]) == [[5, 6]]

    run(scenario())


def test_what_waits_is_shared_among_the_free_slots(run, team, until, make_call):
    """As among workers: stacks are as small as they can be with all slots at work."""

    async def scenario():
        members = await team(**slots(4))
        with members.lock:
            for _ in range(10):
                members.dispatcher.submit(make_call())
        [worker] = members.workers
        await until(lambda: len(worker.calls) == 10)
        assert ids(worker.batches) == [[1, 2, 3], [4, 5, 6], [7, 8], [9, 10]]

    run(scenario())


def test_slots_of_a_model_that_stacks_nothing_take_single_calls(run, team, until, make_call):
    """Else calls would wait behind others in one slot, while the next is free again."""

    async def scenario():
        members = await team(**slots(2, stacks=False))
        calls = [make_call() for _ in range(5)]
        with members.lock:
            for call in calls:
                members.dispatcher.submit(call)
        [worker] = members.workers
        for answered in range(4):
            await until(lambda answered=answered: len(worker.calls) == answered + 2)
            worker.reply(worker.calls[answered])
        assert ids(worker.batches) == [[1], [2], [3], [4], [5]]

    run(scenario())


def test_calls_go_to_the_worker_with_the_most_free_slots(run, team, until, make_call):
    """So that no worker's loop has all of them."""

    async def scenario():
        members = await team(2, **slots(3))
        submit(members, [make_call() for _ in range(6)])
        await until(lambda: all(len(worker.calls) == 3 for worker in members.workers))
        assert sorted(ids(members.workers[0].batches) + ids(members.workers[1].batches)) == [
            [number] for number in range(1, 7)
        ]
        assert len({call.id for call in members.workers[0].calls} & {1, 2}) == 1

    run(scenario())


def test_calls_that_saw_a_worker_end_run_one_by_one_on_another(run, team, until, make_call):
    """Each alone in its worker, before all others: an innocent one cannot be hit twice."""

    async def scenario():
        members = await team(**slots(4))
        calls = [make_call() for _ in range(3)]
        submit(members, calls)
        first = members.workers[0]
        await until(lambda: len(first.calls) == 3)
        first.die()
        await until(lambda: members.deaths)
        submit(members, [make_call()])
        second = await members.join(concurrency=4)
        for number in (1, 2, 3):
            await until(lambda number=number: len(second.calls) == number)
            assert [call.id for call in second.calls] == list(range(1, number + 1))
            second.reply(second.calls[-1])
        await until(lambda: len(second.calls) == 4)
        assert ids(second.batches) == [[1], [2], [3], [4]]
        assert [call.status for call in calls] == [Status.OK] * 3

    run(scenario())


def test_calls_that_saw_a_worker_end_wait_for_one_that_runs_nothing(run, team, until, make_call):
    """Nothing new is begun meanwhile, so that there is one soon."""

    async def scenario():
        members = await team(2, **slots(4))
        submit(members, [make_call() for _ in range(2)])
        lost, other = members.workers
        await until(lambda: lost.calls and other.calls)
        lost.die()
        await until(lambda: members.deaths)
        submit(members, [make_call()])
        suspect = lost.calls[0].id
        assert len(other.calls) == 1
        other.reply(other.calls[0])
        await until(lambda: len(other.calls) == 2)
        assert other.calls[1].id == suspect
        other.reply(other.calls[1])
        await until(lambda: len(other.calls) == 3)

    run(scenario())


def test_estimate_counts_slots(run, team, make_call, monkeypatch):
    """As many batches run at once, whichever workers they are in."""
    monkeypatch.setattr("serving_runtime.server.admission.dispatcher.WaitEstimator", FakeEstimator)

    async def scenario():
        members = await team(2, **slots(3))
        seen = []
        members.dispatcher._wait_estimator.expected_completion = lambda ahead, slots: (
            seen.append((ahead, slots)) or 0.0
        )
        submit(members, [make_call()])
        members.workers[0].die()
        while not members.deaths:
            await asyncio.sleep(0.001)
        submit(members, [make_call()])
        assert [slots for _, slots in seen] == [6, 3]

    run(scenario())
