"""What a soak sends, and what must come back for it: every dtype, method, size and failure."""

import enum
import functools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime import contract, operations
from serving_runtime.client import encode_request
from serving_runtime.contract.types import DTYPE_NUMBERS
from serving_runtime.framework.model_dir import PROTOBIN, YAML
from serving_runtime.signature import Contract, Field
from tests.conformance import tensorflow_serving
from tests.conformance.cases import casts, dtypes, failures, inputs, maps, shapes, strings
from tests.conformance.setups import models_of
from tests.conformance.tensorflow_serving import metadata as asking
from tests.support import models
from tests.support.cases import OK, Case, Wrong
from tests.support.messages import reply, request, tensor
from tests.support.servers import GOLDEN_X, expected
from tests.support.servers import request as deed
from tests.support.services import HealthRequest, HealthResponse
from tests.support.wires import every_wire
from tests.support.wires.open_inference_protobuf import OpenInference
from tests.support.wires.tensorflow_serving import wrong_in

# These are served as one model, whose signatures are theirs.
MODELS = ("identity", "later_dtypes", "mirror", "text", "failures", "lookup", "maps", "rows",
          "summator")  # fmt: skip
MODEL_NAME = "soak"
SUBJECTS = (dtypes, shapes, strings, casts, inputs, maps, failures)
OWN_SUBJECTS = (tensorflow_serving.encodings, tensorflow_serving.unreadable)
ABOUT_MODEL = (
    operations.MODEL_METADATA,
    operations.MODEL_CONFIG,
    operations.MODEL_STATISTICS,
)
OTHER_MODEL = b"\x0a\x05other"  # the name in a request of each of these
MAX_MESSAGE_BYTES = 4 * 2**20
LARGE_BYTES = (2**16, 2**18, 2**20)

PATIENCE_SECONDS = 60
WRONG = "wrong answer"  # what such problems begin with
SLOW_SECONDS, HASTE_SECONDS = 0.06, 0.02


class Kind(enum.StrEnum):
    """What a soak sends; how much of each is published."""

    GOLDEN = "golden requests"
    VALUES = "requests of every dtype and form"
    LARGE = "large payloads"
    METHODS = "calls of other methods"
    REFUSALS = "requests that must fail"
    DEADLINES = "deadlines"
    CANCELS = "cancels"
    CRASHES = "crashes of workers"


class Exchange(NamedTuple):
    """One call, and its only right answer; ``or_statuses`` are others that are right too.

    ``reply`` is a message, or None where the status, the beginning of the details (if they end
    with ``…``) or what they say is ``wrong`` are all; ``cancel_seconds`` is when the client gives
    it up.
    """

    kind: Kind
    request: bytes
    reply: Any = None
    status: str = OK
    details: str = ""
    wrong: tuple[Wrong, ...] = ()
    method: str = operations.PREDICT.grpc_method
    timeout_seconds: float = PATIENCE_SECONDS
    cancel_seconds: float | None = None
    or_statuses: tuple[str, ...] = ()

    def problem(self, status: str, details: str, payload: bytes) -> str:
        """Return what is wrong with an answer; empty if nothing is."""
        if status in self.or_statuses:
            return ""
        if status != self.status:
            return f"{status} instead of {self.status}: {details[:200]}"
        if self.details and not _is_told(self.details, details):
            return f"told {details[:200]!r} instead of {self.details!r}"
        if self.wrong and wrong_in(details) != self.wrong:
            return f"told {details[:200]!r} instead of {self.wrong!r}"
        if self.reply is not None and not _is_equal(payload, self.reply):
            return f"{WRONG} of {len(payload)} bytes"
        return ""


def _is_told(wanted: str, details: str) -> bool:
    if wanted.endswith("…"):
        return details.startswith(wanted[:-1])
    return details == wanted


def _is_equal(payload: bytes, wanted: Any) -> bool:
    """Compare to the last bit; only the order of a map, which protobuf leaves open, may differ."""
    message = type(wanted).FromString(payload)
    return bool(_bytes(message) == _bytes(wanted))


def _bytes(message: Any) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


