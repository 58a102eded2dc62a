import asyncio
import logging
import socket
import time

import pytest

from serving_runtime.errors import Status
from serving_runtime.ipc import frames
from serving_runtime.model_names import ModelNames
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.health import Health, Phase, Question
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers import crash_loop
from serving_runtime.server.workers import supervisor as supervisor_module
from serving_runtime.server.workers.processes import Spawned, not_started
from serving_runtime.server.workers.supervisor import Supervisor


class Service:
    """A supervisor with its neighbours, over fake workers."""

    def __init__(self, settings, spawner):
        self.fatal = []
        self.health = Health()
        self.counters = Counters()
        self.lock = FrontLock()
        self.dispatcher = Dispatcher(settings, self.counters, self.lock)
        self.spawner = spawner
        self.supervisor = Supervisor(
            settings, spawner, self.dispatcher, self.health, self.counters, self.fatal.append
        )

    def submit(self, call):
        """Queue a call while holding the front lock."""
        with self.lock:
            self.dispatcher.submit(call)

    @property
    def workers(self):
        """The fake workers, in the order in which they were started."""
        return self.spawner.workers


@pytest.fixture
def start(settings, spawner, until):
    """Return a coroutine function: a service whose first worker is connected."""

    async def start(**changes):
        service = Service(settings(**changes), spawner)
        service.supervisor.start_worker()
        await connected(1)
        return service

    async def connected(count):
        await until(lambda: len(spawner.workers) >= count and spawner.workers[count - 1].transport)
        return spawner.workers[count - 1]

    start.connected = connected
    return start


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(crash_loop, "FIRST_BACKOFF_SECONDS", 0.02)
    monkeypatch.setattr(supervisor_module, "REFUSED_START_SECONDS", 0.02)
    monkeypatch.setattr("serving_runtime.server.workers.link.EXIT_STATUS_WAIT_SECONDS", 0.05)


async def kill_all(service):
    """Stop the supervisor, so that no worker starts any more, and end those that there are."""
    await service.supervisor.close(0)


def test_service_serves_once_the_first_worker_is_ready(run, start, until):
    """LOADING until then; Status says what the model's runtime says."""

    async def scenario():
        service = await start()
        assert service.health.phase is Phase.LOADING
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        assert service.health.status_message == "fine"
        assert service.health.model_names == ModelNames("model", ("model",), "1")
        await kill_all(service)

    run(scenario())


def test_other_workers_start_after_the_first(run, start, until):
    """One that cannot load gives one message, not one from each."""

    async def scenario():
        service = await start(workers=3)
        await asyncio.sleep(0)
        assert [worker.name for worker in service.workers] == ["worker-1"]
        service.workers[0].ready()
        await until(lambda: len(service.workers) == 3)
        assert [worker.name for worker in service.workers] == ["worker-1", "worker-2", "worker-3"]
        await start.connected(3)
        await kill_all(service)

    run(scenario())


def test_stateful_model_keeps_one_worker(run, start, until, caplog, make_call):
    """Two workers would have two states; the log says why there is one."""

    async def scenario():
        service = await start(workers=3)
        service.workers[0].ready(stateful=True)
        await until(lambda: service.health.is_serving)
        service.submit(make_call())
        await until(lambda: service.workers[0].has_whole_batch)
        service.workers[0].die()
        await start.connected(2)
        service.workers[1].ready(stateful=True)
        await until(lambda: len(service.dispatcher._workers) == 1)
        assert len(service.workers) == 2
        await kill_all(service)

    run(scenario())
    assert "one worker serves it, not 3" in caplog.text
    assert "state is lost" in caplog.text


def test_every_lost_state_is_counted_and_warned_of(run, start, until, caplog, make_call):
    """Also one that no call has changed, and one whose only call has expired."""

    async def scenario():
        service = await start()
        service.workers[0].ready(stateful=True)
        await until(lambda: service.health.is_serving)
        service.workers[0].die()
        second = await start.connected(2)
        assert service.supervisor.state_epoch.epoch == 1
        second.ready(stateful=True)
        call = make_call()
        service.submit(call)
        await until(lambda: second.has_whole_batch)
        call.expire()
        second.die()
        await start.connected(3)
        assert service.supervisor.state_epoch.epoch == 2
        await kill_all(service)

    caplog.set_level(logging.INFO)
    run(scenario())
    assert caplog.text.count("the model is stateful: the calls of all clients are one") == 1
    lost = [record for record in caplog.records if "state is lost" in record.getMessage()]
    assert [record.levelno for record in lost] == [logging.WARNING] * 2


