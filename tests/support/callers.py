"""Many clients that call all the time and check every answer to the last bit."""

import itertools
import threading
import time
from typing import Any, List, Optional, Tuple

import grpc

from tests.support.processes import wait_until
from tests.support.servers import Failure, ask, channel, expected, request, seen

# Without this, all channels of a process to one address share a connection.
OWN_CONNECTION = ("grpc.use_local_subchannel_pool", 1)
NO_RETRIES = ("grpc.enable_retries", 0)


class Callers:
    """Threads with a channel each; they call from ``with`` on, until its end or ``stop``.

    Args:
        address: of the service.
        count: how many.
        patient: go on after a failure, which is then only noted.
        options: the channels' settings, if other than grpc's defaults.
    """

    def __init__(
        self, address: str, count: int = 32, patient: bool = True, options: Tuple[Any, ...] = ()
    ) -> None:
        self.failures: List[Failure] = []
        # When each good answer came, on the monotonic clock.
        self.answer_times: List[float] = []
        self._address, self._patient, self._options = address, patient, options
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._call, args=(number,), daemon=True)
            for number in range(count)
        ]

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        self.wait_answers(len(self._threads))
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads), "a call was never answered"

    @property
    def answered(self) -> int:
        """How many good answers have come."""
        return len(self.answer_times)

    def stop(self) -> None:
        """Begin no call any more."""
        self._stopped.set()

    def wait_answers(self, more: int) -> None:
        """Wait for so many further answers."""
        wanted = self.answered + more
        wait_until(lambda: self.answered >= wanted, f"{more} more answers: {self.failures[:3]}")

    def _call(self, number: int) -> None:
        with channel(self._address, *self._options) as connection:
            for turn in itertools.count():
                if self._stopped.is_set():
                    return
                problem = _problem(connection, [number + turn / 7, -turn / 3])
                self._note(problem)
                if problem and not self._patient:
                    return

    def _note(self, problem: Optional[Failure]) -> None:
        with self._lock:
            if problem is None:
                self.answer_times.append(time.monotonic())
            else:
                self.failures.append(problem)


def _problem(connection: grpc.Channel, x: List[float]) -> Optional[Failure]:
    """Call once; returns what was wrong, if anything."""
    try:
        answer = ask(connection, request("", x))
    except grpc.RpcError as error:
        return seen(error)
    return None if answer == expected(x) else Failure("WRONG", f"{answer} for {x}")
