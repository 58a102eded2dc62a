"""Keep the service within the memory that it may use, once it is known what the model takes of it.

The limits of messages and of the queue follow from what is left when the workers have loaded. What
they cannot bound is what arrives: any number of clients may each have sent a part of a message. So
where a container has a limit, the front looks at its own memory, with each large call that is to be
queued and now and then, and refuses what is arriving before there is none left.
"""

import asyncio
import math
import time
from typing import Optional, Sequence

from serving_runtime import logs
from serving_runtime.errors import MemoryExhausted
from serving_runtime.server.admission.dispatcher import Dispatcher
from serving_runtime.server.admission.queue import Bound
from serving_runtime.server.metrics import Counters
from serving_runtime.server.transport import Transport
from serving_runtime.server.workers.link import WorkerLink
from serving_runtime.server.workers.supervisor import Supervisor
from serving_runtime.system import cgroup_memory, memory
from serving_runtime.system.memory_budget import MESSAGE, QUEUE, Limits, MemoryBudget, mib

logger = logs.get_logger(__name__)

# Clients on the same machine send a gigabyte a second.
POLL_SECONDS = 0.02
# Of what is left beside the models, half is kept for the calls that run. The other is the front's,
# for what waits and arrives; but Python makes one piece of a message that has arrived, and for a
# moment has it twice more, which must not need what is not there.
FRONT_SHARE = 0.5
MESSAGES_AHEAD = 2
# Small requests are served even if a call took all the memory just when the limits were set.
LEAST_FRONT_BYTES = 8 << 20
# Clients whose messages arrive slowly need not wait for each other: as long as half of that is
# free, and would be if as much more came for half a second, longer than any look takes.
AMPLE_SHARE = 0.5
RATE_SECONDS, AHEAD_SECONDS = 0.1, 0.5
# Shedding ends once so much of the front's part is free again.
FREE_SHARE = 0.25