def write_model(folder: Path) -> Path:
    """Write the model that the diet is for."""
    models.write_obedient(folder)
    src = folder / "files" / "src"
    (src / "func_main.py").rename(src / "soak_obedient.py")
    (folder / "contract.yaml").unlink()
    for name in MODELS:
        source = models_of("python") / name / "files" / "src" / "func_main.py"
        (src / f"soak_{name}.py").write_bytes(source.read_bytes())
    imports = [f"from soak_{name} import *" for name in ("obedient", *MODELS)]
    (src / "func_main.py").write_text("\n".join(imports) + "\n", encoding="utf-8")
    (folder / PROTOBIN).write_bytes(contract.serialise(_contract()))
    return folder


def _contract() -> Contract:
    """Return the signatures of all models; the first of a name is the one that counts."""
    read = [contract.read_contract(models_of("python") / name / YAML) for name in MODELS]
    with tempfile.TemporaryDirectory() as folder:
        read.append(contract.read_contract(models.write_obedient(Path(folder)) / YAML))
    merged = {it.name: it for each in reversed(read) for it in each.signatures}
    return Contract(MODEL_NAME, tuple(merged.values()))


def golden() -> Exchange:
    """Return the request whose latency is measured."""
    return Exchange(Kind.GOLDEN, deed(), _doubles(expected(GOLDEN_X)))


def crash(number: int) -> Exchange:
    """Return a request that ends each worker it is given to, no two of them alike."""
    what = "segfault" if number % 2 else "exit 3"
    return Exchange(Kind.CRASHES, deed(what, [number / 7]), status="INTERNAL")


def mix(seed: int) -> Iterator[Exchange]:
    """Yield what to send, endlessly."""
    chosen = random.Random(seed)
    weights, kinds = zip(*_shares(), strict=True)
    while True:
        (exchanges,) = chosen.choices(kinds, weights)
        yield chosen.choice(exchanges)


@functools.cache
def _shares() -> list[tuple[float, list[Exchange]]]:
    """Return how many of a thousand requests are of which kind."""
    dishes = [*_cases(), *_own()]
    values = [dish for dish in dishes if dish.kind is Kind.VALUES]
    refusals = [dish for dish in dishes if dish.kind is Kind.REFUSALS]
    slow = deed(f"sleep {SLOW_SECONDS}")
    hasty = Exchange(
        Kind.DEADLINES,
        slow,
        status="DEADLINE_EXCEEDED",
        or_statuses=("RESOURCE_EXHAUSTED", "UNAVAILABLE"),
        timeout_seconds=HASTE_SECONDS,
    )
    given_up = Exchange(
        Kind.CANCELS,
        slow,
        status="CANCELLED",
        or_statuses=("OK",),  # a busy client gives it up too late
        cancel_seconds=HASTE_SECONDS,
    )
    return [
        (600, [golden(), _rows(3), _rows(17)]),
        (300, values),
        (20, [_large(size, as_content) for size in LARGE_BYTES for as_content in (True, False)]),
        (40, _other_methods()),
        (38, [*refusals, _too_large()]),
        (1, [hasty]),
        (1, [given_up]),
    ]


def _is_served(case: Any) -> bool:
    """Whether the merged model has the case's, and nothing in it depends on a setting."""
    return case.model in MODELS and not case.settings


def _cases() -> Iterator[Exchange]:
    """Yield what every protocol can say, over each wire."""
    cases = [case for subject in SUBJECTS for case in subject.CASES if _is_served(case)]
    for wire in every_wire():
        dishes = [_dish(wire, case) for case in cases if not wire.gap(case)]
        yield from dishes
        yield from map(_streamed, filter(_is_inference, dishes))


def _is_inference(exchange: Exchange) -> bool:
    return exchange.method == operations.INFER.grpc_method and exchange.kind is Kind.VALUES


def _streamed(exchange: Exchange) -> Exchange:
    """Return the same inference as the only message of a stream."""
    streamed = message_class("inference.ModelStreamInferResponse")
    method = operations.STREAM_INFER.grpc_method
    return exchange._replace(method=method, reply=streamed(infer_response=exchange.reply))


def _dish(wire: Any, case: Case) -> Exchange:
    sent, outcome = wire.write(case), case.outcome
    method = sent.operation.grpc_method
    if outcome.status == OK:
        named = (MODEL_NAME,) if isinstance(wire, OpenInference) else ()
        return Exchange(
            Kind.VALUES, sent.payload, wire.reply(outcome.outputs, *named), method=method
        )
    return Exchange(
        Kind.REFUSALS, sent.payload, status=outcome.status, wrong=outcome.wrong, method=method
    )


