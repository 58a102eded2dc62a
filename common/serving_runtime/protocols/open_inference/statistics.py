"""Answer ModelStatistics, as Triton's load generator reads it, of the worker that is asked."""

from typing import Any, Mapping

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import EMPTY
from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.counts import Counts, Totals
from serving_runtime.protocols.open_inference import served, wording
from serving_runtime.protocols.protocol import ContractProtocol, Encoded
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract

_Response = message_class("inference.ModelStatisticsResponse")
_NANOSECONDS = 1e9
_MILLISECONDS = 1e3


class Statistics(ContractProtocol):
    """What ModelStatistics asks for."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        super().__init__(contract, settings)
        self._names = served.names_of(contract, settings)
        self._counts = Counts()

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word(error)

    def observe(self, counts: Counts) -> None:
        """Tell these counts from now on."""
        self._counts = counts

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the ModelStatisticsResponse."""
        served.check_asked("ModelStatisticsRequest", payload, self._names)
        return bytes(self._message().SerializeToString()), EMPTY

    def _message(self) -> Any:
        totals = self._counts.totals()
        message = _Response()
        model = message.model_stats.add(name=self._names.name, version=self._names.version)
        model.last_inference = int(totals.last_run * _MILLISECONDS)
        model.inference_count, model.execution_count = totals.rows, totals.runs
        stats = model.inference_stats
        stats.fail.count = totals.failed
        for duration, seconds in (
            (stats.success, _all_seconds(totals)),
            (stats.queue, totals.queue_seconds),
            (stats.compute_input, totals.decode_seconds),
            (stats.compute_infer, totals.model_seconds),
            (stats.compute_output, totals.encode_seconds),
        ):
            duration.count, duration.ns = totals.answered, int(seconds * _NANOSECONDS)
        return message


def _all_seconds(totals: Totals) -> float:
    return (
        totals.queue_seconds + totals.decode_seconds + totals.model_seconds + totals.encode_seconds
    )
