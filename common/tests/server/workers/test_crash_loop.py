import pytest

from serving_runtime.server.workers import crash_loop
from serving_runtime.server.workers.crash_loop import CrashLoop


def test_workers_that_were_of_use_are_replaced_at_once():
    """However many end: one request may have ended each."""
    judged = CrashLoop()
    assert all(judged.note_end(has_answered=True, was_running=True) for _ in range(100))


def test_many_that_end_before_they_have_answered_are_a_crash_loop(monkeypatch):
    """Until one of them answers."""
    monkeypatch.setattr(crash_loop, "MAX_CRASHES_WITHOUT_REPLY", 2)
    judged = CrashLoop()
    seen = [judged.note_end(has_answered=False, was_running=True) for _ in range(4)]
    assert seen == [True, True, False, False]
    assert judged.note_end(has_answered=True, was_running=False)
    assert judged.note_end(has_answered=False, was_running=True)


def test_one_that_had_nothing_to_do_was_of_no_use():
    """It ended by itself."""
    assert not CrashLoop().note_end(has_answered=False, was_running=False)


def test_back_off_doubles_up_to_its_bound():
    """The first may be bad luck."""
    judged = CrashLoop()
    assert [judged.back_off(is_certain=False) for _ in range(8)] == [0, 2, 4, 8, 16, 30, 30, 30]


def test_what_is_certain_is_no_bad_luck():
    """A model that cannot be loaded will not be so at once."""
    assert CrashLoop().back_off(is_certain=True) == 1


@pytest.mark.parametrize("was_running", [True, False])
def test_a_worker_of_use_begins_the_back_off_anew(was_running):
    """The next failure may be bad luck again."""
    judged = CrashLoop()
    judged.back_off(is_certain=False)
    judged.note_end(has_answered=True, was_running=was_running)
    assert judged.back_off(is_certain=False) == 0


def test_a_model_that_no_start_has_loaded_again_is_lost():
    """By then the back-off is at its longest; one that loads ends it."""
    judged = CrashLoop()
    for _ in range(crash_loop.MAX_FAILED_STARTS):
        assert not judged.is_lost
        judged.note_start(has_loaded=False)
        delay = judged.back_off(is_certain=True)
    assert judged.is_lost
    assert delay == crash_loop.MAX_BACKOFF_SECONDS
    judged.note_start(has_loaded=True)
    assert not judged.is_lost


def test_workers_that_load_and_end_are_no_lost_model():
    """A call may be at fault, and the next one may be answered."""
    judged = CrashLoop()
    for _ in range(100):
        judged.note_start(has_loaded=True)
        judged.note_end(has_answered=False, was_running=True)
    assert not judged.is_lost