def _own() -> Iterator[Exchange]:
    """Yield what this protocol alone can say."""
    for own in (it for subject in OWN_SUBJECTS for it in subject.EXCHANGES if _is_served(it)):
        kind = Kind.VALUES if own.status == OK else Kind.REFUSALS
        yield Exchange(kind, own.request, own.reply, own.status, own.details)


def _doubles(values: list[float]) -> Any:
    content = np.array(values, "<f8").tobytes()
    return reply(y=tensor(hs.DT_DOUBLE, [len(values)], tensor_content=content))


def _rows(count: int) -> Exchange:
    x = [count + place / 3 for place in range(count)]
    return Exchange(Kind.GOLDEN, deed(x=x), _doubles(expected(x)))


def _large(size_bytes: int, as_content: bool) -> Exchange:
    """Return a request and a reply that go by shared memory inside of the service."""
    x = np.random.default_rng(size_bytes).standard_normal(size_bytes // 4).astype("<f4")
    payload = encode_request("identity_float32", {"x": x}, as_content)
    same = hs.PredictRequest.FromString(payload).inputs["x"]
    return Exchange(Kind.LARGE, payload, reply(y=same))


def _too_large() -> Exchange:
    """Return a request that grpc refuses before it has all of it.

    If the connection has come of age just then, grpc closes it with the rest unread, and the client
    may never see why; then it hears that it may try again.
    """
    x = tensor(hs.DT_UINT8, [MAX_MESSAGE_BYTES], tensor_content=bytes(MAX_MESSAGE_BYTES))
    payload = request("identity_uint8", x=x)
    return Exchange(
        Kind.REFUSALS, payload, status="RESOURCE_EXHAUSTED", or_statuses=("UNAVAILABLE",)
    )


def _other_methods() -> list[Exchange]:
    wanted = asking.Request(metadata_field=[asking.SIGNATURE_DEF]).SerializeToString()
    serving = hs.StatusResponse(status=hs.StatusResponse.SERVING, message="ok")
    healthy = HealthResponse(status=HealthResponse.SERVING)
    nobody = HealthRequest(service="no.such.Service").SerializeToString()
    unknown = "/tensorflow.serving.SessionService/SessionRun"
    metadata = operations.GET_MODEL_METADATA.grpc_method
    status, check = operations.STATUS.grpc_method, operations.HEALTH_CHECK.grpc_method
    return [
        Exchange(Kind.METHODS, wanted, _metadata(), method=metadata),
        *(
            Exchange(Kind.METHODS, b"", status="INVALID_ARGUMENT", method=row.grpc_method)
            for row in (operations.CLASSIFY, operations.REGRESS, operations.MULTI_INFERENCE)
        ),
        Exchange(Kind.METHODS, b"", _available(), method=operations.MODEL_STATUS.grpc_method),
        Exchange(Kind.METHODS, b"", serving, method=status),
        Exchange(Kind.METHODS, b"", healthy, method=check),
        Exchange(Kind.METHODS, nobody, status="NOT_FOUND", method=check),
        Exchange(Kind.METHODS, b"", status="UNIMPLEMENTED", method=unknown),
        Exchange(Kind.METHODS, b"", status="INVALID_ARGUMENT", method=metadata),
        Exchange(Kind.METHODS, b"", _index(), method=operations.REPOSITORY_INDEX.grpc_method),
        *(
            Exchange(Kind.METHODS, OTHER_MODEL, status="NOT_FOUND", method=row.grpc_method)
            for row in ABOUT_MODEL
        ),
        *(
            Exchange(Kind.METHODS, b"", status="UNIMPLEMENTED", method=row.grpc_method)
            for row in operations.REFUSED
        ),
    ]


def _index() -> Any:
    model = {"name": MODEL_NAME, "version": "1", "state": "READY"}
    return message_class("inference.RepositoryIndexResponse")(models=[model])


def _available() -> Any:
    """Return what GetModelStatus says of a model that is served."""
    response = message_class("tensorflow.serving.GetModelStatusResponse")()
    version = response.model_version_status.add(version=1, state="AVAILABLE")
    version.status.SetInParent()
    return response


def _metadata() -> Any:
    signatures = {
        it.name: asking.signature(_forms(it.inputs), _forms(it.outputs))
        for it in _contract().signatures
    }
    return asking.described(asking.spec(MODEL_NAME), **signatures)


def _forms(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {field.name: (DTYPE_NUMBERS[field.dtype], field.shape) for field in fields}
