"""Answer ModelStatistics, as Triton's load generator reads it: the front has counted."""

from typing import Any, Dict, Mapping

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import ServingError
from serving_runtime.ipc.attributes import EMPTY, MODEL_VERSION, STATISTICS
from serving_runtime.ipc.frames import Bytes
from serving_runtime.ipc.totals import Totals, read_totals
from serving_runtime.protocols.open_inference import served, wording
from serving_runtime.protocols.open_inference.json_replies import as_json
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

    @classmethod
    def alignment_offset(cls, length_bytes: int) -> int:
        """Return 0: there are no values in such a request."""
        return 0

    def word(self, error: ServingError) -> str:
        """Return an error's text with the datatypes of this protocol."""
        return wording.word(error)

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return the ModelStatisticsResponse."""
        served.check_asked("ModelStatisticsRequest", payload, self._names)
        return bytes(_Response(**self._counted(attributes)).SerializeToString()), EMPTY

    def _counted(self, attributes: Mapping[str, str]) -> Dict[str, Any]:
        totals = read_totals(attributes.get(STATISTICS, ""))
        durations = {
            "success": _all_seconds(totals),
            "queue": totals.queue_seconds,
            "compute_input": totals.decode_seconds,
            "compute_infer": totals.model_seconds,
            "compute_output": totals.encode_seconds,
        }
        stats = {
            name: {"count": totals.answered, "ns": int(seconds * _NANOSECONDS)}
            for name, seconds in durations.items()
        }
        stats["fail"] = {"count": totals.failed, "ns": 0}
        model = {
            "name": self._names.name,
            "version": self._names.version,
            "last_inference": int(totals.last_run * _MILLISECONDS),
            "inference_count": totals.rows,
            "execution_count": totals.runs,
            "inference_stats": stats,
        }
        return {"model_stats": [model]}


class RestStatistics(Statistics):
    """The same in JSON, of the model that the path names."""

    def answer(self, payload: Bytes, target: str, attributes: Mapping[str, str]) -> Encoded:
        """Return what was counted."""
        self._names.check(target, attributes.get(MODEL_VERSION, ""))
        return as_json(self._counted(attributes))


def _all_seconds(totals: Totals) -> float:
    return (
        totals.queue_seconds + totals.decode_seconds + totals.model_seconds + totals.encode_seconds
    )
