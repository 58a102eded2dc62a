"""Whatever a client sends by JSON or as a table is answered or refused, and nothing else."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime import validation
from serving_runtime.errors import ServingError
from serving_runtime.protocols.json import libraries
from serving_runtime.protocols.tabular.invocations import Invocations
from serving_runtime.protocols.tensorflow_serving.rest_classify import RestClassify
from serving_runtime.protocols.tensorflow_serving.rest_predict import RestPredict
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature

MAP = Field("m", "map", (-1,), (Field("n", "int8", ()), Field("t", "string", (-1,))))
SIGNATURES = (
    Signature("a", (Field("x", "float32", (-1, 2)),), ()),
    Signature(
        "b",
        (Field("x", "int64", (-1,)), Field("y", "string", (-1,)), Field("z", "bool", (-1,))),
        (),
        nullable=(Nullable("x", numbers="float64"), Nullable("y")),
    ),
    Signature("c", (Field("x", "complex64"), Field("y", "any"), MAP), ()),
    Signature("d", (Field("inputs", "string", (-1,)),), (Field("scores", "float32", (-1, 1)),)),
)
CONTRACT = Contract("own", SIGNATURES)
SETTINGS = Settings.from_env({})
PREDICT, CLASSIFY, TABLES = (
    kind(CONTRACT, SETTINGS) for kind in (RestPredict, RestClassify, Invocations)
)
KEYS = ["x", "y", "z", "m", "n", "t", "b64", "inputs", "x:missing", "columns", "data", ""]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["", "a", "YQ==", "1", "ü\0"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS), children, max_size=4)
    ),
    max_leaves=12,
)
FORMS = ["instances", "inputs", "examples", "context", "dataframe_split", "dataframe_records"]
BODIES = st.fixed_dictionaries({"signature_name": st.sampled_from("abcde")}).flatmap(
    lambda head: st.dictionaries(st.sampled_from(FORMS), VALUES, min_size=1, max_size=2).map(
        lambda forms: {**head, **forms}
    )
)
each_protocol = pytest.mark.parametrize("protocol", [PREDICT, CLASSIFY, TABLES])


def tried(protocol, payload, **attributes):
    """Return the tensors of a request, as the model would get them, or why it is refused."""
    try:
        request = protocol.decode(payload, "", attributes)
        signature = validation.choose_signature(CONTRACT, request.signature_name)
        return validation.validate_inputs(
            signature, request.tensors, "same_kind", str, request.unreadable
        )
    except ServingError as refusal:
        return str(refusal)


@each_protocol
@given(body=BODIES)
def test_any_json_is_read_or_refused(protocol, body):
    """By each library the same."""
    payload = json.dumps(body).encode()
    found = repr(tried(protocol, payload))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libraries, "simdjson", None)
        assert repr(tried(protocol, payload)) == found
        patch.setattr(libraries, "orjson", None)
        assert repr(tried(protocol, payload)) == found


@given(
    rows=st.lists(st.lists(st.sampled_from(["", "1", "x", "2.5", '"', "ü", "true"]), max_size=4)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_csv_is_read_or_refused(rows, end):
    """With its quotes, blank lines and ends of lines."""
    text = end.join(",".join(row) for row in rows)
    one = Invocations(Contract("own", SIGNATURES[1:2]), SETTINGS)
    assert tried(one, text.encode(), **{"content-type": "text/csv"})


@given(cut=st.integers(0, 200), at=st.integers(0, 200), byte=st.integers(0, 255))
def test_any_file_of_numpys_is_read_or_refused(cut, at, byte):
    """Whatever is damaged or cut off."""
    file = io.BytesIO()
    np.save(file, np.arange(8, dtype="f4").reshape(4, 2))
    payload = bytearray(file.getvalue())
    payload[at % len(payload)] = byte
    one = Invocations(Contract("own", SIGNATURES[:1]), SETTINGS)
    assert tried(
        one, bytes(payload[: len(payload) - cut % 40]), **{"content-type": "application/x-npy"}
    )
