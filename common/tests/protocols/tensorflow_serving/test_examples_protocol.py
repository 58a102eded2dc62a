import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols.tensorflow_serving.classify import Classify
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.regress import Regress
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field
from tests.support.examples import (
    CLASSIFIES,
    CONTRACT,
    LABELS,
    REGRESSES,
    classify,
    example,
    regress,
)

SETTINGS = Settings.from_env({})
ONE, OTHER = example(x=[1.5]), example(x=[2.5])


def decoded(payload, kind=Classify, contract=CONTRACT, **changes):
    """Read a request, as the worker asks for it."""
    return kind(contract, SETTINGS._replace(**changes)).decode(payload, "", {})


def test_a_request_is_one_input_of_strings():
    """It goes to the default signature, and all outputs of that are wanted."""
    request = decoded(classify(ONE, OTHER, name="any", version=7))
    assert request.signature_name == ""
    assert list(request.tensors) == ["inputs"]
    assert request.tensors["inputs"].array.tolist() == [
        one.SerializeToString() for one in (ONE, OTHER)
    ]
    assert request.output_names == ()
    assert request.reply_context.asked == ModelSpec("any", 7, "")
    assert request.reply_context.examples == 2


def test_outputs_that_no_reply_can_have_are_not_asked_for():
    """A classifier may have one output beside its classes."""
    more = CLASSIFIES._replace(outputs=(LABELS, Field("logits", "float32", (-1, -1))))
    request = decoded(classify(ONE), contract=Contract("", (more,)))
    assert request.output_names == ("classes",)


@pytest.mark.parametrize(
    ("payload", "kind", "words"),
    [
        (classify(ONE, signature="regress"), Classify, "is not one for Classify, call it with"),
        (regress(ONE), Regress, 'signature "serving_default" is not one for Regress'),
        (regress(ONE, signature="regres"), Regress, "regres signature is not present in the model; "
         "it has: serving_default, predict, regress: did you mean \"regress\""),
        (classify(), Classify, r"Input is empty\."),
        (b"\xff\xff", Classify, "^not a ClassificationRequest: "),
        (b"\x0a\x03\x0a\x01\xff", Regress, "^not a RegressionRequest: "),
    ],
)  # fmt: skip
def test_a_request_that_cannot_be_answered_is_refused(payload, kind, words):
    """The text says why, in TensorFlow Serving's words where it has some."""
    protocol = kind(CONTRACT, SETTINGS)
    with pytest.raises(InvalidInput) as refusal:
        protocol.decode(payload, "", {})
    assert re.search(words, protocol.word(refusal.value))


def test_the_only_signature_needs_no_name():
    """As with Predict, whatever it is called."""
    request = decoded(regress(ONE), Regress, Contract("", (REGRESSES,)))
    assert request.signature_name == ""


def test_the_budget_is_a_setting():
    """RUNTIME_MAX_EXPANDED_BYTES bounds what copies of the context grow to."""
    payload = classify(ONE, ONE, context=example(x=[b"x" * 100]))
    assert decoded(payload).reply_context.examples == 2
    with pytest.raises(LimitExceeded, match="RUNTIME_MAX_EXPANDED_BYTES=99"):
        decoded(payload, max_expanded_bytes=99)


@pytest.mark.parametrize("kind", [bytes, bytearray, lambda data: memoryview(bytearray(data))])
def test_any_buffer_is_a_request(kind):
    """The worker hands over views of its receive buffer."""
    assert decoded(kind(classify(ONE))).reply_context.examples == 1


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60), st.sampled_from([Classify, Regress]))
def test_random_bytes_are_read_or_refused(payload, kind):
    """Nothing else is ever raised."""
    with contextlib.suppress(InvalidInput, LimitExceeded):
        decoded(payload, kind)
