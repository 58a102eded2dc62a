import numpy as np
import pytest

from serving_runtime.errors import LimitExceeded, Status, Unimplemented
from serving_runtime.protocols import Request
from serving_runtime.protocols.hydrosphere.predict import Predict
from serving_runtime.protocols.hydrosphere.protobuf_codec import PredictResponse
from serving_runtime.protocols.hydrosphere.reply_context import ReplyContext
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature, Tensor
from tests.support.messages_3_x import MessageTensor, PredictRequest, TensorShape

SETTINGS = Settings.from_env({})
DOUBLE = 2
Y = Tensor("float32", np.array([1.5, 2], np.float32))


def serving(*signatures, **changes):
    """Return what answers for a contract."""
    return Predict(Contract("own", signatures), SETTINGS._replace(**changes))


def signature(dtype, name="infer"):
    """Return a signature of one input and one output."""
    return Signature(name, (Field("x", dtype),), (Field("y", dtype),))


def request(**fields):
    """Return the bytes of a request for one input."""
    return PredictRequest(inputs={"x": MessageTensor(**fields)}).SerializeToString()


def replied(protocol, outputs, as_content=False):
    """Return the message of a reply."""
    answered = Request("", {}, reply_context=ReplyContext(as_content))
    payload, attributes = protocol.encode(outputs, answered, signature("any"))
    assert attributes == {}
    return PredictResponse.FromString(payload)


def test_a_request_means_the_default_signature_and_all_outputs():
    """It has inputs and nothing else."""
    decoded = serving(signature("float64")).decode(request(dtype=DOUBLE, double_val=[1]), "", {})
    assert (decoded.signature_name, decoded.output_names) == ("", ())
    assert str(decoded.tensors["x"]) == "float64[]"


def test_the_budget_is_a_setting():
    """RUNTIME_MAX_EXPANDED_BYTES bounds what repeated values grow to."""
    protocol = serving(signature("float64"), max_expanded_bytes=80)
    payload = request(dtype=DOUBLE, double_val=[1], tensor_shape=TensorShape(dims=[11]))
    assert protocol.decode(payload, "", {}).tensors["x"].array.shape == (11,)
    payload = request(dtype=DOUBLE, double_val=[1], tensor_shape=TensorShape(dims=[12]))
    with pytest.raises(LimitExceeded, match="RUNTIME_MAX_EXPANDED_BYTES=80"):
        protocol.decode(payload, "", {})


@pytest.mark.parametrize("as_content", [True, False])
def test_a_reply_is_in_the_encoding_of_the_request(as_content):
    """Raw bytes are in binary_val; a shape is plain numbers."""
    reply = replied(serving(signature("float32")), {"y": Y}, as_content)
    assert {it.name for it, _ in reply.outputs["y"].ListFields()} == {
        "dtype", "tensor_shape", "binary_val" if as_content else "float_val",
    }  # fmt: skip
    assert list(reply.outputs["y"].tensor_shape.dims) == [2]


def test_a_scalar_s_shape_is_present_and_empty():
    """As the 3.0.3 runtimes write it."""
    reply = replied(serving(signature("int8")), {"y": Tensor("int8", np.array(1, np.int8))})
    assert reply.outputs["y"].HasField("tensor_shape")
    assert list(reply.outputs["y"].tensor_shape.dims) == []


def test_a_signature_that_cannot_be_carried_is_refused_by_name():
    """The other signatures of the model are none of its callers' business."""
    for contract in ([signature("bfloat16")],
                     [signature("int8"), signature("bfloat16", "serving_default")]):  # fmt: skip
        with pytest.raises(
            Unimplemented, match='input "x" is of bfloat16.*call tensorflow'
        ) as error:
            serving(*contract).decode(request(dtype=DOUBLE, double_val=[1]), "", {})
        assert error.value.status is Status.UNIMPLEMENTED
    others = [signature("bfloat16"), signature("int8", "serving_default")]
    assert serving(*others).decode(request(dtype=DOUBLE), "", {}).unreadable


def test_a_result_that_cannot_be_carried_is_refused_where_anything_goes():
    """Else the client would read a number that its enum does not have."""
    protocol = serving(signature("any"))
    assert replied(protocol, {"y": Y}).outputs["y"].dtype == 1
    with pytest.raises(Unimplemented, match='output "y" is of bfloat16'):
        replied(protocol, {"y": Y._replace(dtype="bfloat16")})


def test_a_dtype_that_only_contracts_have_is_explained():
    """DT_ANY in a request says nothing about its values."""
    decoded = serving(signature("any")).decode(request(dtype=24, double_val=[1]), "", {})
    assert decoded.unreadable == {
        "x": "dtype number 24 is not one that tensors are served in: DT_ANY is a contract's, and a "
        "tensor says which dtype its values have"
    }
