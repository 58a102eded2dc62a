"""Derive the limits of messages and of the queue from the memory that there is.

What a request costs at its peak was measured for a model that answers with as much as it is sent
(`python -m experiments.reliability memory`, whose figures are in docs/reliability.md). In times its
bytes:

* arriving: the pieces that gRPC has received of it (1), and for a moment, one message at a time,
  the two copies of which Python makes one;
* waiting: the front's bytes (1);
* running: the front's bytes, their copy in shared memory or in the worker, the arrays of the
  result, the encoded reply, its copy in shared memory, the front's copy of that, and what gRPC
  sends (7), and what malloc and the segments keep of the call before: ``RUNNING_TIMES`` together.
  An input whose dtype is cast has one copy more, and what a model needs itself is known to nobody:
  both have to fit into the rest.

So of what is left beside the loaded model, half is for the calls that run, one in each worker; a
sixth for those that wait; and the rest for those that arrive, whose number nothing bounds: the
front takes few at a time and watches its own memory (`server/memory_watch.py`).
"""

from typing import Dict, Mapping, NamedTuple

from serving_runtime.settings import SETTINGS, Setting
from serving_runtime.system.cgroup_memory import Memory

MIB = 1 << 20
RUNNING_TIMES = 9
# Of what is left: a sixth for calls that wait, an eighth for messages that arrive.
QUEUE_SHARE = 6
ARRIVING_SHARE = 8
# Of the limit, for what the kernel counts beside the processes' memory: page tables, sockets.
SPARE_SHARE = 16
# However little there is, a message may have so much: with less nothing can be served.
LEAST_MESSAGE_BYTES = MIB

MESSAGE, QUEUE, SHARED = (
    "RUNTIME_MAX_MESSAGE_BYTES",
    "RUNTIME_MAX_QUEUE_BYTES",
    "RUNTIME_MAX_SHARED_BYTES",
)
_BY_NAME: Mapping[str, Setting] = {it.variable: it for it in SETTINGS}


class Limits(NamedTuple):
    """How large a message may be, and how many bytes of calls may wait."""

    message: int
    queue: int


class MemoryBudget:
    """Shares out the memory of a service.

    Args:
        memory: what there is, as it is at the start.
        workers: how many will run calls.
        chosen: what the user has set, by variable; it wins.

    Attributes:
        memory: the same.
    """

    def __init__(self, memory: Memory, workers: int, chosen: Mapping[str, int]) -> None:
        self.memory = memory
        self._chosen_bytes = chosen
        self._workers = max(1, workers)

    def limits(self, left: int) -> Limits:
        """Return the limits for so many bytes that are left beside the model."""
        each = left // 2 // (RUNNING_TIMES * self._workers)
        message = max(LEAST_MESSAGE_BYTES, min(_default(MESSAGE), _whole(each)))
        return Limits(message, max(message, min(_default(QUEUE), _whole(left // QUEUE_SHARE))))

    def max_arriving(self, left: int) -> int:
        """Return how many messages may arrive at a time if each is as large as may be."""
        return max(1, left // ARRIVING_SHARE // self.limits(left).message)

    def left(self, used: int) -> int:
        """Return what requests may use, where processes use so much already."""
        return max(0, self.memory.limit - self.memory.limit // SPARE_SHARE - used)

    def at_start(self) -> Dict[str, str]:
        """Return texts of the settings that the user has left to the memory, by variable.

        As if the model took nothing, since nobody knows yet what it takes: transports and workers
        take these limits once, and the queue's follow what is left.
        """
        limits = self.limits(self.left(0))
        texts = {
            MESSAGE: limits.message,
            QUEUE: limits.queue,
            # Each end's, in each worker: larger payloads go through the socket.
            SHARED: min(_default(SHARED), limits.message // 2),
        }
        return {name: str(size) for name, size in texts.items() if self.follows_memory(name, size)}

    def in_force(self, derived: Limits) -> Limits:
        """Return the limits that count: the user's own, where there are any."""
        return Limits(
            self._chosen_bytes.get(MESSAGE, derived.message),
            self._chosen_bytes.get(QUEUE, derived.queue),
        )

    def follows_memory(self, name: str, size: int) -> bool:
        """Return whether a limit in force is less than it were if there were more memory."""
        return name not in self._chosen_bytes and size < _default(name)

    def need(self, limits: Limits) -> int:
        """Return what calls take if all that ``limits`` allow is used."""
        return RUNNING_TIMES * self._workers * limits.message + limits.queue


def chosen_in(environ: Mapping[str, str]) -> Dict[str, int]:
    """Return those of the variables that an environment sets, which must be readable."""
    names = [name for name in (MESSAGE, QUEUE, SHARED) if environ.get(name)]
    return {name: int(_BY_NAME[name].parser.parse(environ[name])) for name in names}


def mib(size: int) -> str:
    """Return a size as it is logged."""
    return f"{size / MIB:.0f} MiB"


def _default(name: str) -> int:
    setting = _BY_NAME[name]
    return int(setting.parser.parse(setting.default))


def _whole(size: int) -> int:
    """Return a size in whole MiB, rounded down, for who reads it."""
    return size // MIB * MIB
