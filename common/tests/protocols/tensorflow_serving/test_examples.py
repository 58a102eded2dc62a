import contextlib

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.tensorflow_serving import examples
from tests.support.examples import Example, Input, example, taken

OurInput = message_class("runtime.examples.Input")
ONE, OTHER = example(x=[1.5, 2.5], name=[b"\xff"]), example(x=[3.5], count=[-7])
CONTEXT = example(query=[b"pizza"], place=[9.5])


def read(payload, budget=1000):
    """Read the bytes of an Input, as a request has it."""
    return examples.read(OurInput.FromString(payload), DecodeBudget(budget))


def parsed(tensor):
    """Return the examples that a graph would see."""
    assert tensor.dtype == "string"
    return [Example.FromString(it) for it in tensor.array.tolist()]


def test_examples_are_handed_on_as_they_came():
    """The model's graph parses them: nothing is read, and nothing written anew."""
    odd = ONE.SerializeToString() + b"\x9a\x06\x01z"  # a field that no example has
    payload = b"\x0a" + bytes([len(odd) + 2]) + b"\x0a" + bytes([len(odd)]) + odd
    tensor = read(payload)
    assert tensor.array.tolist() == [odd]
    assert str(tensor) == "string[1]"


def test_the_context_s_features_are_merged_into_each_example():
    """Bytes that follow each other are one message; of a feature in both the last one counts."""
    tensor = read(taken(ONE, OTHER, context=CONTEXT).SerializeToString())
    first, second = parsed(tensor)
    assert second == example(query=[b"pizza"], place=[9.5], x=[3.5], count=[-7])
    assert list(first.features.feature["x"].float_list.value) == [1.5, 2.5]
    assert sorted(first.features.feature) == ["name", "place", "query", "x"]


@pytest.mark.parametrize(
    "payload",
    [b"", taken().SerializeToString(), taken(context=CONTEXT).SerializeToString(), b"\x12\x00"],
)
def test_a_request_needs_an_example(payload):
    """Ends in the words of TensorFlow Serving."""
    with pytest.raises(InvalidInput, match=r"has no examples: Input is empty\.$"):
        read(payload)


def test_of_two_kinds_the_last_counts():
    """As protobuf has it, and lists of one kind are one list."""
    one, other = taken(ONE).SerializeToString(), taken(OTHER, context=CONTEXT).SerializeToString()
    assert parsed(read(other + one)) == [ONE]
    assert parsed(read(one + one)) == [ONE, ONE]


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@pytest.mark.parametrize(
    "context", [b"\x0a\x05", b"\xff", b"\x0a\x01\x0a\x0a", b"\x0c", b"\x0a\x06"]
)
def test_a_context_that_is_none_is_refused(context):
    """Else it would take bytes of the examples for its own."""
    message = OurInput()
    message.example_list_with_context.context = context
    message.example_list_with_context.examples.append(ONE.SerializeToString())
    with pytest.raises(InvalidInput, match="^the context of the examples cannot be read: "):
        read(message.SerializeToString())


def test_copies_of_the_context_are_within_the_request_s_budget():
    """A long context would stand before each of many empty examples."""
    context = example(query=[b"x" * 90])
    size = len(context.SerializeToString())
    payload = taken(*[Example()] * 11, context=context).SerializeToString()
    assert len(read(payload, 10 * size).array) == 11
    with pytest.raises(LimitExceeded, match="RUNTIME_MAX_EXPANDED_BYTES"):
        read(payload, 10 * size - 1)


FEATURES = st.one_of(
    st.lists(st.binary(max_size=4), min_size=1, max_size=2),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=2),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=2),
)


def examples_with(names):
    """Return a strategy of examples with some of these features."""
    features = st.dictionaries(st.sampled_from(names), FEATURES, max_size=3)
    return features.map(lambda found: example(**found))


@given(st.lists(examples_with("abc"), min_size=1, max_size=3), st.none() | examples_with("xyz"))
def test_examples_are_those_that_protobuf_reads(sent, context):
    """With a context, those that protobuf gives by merging."""
    expected = []
    for one in sent:
        whole = Example()
        if context is not None:
            whole.MergeFrom(context)
        whole.MergeFrom(one)
        expected.append(whole)
    assert parsed(read(taken(*sent, context=context).SerializeToString(), 10**6)) == expected


@pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it
@given(st.binary(max_size=60))
def test_what_protobuf_reads_is_read_or_refused(context):
    """Any bytes may be a context; nothing else is ever raised, and the examples stay apart."""
    message = OurInput()
    message.example_list_with_context.context = context
    message.example_list_with_context.examples.append(OTHER.SerializeToString())
    with contextlib.suppress(InvalidInput, LimitExceeded, DecodeError):
        [whole] = parsed(read(message.SerializeToString()))
        assert list(whole.features.feature["count"].int64_list.value) == [-7]


def test_our_own_reading_has_the_numbers_of_the_real_messages():
    """What one writes the other reads."""
    payload = taken(ONE, context=CONTEXT).SerializeToString()
    assert Input.FromString(OurInput.FromString(payload).SerializeToString()) == Input.FromString(
        payload
    )