@pytest.mark.parametrize(("stateful", "losses"), [(False, {}), (True, {"state_losses": 1})])
def test_workers_and_states_are_counted(run, start, until, stateful, losses):
    """A worker that had not loaded yet had no state, and neither has a stateless model."""

    async def scenario():
        service = await start()
        service.workers[0].ready(stateful=stateful)
        await until(lambda: service.health.is_serving)
        service.workers[0].die("was killed by SIGKILL")
        for number in (2, 3):
            (await start.connected(number)).die("exited with code 3")
        await start.connected(4)
        assert service.counters.nonzero() == {
            "worker_starts": 4,
            "worker_deaths": {"was killed by SIGKILL": 1, "exited with code 3": 2},
            **losses,
        }
        await kill_all(service)

    run(scenario())


def test_call_that_is_lost_for_good_tells_the_new_epoch(run, start, until, make_call):
    """The failure of a call that ended two workers is no longer one of the state it ended."""

    async def scenario():
        service = await start()
        service.workers[0].ready(stateful=True)
        await until(lambda: service.health.is_serving)
        call, epochs = make_call(), []
        call.when_done(lambda call, outcome: epochs.append(service.supervisor.state_epoch.epoch))
        service.submit(call)
        for number in (1, 2):
            worker = await start.connected(number)
            if number == 2:
                worker.ready(stateful=True)
            await until(lambda worker=worker: worker.has_whole_batch)
            worker.die()
        await until(lambda: call.is_done)
        assert (call.status, epochs) == (Status.INTERNAL, [2])
        await kill_all(service)

    run(scenario())


def test_failed_first_load_is_fatal_with_the_workers_words(run, start, until):
    """What the worker found ends the process, told once; nothing is tried again."""

    async def scenario():
        service = await start(workers=2)
        service.workers[0].tell(frames.FAILED, b"no func_main.py\n  fix: add it")
        service.workers[0].die("exited with code 1")
        await until(lambda: service.fatal)
        assert service.fatal == ["no func_main.py\n  fix: add it"]
        assert len(service.workers) == 1
        assert service.health.phase is Phase.LOADING

    run(scenario())


def test_refused_worker_that_lives_on_is_killed(run, start, until, monkeypatch):
    """A thread of the user's may keep a process alive that could not load."""
    monkeypatch.setattr(supervisor_module, "REFUSED_SECONDS", 0.02)

    async def scenario():
        service = await start()
        service.workers[0].tell(frames.FAILED, b"no")
        await until(lambda: service.fatal)
        assert (service.workers[0].kills, service.fatal) == (1, ["no"])

    run(scenario())


def test_death_while_loading_is_fatal_and_says_how(run, start, until):
    """A worker that could not say a word: the message has what the kernel says."""

    async def scenario():
        service = await start()
        service.workers[0].die("was killed by SIGKILL")
        await until(lambda: service.fatal)
        assert service.fatal == ["worker-1 was killed by SIGKILL while it loaded the model"]

    run(scenario())


def test_slow_load_is_ended(run, start, until):
    """The message names the setting that allows more time."""

    async def scenario():
        service = await start(load_timeout_seconds=0.05)
        await until(lambda: service.fatal)
        assert "RUNTIME_LOAD_TIMEOUT" in service.fatal[0]

    run(scenario())


def test_loaded_worker_is_not_ended_by_the_load_timeout(run, start, until):
    """The time is for loading only."""

    async def scenario():
        service = await start(load_timeout_seconds=0.05)
        begun = time.monotonic()
        service.workers[0].ready()
        await until(lambda: time.monotonic() > begun + 0.1)
        assert service.workers[0].kills == 0
        assert service.fatal == []
        await kill_all(service)

    run(scenario())


