"""Notice that every worker is busy for too long, and each call that takes too long.

A call whose client sets no deadline may hang for RUNTIME_REQUEST_TIMEOUT: until then nothing else
would say a word of it, and the service would be sent more calls that only wait.
"""

import asyncio
import time
from typing import List, Set

from serving_runtime import logs
from serving_runtime.server.admission.call import FrontCall
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.health import Health
from serving_runtime.server.metrics import Counters
from serving_runtime.server.workers.supervisor import Supervisor
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)

POLL_SECONDS = 1.0
# By default: so many times as long as the slowest calls so far, and so long at least. What has been
# seen once may come again with more to do; a hang is longer than any multiple.
SLOWEST_TIMES = 3.0
LEAST_SECONDS = 60.0
# How many calls are named at a time; when a worker hangs, all that wait for it grow old together.
MAX_NAMED = 5


class BusyWatch:
    """Looks every second; nothing of it is in the way of a call.

    A worker counts as busy from when it was given calls, or last answered one: under load it is
    busy all the time, and not stuck.
    """

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        supervisor: Supervisor,
        health: Health,
        counters: Counters,
    ) -> None:
        self._setting_seconds = settings.busy_unhealthy_seconds
        self._dispatcher = dispatcher
        self._supervisor = supervisor
        self._health = health
        self._counters = counters
        self._slowest_seconds = 0.0
        self._is_stuck = False
        # The call that was named last; those after it have greater numbers.
        self._named = 0

    def begin(self) -> None:
        """Look now, and every second from now on."""
        with self._dispatcher.lock:
            self.look()
        asyncio.get_event_loop().call_later(POLL_SECONDS, self.begin)

    def look(self) -> None:
        """Compare what runs with the bound."""
        self._dispatcher.lock.assert_held()
        now, bound = time.monotonic(), self._max_seconds()
        self._note_stuck(self._are_all_stuck(now - bound), bound)
        late = self._late_calls(now - bound)
        if late:
            self._name(late, bound)

    def _max_seconds(self) -> float:
        """Return RUNTIME_BUSY_UNHEALTHY, or what stands for its ``auto``."""
        seen = [link.in_flight.slowest_seconds for link in self._supervisor.serving]
        self._slowest_seconds = max([self._slowest_seconds, *seen])
        default = max(LEAST_SECONDS, SLOWEST_TIMES * self._slowest_seconds)
        return self._setting_seconds or default

    def _are_all_stuck(self, since: float) -> bool:
        links = self._supervisor.serving
        return bool(links) and all(
            link.is_busy and link.in_flight.last_sign < since for link in links
        )

    def _note_stuck(self, is_stuck: bool, bound: float) -> None:
        if is_stuck == self._is_stuck:
            return
        self._is_stuck = is_stuck
        self._health.note_stuck(is_stuck)
        if is_stuck:
            self._counters.times_stuck += 1
            logger.warning(
                "every worker has been busy for more than %.4g s (RUNTIME_BUSY_UNHEALTHY): not "
                "ready until one answers, but alive", bound,
            )  # fmt: skip
        else:
            logger.info("not every worker is busy for so long any more: ready, if it serves")

    def _late_calls(self, since: float) -> List[FrontCall]:
        """Return the calls that came before ``since``, but for those that were named already."""
        late = []
        for call in self._dispatcher.unanswered:
            if call.received >= since:
                break
            if call.number > self._named:
                late.append(call)
        return late

    def _name(self, late: List[FrontCall], bound: float) -> None:
        self._named = max(call.number for call in late)
        self._counters.long_calls += len(late)
        held: Set[int] = set()
        held.update(*(link.in_flight.held for link in self._supervisor.serving))
        for call in late[:MAX_NAMED]:
            fields = {
                "id": call.request_id,
                "method": call.operation.log_name,
                "state": "running" if call.number in held else "waiting",
                "deadline_in_s": round(call.deadline - time.monotonic()),
            }
            logger.warning(
                "a call is not answered after %.4g s (RUNTIME_BUSY_UNHEALTHY)", bound,
                extra={"fields": fields},
            )  # fmt: skip
        if len(late) > MAX_NAMED:
            logger.warning("so are %d more that came with it", len(late) - MAX_NAMED)
