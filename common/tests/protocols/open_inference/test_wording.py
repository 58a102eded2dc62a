import numpy as np
import pytest

from serving_runtime.errors import BrokenResult, InvalidInput, NotAvailable, Unimplemented
from serving_runtime.protocols.open_inference import wording
from serving_runtime.protocols.open_inference.encoding import CARRIED_BY
from serving_runtime.signature import Field, Signature, Tensor
from serving_runtime.validation import validate_inputs, validate_outputs

FIELDS = (Field("x", "float32", (-1, 3)), Field("int8", "int8", ()), Field("s", "string", None))
SIGNATURE = Signature("add", FIELDS, FIELDS)


def worded(**inputs):
    """Return the text that a client gets for inputs that do not fit."""
    with pytest.raises(InvalidInput) as error:
        validate_inputs(SIGNATURE, inputs, "same_kind", str, {"int32": "of no float64"})
    return wording.word(error.value)


def test_dtypes_are_this_protocol_s_datatypes():
    """Names that a client has chosen, and reasons with them, stay as they are."""
    assert worded(
        x=Tensor("float64", np.zeros(4)),
        int8=Tensor("int64", np.array(200)),
        s=Tensor("bool", np.array(True)),
    ) == (
        'input "int32": of no float64; '
        'input "x": expected FP32[-1, 3], got FP64[4]; '
        'input "int8": expected INT8[], got INT64[]: 200 does not fit INT8 (-128 to 127); '
        'input "s": expected BYTES[...], got BOOL[]'
    )


def test_many_problems_keep_their_count():
    """Those that are left out are only counted."""
    sent = {f"float32 {number}": Tensor("int8", np.array(1)) for number in range(20)}
    text = worded(**sent)
    assert 'input "float32 0" is not in the signature' in text
    assert text.endswith(" more problems")


def test_results_are_worded_alike():
    """A model that breaks its contract is told so in the same words."""
    with pytest.raises(BrokenResult) as error:
        validate_outputs(SIGNATURE, {"x": np.zeros(3), "int8": "a", "s": ["a"]})
    assert wording.word(error.value).startswith('output "x": expected FP32[-1, 3], got FP64[3]')


def test_an_error_without_problems_keeps_its_text():
    """Its words may be a model's own."""
    assert wording.word(InvalidInput("x of float32 must not be 0")) == "x of float32 must not be 0"
    assert wording.word(NotAvailable("loading")) == "loading"


def test_rest_names_what_http_has():
    """A call of gRPC is no help to who has none."""
    refusal = Unimplemented(f"no datatype: call {CARRIED_BY}")
    assert wording.word(refusal) == f"no datatype: call {CARRIED_BY}"
    assert wording.word_rest(refusal) == "no datatype: call POST /v1/models/{model}:predict"