def test_dead_worker_is_replaced_and_its_calls_answered(run, start, until, make_call, caplog):
    """Nobody notices but the log: the service goes on saying that it serves."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        call = make_call(b"x")
        service.submit(call)
        await until(lambda: service.workers[0].has_whole_batch)
        service.workers[0].die("was killed by SIGSEGV")
        second = await start.connected(2)
        assert service.health.is_serving
        second.ready()
        await until(lambda: second.has_whole_batch)
        second.reply(*second.calls)
        await until(lambda: call.is_done)
        assert call.status == Status.OK
        await kill_all(service)

    run(scenario())
    assert "worker-1 was killed by SIGSEGV" in caplog.text


def test_failed_replacement_backs_off_longer_each_time(run, start, until, caplog):
    """A model that cannot be loaded any more must not keep the CPU busy."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        service.workers[0].die()
        ended = []
        for number in (2, 3, 4):
            worker = await start.connected(number)
            ended.append(time.monotonic())
            worker.tell(frames.FAILED, b"the file is gone")
            worker.die("exited with code 1")
        await start.connected(5)
        ended.append(time.monotonic())
        gaps = [after - before for before, after in zip(ended, ended[1:])]
        for gap, least in zip(gaps, (0.04, 0.08, 0.16)):
            assert gap >= least
        assert service.fatal == []
        await kill_all(service)

    run(scenario())
    assert "the file is gone" in caplog.text


def test_no_worker_is_told_and_recovered_from(run, start, until, make_call):
    """While no replacement loads, the phase says so and waiting calls are refused at once."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        service.workers[0].die()
        second = await start.connected(2)
        call = make_call()
        service.submit(call)
        second.tell(frames.FAILED, b"gone")
        second.die()
        await until(lambda: service.health.phase is Phase.NO_WORKER)
        assert call.status == Status.UNAVAILABLE
        third = await start.connected(3)
        third.ready()
        await until(lambda: service.health.is_serving)
        # The back-off begins anew once a worker was of use.
        service.submit(make_call())
        await until(lambda: third.has_whole_batch)
        third.die()
        await start.connected(4)
        assert service.supervisor._crash_loop.failures == 0
        await kill_all(service)

    run(scenario())


def test_a_model_that_never_loads_again_is_lost_until_it_does(run, start, until, monkeypatch):
    """After so many tries liveness says that a restart may help; the tries go on all the same."""
    monkeypatch.setattr(crash_loop, "MAX_BACKOFF_SECONDS", 0.02)

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        service.workers[0].die()
        for number in range(2, 2 + crash_loop.MAX_FAILED_STARTS):
            assert service.health.answer(Question.LIVENESS)
            worker = await start.connected(number)
            worker.tell(frames.FAILED, b"gone")
            worker.die()
        await until(lambda: service.health.phase is Phase.LOST)
        assert not service.health.answer(Question.LIVENESS)
        last = await start.connected(2 + crash_loop.MAX_FAILED_STARTS)
        last.ready()
        await until(lambda: service.health.is_serving)
        assert service.health.answer(Question.LIVENESS)
        await kill_all(service)

    run(scenario())


def test_no_worker_is_told_where_the_system_refuses_to_start_one(run, start, until, monkeypatch):
    """Out of descriptors, say: readiness must not go on saying SERVING."""
    monkeypatch.setattr(crash_loop, "MAX_BACKOFF_SECONDS", 0.02)

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        spawn, service.supervisor._spawn = service.supervisor._spawn, refuse
        service.workers[0].die()
        await until(lambda: service.health.phase is Phase.LOST)
        service.supervisor._spawn = spawn
        (await start.connected(2)).ready()
        await until(lambda: service.health.is_serving)
        await kill_all(service)

    def refuse(name):
        raise OSError("too many open files")

    run(scenario())


def test_another_worker_keeps_the_service_serving(run, start, until, make_call):
    """One of two that cannot be replaced makes it slower, not unavailable."""

    async def scenario():
        service = await start(workers=2)
        service.workers[0].ready()
        second = await start.connected(2)
        second.ready()
        await until(lambda: len(service.dispatcher._workers) == 2)
        service.workers[0].die()
        third = await start.connected(3)
        third.tell(frames.FAILED, b"gone")
        third.die()
        await start.connected(4)
        assert service.health.is_serving
        call = make_call()
        service.submit(call)
        await until(lambda: second.has_whole_batch)
        await kill_all(service)

    run(scenario())


def test_close_waits_for_the_workers(run, start, until):
    """Each is asked to close its model, and may take its time."""

    async def scenario():
        service = await start(workers=2)
        service.workers[0].ready()
        (await start.connected(2)).ready()
        await until(lambda: len(service.dispatcher._workers) == 2)
        closing = asyncio.ensure_future(service.supervisor.close(60.0))
        await until(lambda: all(worker.is_closed for worker in service.workers))
        assert not closing.done()
        for worker in service.workers:
            worker.die("exited with code 0")
        await closing
        assert [worker.kills for worker in service.workers] == [0, 0]
        assert len(service.workers) == 2

    run(scenario())


def test_close_kills_what_takes_too_long(run, start, until):
    """A model whose close() hangs must not keep the container alive."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        begun = time.monotonic()
        await service.supervisor.close(0.05)
        assert time.monotonic() >= begun + 0.05
        assert service.workers[0].kills == 1

    run(scenario())