class MemoryWatch:
    """Sets the limits when workers come to serve, and sheds calls while memory is short.

    Args:
        budget: shares out the memory.
        dispatcher: whose queue is bounded.
        supervisor: whose workers take memory.
        counters: what is counted.
        transports: those that shed; they may start later.
    """

    def __init__(
        self,
        budget: MemoryBudget,
        dispatcher: Dispatcher,
        supervisor: Supervisor,
        counters: Counters,
        transports: Sequence[Transport],
    ) -> None:
        self._budget = budget
        self._dispatcher = dispatcher
        self._supervisor = supervisor
        self._counters = counters
        self._transports = transports
        # The workers that served at the last look, the most that did, and what was left for calls.
        self._serving: Sequence[WorkerLink] = ()
        self._workers = self._left_bytes = 0
        # What the front may take, and what it must have come down to before shedding ends.
        self._max_bytes = self._enough_bytes = math.inf
        # Below this there is room for all that arrive. What it had when that was last measured.
        self._ample_bytes = 0.0
        self._own_bytes = 0
        self._measured = 0.0
        self._refusal: Optional[MemoryExhausted] = None

    def begin(self) -> None:
        """Look now and from now on, where there is a limit that others than this machine set."""
        self.look()
        if self._budget.memory.is_container or not self._workers:
            asyncio.get_event_loop().call_later(POLL_SECONDS, self.begin)

    def look(self) -> None:
        """Set the limits if a worker has joined; shed calls while the front is short of memory."""
        before, serving = self._serving, tuple(self._supervisor.serving)
        self._serving = serving
        if any(each not in before for each in serving):
            self._on_joined(len(serving))
        if self._budget.memory.is_container and serving:
            own = memory.own_bytes()
            with self._dispatcher.lock:
                if self._refusal is not None or own > self._max_bytes:
                    self._shed_or_end()
                else:
                    self._pass_on_arrivals(own)

    def _on_joined(self, serving: int) -> None:
        """Set the limits, lower ones only if there are more workers: calls are there by now.

        With one in the place of another they rise again, where that one's call took the memory.
        """
        left = self._budget.left(cgroup_memory.available().used)
        if serving > self._workers or left > self._left_bytes:
            self._workers = max(self._workers, serving)
            self._set_limits()

    def check_room(self) -> None:
        """Shed calls if memory is short; while holding the front lock.

        Raises:
            MemoryExhausted: it is, and there are calls whose answers will free some.
        """
        if memory.own_bytes() > self._max_bytes:
            self._shed_or_end()
        if self._refusal is not None and not self._dispatcher.is_idle:
            raise self._refusal

    def _set_limits(self) -> None:
        memory.give_back_freed_memory()
        now = cgroup_memory.available()
        self._left_bytes = left = self._budget.left(now.used)
        derived = self._budget.limits(left)
        limits = self._budget.in_force(derived)
        whose = "container" if self._budget.memory.is_container else "machine"
        reason = f"by the {whose}'s memory of {mib(now.limit)}, {mib(now.used)} of it in use"
        check_room = None
        if self._budget.memory.is_container:
            part = max(FRONT_SHARE * left - MESSAGES_AHEAD * derived.message, LEAST_FRONT_BYTES)
            self._max_bytes = memory.own_bytes() + part
            self._enough_bytes = self._max_bytes - FREE_SHARE * part
            check_room = self.check_room
            self._ample_bytes = self._max_bytes - AMPLE_SHARE * part
        with self._dispatcher.lock:
            self._dispatcher.bound(
                self._bound(QUEUE, limits.queue, reason),
                self._bound(MESSAGE, limits.message, reason),
                check_room,
            )
            for each in self._transports:
                each.bound_messages(limits.message)
            if check_room is not None:
                for each in self._transports:
                    each.bound_arrivals(self._budget.max_arriving(left))
        logger.info(
            "memory: %s of the %s, %s in use; %s %s, %s %s", mib(now.limit), whose, mib(now.used),
            MESSAGE, mib(limits.message), QUEUE, mib(limits.queue),
        )  # fmt: skip
        self._warn_if_too_much(limits, derived, left)

    def _bound(self, name: str, size: int, reason: str) -> Bound:
        return Bound(size, reason if self._budget.follows_memory(name, size) else "")

    def _warn_if_too_much(self, limits: Limits, derived: Limits, left: int) -> None:
        need = self._budget.need(limits)
        if limits != derived and need > left:
            logger.warning(
                "memory: %s and %s as they are set may take %s at a time, and %s are left: the "
                "kernel may end workers, or the service; left unset they would be %s and %s",
                MESSAGE, QUEUE, mib(need), mib(left), mib(derived.message), mib(derived.queue),
            )  # fmt: skip

    def _pass_on_arrivals(self, own: int) -> None:
        """Have no call wait for others whose messages arrive slowly, or not at all."""
        now = time.monotonic()
        seconds = now - self._measured
        if seconds < RATE_SECONDS:
            return
        rate = max(0, own - self._own_bytes) / seconds
        self._measured, self._own_bytes = now, own
        if own + rate * AHEAD_SECONDS < self._ample_bytes:
            for each in self._transports:
                each.pass_on_arrivals()

    def _shed_or_end(self) -> None:
        memory.give_back_freed_memory()  # what is free is not short
        used = memory.own_bytes()
        if used > self._max_bytes:
            self._shed(used)
        elif self._refusal is not None and used < self._enough_bytes:
            self._end_shedding()

    def _shed(self, used: int) -> None:
        """Refuse what is arriving, again too: more may have come before calls were refused."""
        is_first, most = self._refusal is None, mib(int(self._max_bytes))
        self._refusal = self._refusal or MemoryExhausted(
            f"the requests that are here take all memory that there is for them ({most} in the "
            "front): send fewer at a time, or smaller ones (RUNTIME_MAX_MESSAGE_BYTES), or give "
            "the container more"
        )
        count = sum(each.shed(self._refusal) for each in self._transports)
        self._counters.memory_refusals += count
        self._counters.refusals[self._refusal.reason] += count
        memory.give_back_freed_memory()
        if is_first:
            logger.warning(
                "memory is short, the front has %s of %s: %d requests that were arriving are "
                "refused, and more until there is room", mib(used), most, count,
            )  # fmt: skip

    def _end_shedding(self) -> None:
        self._refusal = None
        for each in self._transports:
            each.shed(None)
        logger.info("there is room for requests again")
