import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols import SequenceStep
from serving_runtime.worker.sequences import LiveSequence


def run(live, name, starts=False, ends=False, is_asked=False):
    """Run a call, and return whether the state is reset for it."""
    step = SequenceStep(name, starts, ends) if name else None
    begins = live.begins(step, is_asked)
    live.follow(step)
    return begins


def test_a_sequence_begins_goes_on_and_ends():
    """The state is reset at its first call alone."""
    live = LiveSequence()
    assert run(live, "a", starts=True)
    assert not run(live, "a")
    assert not run(live, "a", ends=True)
    with pytest.raises(InvalidInput, match='no sequence is alive, .* sequence "a" needs'):
        run(live, "a")


def test_a_sequence_of_one_call_ends_with_it():
    """Its first call is its last."""
    live = LiveSequence()
    assert run(live, "a", starts=True, ends=True)
    with pytest.raises(InvalidInput):
        run(live, "a")


def test_the_state_is_of_one_sequence_at_a_time():
    """Who begins one takes it over; who had it is told so, until it begins anew."""
    live = LiveSequence()
    assert run(live, "a", starts=True)
    assert run(live, "b", starts=True)
    with pytest.raises(InvalidInput, match='now that of "b": sequence "a" begins anew with'):
        run(live, "a")
    assert not run(live, "b")
    assert run(live, "a", starts=True)


def test_a_reset_by_metadata_ends_the_sequence():
    """Unless it is asked for with one, which then begins."""
    live = LiveSequence()
    assert run(live, "a", starts=True)
    assert run(live, "", is_asked=True)
    with pytest.raises(InvalidInput):
        run(live, "a")
    assert run(live, "a", is_asked=True)
    assert not run(live, "a")
