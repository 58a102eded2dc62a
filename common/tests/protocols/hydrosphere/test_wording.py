import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.hydrosphere import wording
from serving_runtime.signature import Contract, Signature
from serving_runtime.validation import choose_signature

CONTRACT = Contract("model", tuple(Signature(name, (), ()) for name in ("add", "mul")))


def test_a_caller_who_can_name_no_signature_is_not_asked_to():
    """What mends it is the contract, or another protocol."""
    with pytest.raises(InvalidInput) as error:
        choose_signature(CONTRACT, "")
    assert wording.word(error.value) == (
        "the request names no signature, as none of Hydrosphere 3.x does; the model has: add, mul: "
        "serve it with a contract of one of them, call one serving_default, or call "
        "tensorflow.serving.PredictionService/Predict"
    )


def test_other_errors_keep_their_words():
    """They are plain enough, and no client of 3.x matches on any."""
    assert wording.word(InvalidInput("x must not be 0")) == "x must not be 0"


def test_what_is_not_carried_is_named_with_what_carries_it():
    """One field is enough."""
    assert wording.not_carried(['input "x"', 'output "y"']) == (
        'input "x" is of bfloat16, which Hydrosphere 3.x\'s tensors do not have: call '
        "tensorflow.serving.PredictionService/Predict, or declare float32"
    )
