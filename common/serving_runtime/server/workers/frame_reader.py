"""Read what a worker sends: replies go to the calls in flight, all else to its link."""

import json
from typing import Callable, List, NamedTuple

from serving_runtime.ipc import frames
from serving_runtime.ipc.frames import GarbledError
from serving_runtime.ipc.shared_payloads import SharedPayloads
from serving_runtime.ipc.stream import Splitter
from serving_runtime.server.workers.calls_in_flight import CallsInFlight

# What a frame may have beside a reply's payload: a line of details, or why a model did not load.
MAX_FRAME_OVERHEAD_BYTES = 1 << 20


class ModelSummary(NamedTuple):
    """What a worker says of its model once it has loaded.

    ``names``: by which clients may ask for it, its own first; ``version``: the only one;
    ``concurrency``: how many batches it runs at once; ``stacks``: whether it may answer several
    calls with one of the model; the rest is for those who watch the service.
    """

    signatures: List[str]
    stateful: bool
    status_message: str
    names: List[str]
    version: str
    concurrency: int = 1
    stacks: bool = True
    framework: str = ""
    framework_version: str = ""
    contract_format: str = ""
    load_seconds: float = 0.0
    warm_up_seconds: float = 0.0


class FrameReader:
    """Read the frames of one worker.

    Args:
        max_message_bytes: how large a reply may be.
        in_flight: the calls that the worker holds; takes the replies.
        shared: the memory that is shared with the worker.
        on_loaded: called with what the worker says of its model (READY).
        on_refused: called with the reason why it cannot load it (FAILED).
        on_report: called with what the model's own code has counted (METRICS).

    Attributes:
        in_flight: as given; ``on_loaded`` may exchange it.
    """

    def __init__(
        self,
        max_message_bytes: int,
        in_flight: CallsInFlight,
        shared: SharedPayloads,
        on_loaded: Callable[[ModelSummary], None],
        on_refused: Callable[[str], None],
        on_report: Callable[[bytes], None],
    ) -> None:
        self._splitter = Splitter(max_message_bytes + MAX_FRAME_OVERHEAD_BYTES)
        self.in_flight = in_flight
        self._shared = shared
        self._on_loaded = on_loaded
        self._on_refused = on_refused
        self._on_report = on_report

    def read(self, data: bytes) -> None:
        """Take in more bytes, and act on each frame that is whole now.

        Raises:
            GarbledError: they are no frames of a worker's.
        """
        for kind, body in self._splitter.split(data):
            if kind == frames.REPLY:
                reply = frames.unpack_reply(body)
                self.in_flight.note_reply(reply, bytes(reply.payload))
            elif kind == frames.PLACED_REPLY:
                reply = frames.unpack_reply(body)
                self.in_flight.note_reply(reply, self._shared.copy(reply.payload))
            elif kind == frames.READY:
                self._on_loaded(_summary(body))
            elif kind == frames.FAILED:
                self._on_refused(body.decode("utf-8", "replace"))
            elif kind == frames.METRICS:
                self._report(body)
            else:
                self._shared.on_control_frame(kind, body)

    def _report(self, body: bytes) -> None:
        try:
            self._on_report(body)
        except ValueError as error:
            raise GarbledError(f"no report of metrics: {error}") from None


def _summary(body: bytes) -> ModelSummary:
    try:
        return ModelSummary(**json.loads(body.decode()))
    except (TypeError, ValueError) as error:
        raise GarbledError(f"no summary of a model: {error!r}") from None
