import threading

import pytest

from serving_runtime.server.front_lock import FrontLock


def in_thread(action):
    """Run an action in another thread, to its end."""
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()


def test_work_is_done_before_each_release(lock):
    """While the lock is held still, so that nobody comes between."""
    done = []
    lock.on_release(lambda: done.append(lock.assert_held()))
    for count in (1, 2):
        with lock:
            assert len(done) == count - 1
        assert len(done) == count


def test_lock_is_released_though_the_work_fails(lock):
    """The next thread must not wait for ever."""
    lock.on_release(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError), lock:
        pass
    lock.on_release(lambda: None)
    with lock:
        lock.assert_held()


def test_only_the_thread_that_holds_it_may_go_on(lock):
    """Neither before nor after, and no other thread meanwhile."""
    failures = []

    def look():
        try:
            lock.assert_held()
        except RuntimeError as error:
            failures.append(error)

    look()
    with lock:
        look()
        in_thread(look)
    look()
    assert [str(failure) for failure in failures] == 3 * [
        "this may only be done while holding the front lock"
    ]


def test_waiter_comes_before_the_one_that_has_just_held_it(lock):
    """Otherwise a busy thread would hold it again and again."""
    order, may_wait = [], threading.Event()

    def wait():
        may_wait.set()
        with lock:
            order.append("waiter")

    with lock:
        thread = threading.Thread(target=wait)
        thread.start()
        may_wait.wait()
        while not lock._next.locked():
            pass
    with lock:
        order.append("holder")
    thread.join()
    assert order == ["waiter", "holder"]


def test_unchecked_lock_asserts_nothing():
    """At run time it costs nothing, unless RUNTIME_DEBUG asks for it."""
    lock = FrontLock(is_checked=False)
    assert lock.assert_held() is None
    with lock:
        assert lock.assert_held() is None
