"""What Hydrosphere 3.x's requests say: what the older ones do, in its own fields, and the rest."""

import hydro_serving_grpc as hs
from serving_runtime.operations import PREDICT_3
from tests.conformance.tensorflow_serving import encodings, unreadable
from tests.conformance.tensorflow_serving.exchange import Exchange, refused
from tests.support import messages_3_x
from tests.support.messages_3_x import MessageTensor, PredictRequest, TensorShape

BFLOAT16 = "bfloat16"
# It has no shape of unknown rank, and of two fields it names the one first that comes first.
OTHERWISE = ("unknown rank", "values in two fields")


def translated(exchange: Exchange) -> Exchange:
    """Return the same exchange in 3.x's messages."""
    asked = hs.PredictRequest.FromString(exchange.request)
    return exchange._replace(
        request=messages_3_x.request(asked).SerializeToString(),
        reply=exchange.reply and messages_3_x.reply(exchange.reply),
        details=exchange.details.replace("tensor_content", "binary_val"),
        operation=PREDICT_3,
    )


def wrong(title: str, model: str, signature: str, request: bytes, details: str) -> Exchange:
    """Return an exchange whose request is refused."""
    return refused(title, model, signature, request, details)._replace(operation=PREDICT_3)


def sent(**fields) -> bytes:
    """Return a request for one input of one axis."""
    tensor = MessageTensor(tensor_shape=TensorShape(dims=[1]), **fields)
    return PredictRequest(inputs={"x": tensor}).SerializeToString()


FLOAT = sent(dtype=hs.DT_FLOAT, float_val=[1])

EXCHANGES = [
    *(
        translated(exchange)
        for exchange in (*encodings.EXCHANGES, *unreadable.EXCHANGES)
        if BFLOAT16 not in exchange.signature and not exchange.title.endswith(OTHERWISE)
    ),
    wrong("values in two fields of 3.x", "identity", "identity_float32",
          sent(dtype=hs.DT_FLOAT, float_val=[1], binary_val=bytes(4)),
          'input "x": values in both binary_val and float_val'),
    wrong("a dtype that only contracts have", "identity", "identity_float32",
          sent(dtype=24, float_val=[1]),
          'input "x": dtype number 24 is not one that tensors are served in: DT_ANY is a '
          "contract's, and a tensor says which dtype its values have"),
    wrong("no signature can be named, and none is the default", "summator", "", FLOAT,
          "the request names no signature, as none of Hydrosphere 3.x does; the model has: add, "
          "mul: serve it with a contract of one of them, call one serving_default, or call "
          "tensorflow.serving.PredictionService/Predict"),
    wrong("no request at all", "features", "", b"", 'input "x" is missing: expected '
          'float32[-1, 3]; input "weight" is missing: expected float64[-1]'),
    wrong("bytes that are no message", "features", "", b"\xff\xfe no protobuf",
          "not a PredictRequest: …"),
    wrong("a signature of what 3.x cannot carry", "later_dtypes", "identity_bfloat16", FLOAT,
          'input "x" is of bfloat16, which Hydrosphere 3.x\'s tensors do not have: call '
          "tensorflow.serving.PredictionService/Predict, or declare float32",
          )._replace(status="UNIMPLEMENTED"),
]  # fmt: skip