def test_nothing_starts_while_closing(run, start, until):
    """A worker that ends in the drain is not replaced, and one that just starts is ended."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        service.supervisor.start_worker()
        closing = asyncio.ensure_future(service.supervisor.close(60.0))
        service.workers[0].die()
        await closing
        service.supervisor.start_worker()
        assert [worker.kills for worker in service.workers] == [0, 1]

    run(scenario())


def test_worker_that_cannot_be_started_is_tried_again(run, start, until, caplog):
    """The system may be out of memory or processes for a while."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        spawn, service.supervisor._spawn = service.supervisor._spawn, refuse
        service.workers[0].die()
        await until(lambda: service.supervisor._crash_loop.failures == 2)
        service.supervisor._spawn = spawn
        await start.connected(2)
        await kill_all(service)

    def refuse(name):
        ours, theirs = socket.socketpair()
        theirs.close()
        return Spawned(ours, not_started(OSError("out of processes")))

    with caplog.at_level(logging.ERROR):
        run(scenario())


def test_ended_child_takes_its_group_and_socket_with_it(run, start, until, monkeypatch):
    """A grandchild may hold the socket of a process that has ended: the front does not wait."""
    monkeypatch.setattr(supervisor_module, "STRAY_SOCKET_SECONDS", 0.01)

    async def scenario():
        service = await start()
        worker = service.workers[0]
        worker.ready()
        await until(lambda: service.health.is_serving)
        kills = []
        [link] = service.supervisor._links
        link.process = link.process._replace(kill=lambda: kills.append("group"))
        worker.ended = "exited with code 0"  # and its socket stays open
        service.supervisor.on_child_ended()
        assert kills == ["group"]
        await start.connected(2)
        await kill_all(service)

    run(scenario())


def test_running_child_is_left_alone(run, start, until):
    """SIGCHLD may be about another process."""

    async def scenario():
        service = await start()
        service.workers[0].ready()
        await until(lambda: service.health.is_serving)
        service.supervisor.on_child_ended()
        await asyncio.sleep(0)
        assert service.workers[0].kills == 0
        assert service.health.is_serving
        await kill_all(service)

    run(scenario())


def test_front_reaps_the_strangers_that_it_adopts_but_not_its_workers(run, start, monkeypatch):
    """As PID 1 the front inherits orphans; as any other process it touches nobody else's."""
    reaped = []
    monkeypatch.setattr(supervisor_module, "reap_unknown", reaped.append)

    async def scenario():
        service = await start()
        service.supervisor.on_child_ended()
        assert reaped == []
        monkeypatch.setattr(supervisor_module, "adopts_orphans", lambda: True)
        service.supervisor.on_child_ended()
        assert [list(known) for known in reaped] == [[0]]
        monkeypatch.undo()
        await kill_all(service)

    run(scenario())


