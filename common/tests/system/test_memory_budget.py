import pytest

from serving_runtime.settings import Settings
from serving_runtime.system import memory_budget
from serving_runtime.system.cgroup_memory import Memory
from serving_runtime.system.memory_budget import MESSAGE, QUEUE, RUNNING_TIMES, SHARED, MemoryBudget

MIB = 1 << 20


@pytest.fixture
def budget():
    """Return a function that makes the budget of a container of so many MiB."""

    def make(mib, workers=1, **chosen):
        return MemoryBudget(Memory(mib * MIB, 0, is_container=True), workers, chosen)

    return make


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("mib", [64, 256, 512, 2048, 5000])
def test_all_that_the_limits_allow_fits(budget, mib, workers):
    """The calls that run, those that wait, and those that arrive, one of them twice more."""
    made = budget(mib, workers)
    left = made.left(used=mib * MIB // 5)
    limits = made.limits(left)
    assert MIB <= limits.message <= limits.queue
    if limits.message > MIB:
        assert RUNNING_TIMES * workers * limits.message <= left // 2
        arriving = (made.max_arriving(left) + 2) * limits.message
        assert made.need(limits) + arriving <= left + MIB


def test_where_there_is_enough_the_defaults_hold(budget):
    """The limits are then the settings' own."""
    ample = budget(1 << 16)
    default = Settings.from_env({})
    assert ample.limits(ample.left(0)) == (default.max_message_bytes, default.max_queue_bytes)
    assert ample.at_start() == {}


def test_there_is_room_for_a_small_message_always(budget):
    """A model that leaves nothing serves small requests, or none."""
    assert budget(64).limits(0) == (MIB, MIB)


def test_settings_are_laid_where_the_user_has_none(budget):
    """Texts that the settings' parsers read; what is chosen wins."""
    texts = budget(512).at_start()
    assert set(texts) == {MESSAGE, QUEUE, SHARED}
    read = Settings.from_env(texts)
    assert read.max_shared_bytes <= read.max_message_bytes <= read.max_queue_bytes < 512 * MIB
    assert set(budget(512, **{MESSAGE: 5, SHARED: 5}).at_start()) == {QUEUE}


def test_what_is_chosen_is_in_force(budget):
    """The rest is derived."""
    made = budget(512, **{MESSAGE: 300 * MIB})
    derived = made.limits(made.left(0))
    limits = made.in_force(derived)
    assert limits == (300 * MIB, derived.queue)
    assert made.need(limits) > made.memory.limit
    assert not made.follows_memory(MESSAGE, limits.message)
    assert made.follows_memory(QUEUE, limits.queue)


def test_chosen_variables_are_read_as_settings_are():
    """An empty one is unset, as everywhere."""
    environ = {MESSAGE: "64MiB", QUEUE: "", "OTHER": "1"}
    assert memory_budget.chosen_in(environ) == {MESSAGE: 64 * MIB}


def test_a_service_in_its_own_process_has_one_worker(budget):
    """RUNTIME_WORKERS=0 runs the model in the front."""
    assert budget(512, workers=0).limits(MIB * 100) == budget(512).limits(MIB * 100)