def test_worker_that_keeps_ending_with_nothing_to_do_backs_off(run, start, until):
    """Loading again and again at full speed would keep the CPUs from those that serve."""

    async def scenario():
        service = await start()
        started = []
        for number in (1, 2, 3, 4):
            worker = await start.connected(number)
            started.append(time.monotonic())
            worker.ready()
            await until(lambda number=number: service.dispatcher._workers)
            worker.die("exited with code 0")
        await start.connected(5)
        started.append(time.monotonic())
        gaps = [after - before for before, after in zip(started, started[1:])]
        for gap, least in zip(gaps, (0.0, 0.08, 0.16)):
            assert gap >= least
        await kill_all(service)

    run(scenario())


def test_close_does_not_wait_for_a_model_that_still_loads(run, start, until):
    """It would hear of the end only once it has loaded."""

    async def scenario():
        service = await start()
        await service.supervisor.close(60.0)
        assert service.workers[0].kills == 1
        assert service.fatal == []

    run(scenario())


def test_children_of_a_model_in_this_process_are_its_own(run, start, monkeypatch):
    """With RUNTIME_WORKERS=0 the front's children are the user's, who waits for them itself."""

    async def scenario():
        service = await start(workers=0)
        monkeypatch.setattr(supervisor_module, "reap_unknown", None)
        monkeypatch.setattr(supervisor_module, "adopts_orphans", lambda: True)
        service.supervisor.on_child_ended()
        monkeypatch.undo()
        await kill_all(service)

    run(scenario())


@pytest.fixture
def take_call(start, until, make_call):
    """Return a coroutine function: the worker of a number becomes ready, and is given a call."""

    async def take_call(service, number):
        worker = await start.connected(number)
        worker.ready()
        await until(lambda: service.health.is_serving and service.dispatcher._workers)
        call = make_call(b"%d" % number)
        service.submit(call)
        await until(lambda: worker.has_whole_batch)
        return worker, call

    return take_call


def test_workers_that_end_on_calls_before_they_answer_one_back_off(
    run, start, until, take_call, monkeypatch, caplog
):
    """A few in a row may be as many bad requests; more, and it is the model that ends."""
    monkeypatch.setattr(crash_loop, "MAX_CRASHES_WITHOUT_REPLY", 2)

    async def scenario():
        service = await start()
        for number in (1, 2, 3, 4):
            worker, _ = await take_call(service, number)
            worker.die("was killed by SIGSEGV")
        ended = time.monotonic()
        await until(lambda: service.health.phase is Phase.NO_WORKER)
        await start.connected(5)
        assert time.monotonic() - ended >= 0.07
        await kill_all(service)

    run(scenario())
    assert "was killed by SIGSEGV before it had answered a call; the next try is in" in caplog.text


def test_a_worker_that_answered_ends_the_backing_off(run, start, until, take_call, monkeypatch):
    """The next may end at once, like the first."""
    monkeypatch.setattr(crash_loop, "MAX_CRASHES_WITHOUT_REPLY", 1)

    async def scenario():
        service = await start()
        worker, _ = await take_call(service, 1)
        worker.die("was killed by SIGSEGV")
        worker = await start.connected(2)
        worker.ready()
        await until(lambda: worker.has_whole_batch)
        worker.reply(*worker.calls)
        await until(lambda: service.dispatcher.is_idle)
        worker.die("was killed by SIGKILL")
        await start.connected(3)
        judged = service.supervisor._crash_loop
        assert (judged.crashes_without_reply, judged.failures) == (0, 0)
        await kill_all(service)

    run(scenario())


def test_strays_of_ended_workers_are_killed_and_those_of_others_not(run, start, until, monkeypatch):
    """The names of the workers that run are what tells them apart."""
    running = []
    monkeypatch.setattr(supervisor_module, "kill_strays", running.append)
    monkeypatch.setattr(supervisor_module, "reap_unknown", lambda known: None)
    monkeypatch.setattr(supervisor_module, "adopts_orphans", lambda: True)

    async def scenario():
        service = await start(workers=2)
        service.workers[0].ready()
        await start.connected(2)
        service.workers[0].ended = "exited with code 0"
        service.supervisor.on_child_ended()
        assert running[-1] == {"worker-2"}
        await kill_all(service)

    run(scenario())
