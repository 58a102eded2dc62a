import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro_serving_grpc.messages import message_class
from serving_runtime import contract
from serving_runtime.contract import formats
from serving_runtime.contract.types import DTYPE_NUMBERS, PROFILE_NUMBERS
from serving_runtime.errors import LoadError
from serving_runtime.signature import NUMPY_DTYPES, Contract, Field, Signature

NAMES = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=8)
SIZES = st.one_of(st.just(-1), st.integers(0, 300), st.integers(0, 2**63 - 1))
SHAPES = st.one_of(st.none(), st.lists(SIZES, max_size=4).map(tuple))
DTYPES = sorted(NUMPY_DTYPES) + ["any", "map"]
PROFILES = sorted(PROFILE_NUMBERS)
# What files cannot say: a graph's own names, a signature's method, a version.
UNSAID = st.just("")


def named(things):
    """Draw tuples of things whose names differ."""
    return st.lists(things, max_size=3, unique_by=lambda thing: thing.name).map(tuple)


LEAVES = st.builds(
    Field, NAMES, st.sampled_from(DTYPES), SHAPES, st.just(()), st.sampled_from(PROFILES), UNSAID
)
FIELDS = st.recursive(
    LEAVES,
    lambda fields: st.builds(
        Field,
        NAMES,
        st.just("map"),
        SHAPES,
        named(fields).filter(bool),
        st.sampled_from(PROFILES),
        UNSAID,
    ),
    max_leaves=5,
)
SIGNATURES = st.builds(
    Signature,
    NAMES,
    named(FIELDS),
    named(FIELDS).filter(bool),
    UNSAID,
    st.just(()),
    st.just(()),
)
CONTRACTS = st.builds(
    Contract, st.one_of(st.just(""), NAMES), named(SIGNATURES).filter(bool), st.just(0)
)


@given(CONTRACTS)
def test_protobin_round_trip(original):
    """Every contract that can be served survives contract.protobin, as the same bytes each time."""
    data = contract.serialise(original)
    assert contract.parse(data) == original
    assert contract.serialise(contract.parse(data)) == data


@given(CONTRACTS)
def test_yaml_round_trip(original):
    """Every contract that can be served survives contract.yaml."""
    assert contract.read_yaml(contract.write_yaml(original)) == original


@given(st.binary(max_size=60))
def test_random_bytes(data):
    """Bytes that are no contract are refused, and never fail in any other way."""
    with contextlib.suppress(LoadError):
        contract.parse(data)


def without(field, profile=False, shape=False, subfields=False):
    """Reduce a field to what a format can say."""
    nested = (
        ()
        if subfields
        else tuple(without(each, profile, shape, subfields) for each in field.subfields)
    )
    return field._replace(
        profile="" if profile else field.profile,
        shape=None if shape and nested else field.shape,
        subfields=nested,
    )


def reduced(original, **missing):
    """Reduce a contract to what a format can say."""
    signatures = tuple(
        Signature(
            each.name,
            tuple(without(field, **missing) for field in each.inputs),
            tuple(without(field, **missing) for field in each.outputs),
        )
        for each in original.signatures
    )
    return original._replace(signatures=signatures)


def fill_shape(message, shape):
    """Write a shape as TensorFlow has it."""
    if shape is not None:
        message.SetInParent()
        for size in shape:
            message.dim.add(size=size)


def fill_info(message, field):
    """Write the type and shape of a field of 0.0.x."""
    message.info.dtype = DTYPE_NUMBERS[field.dtype]
    fill_shape(message.info.shape, field.shape)


def fill_earliest(message, field):
    """Write a field of the earliest format."""
    message.name, message.dtype = field.name, DTYPE_NUMBERS[field.dtype]
    fill_shape(message.shape, field.shape)


def fill_0_0_5(message, field):
    """Write a field of 0.0.5, nested ones as a map."""
    message.name = field.name
    for nested in field.subfields:
        fill_0_0_5(message.dict.data[nested.name], nested)
    if not field.subfields:
        fill_info(message, field)


def fill_0_0_11(message, field):
    """Write a field of 0.0.11, nested ones as a list."""
    message.name = field.name
    for nested in field.subfields:
        fill_0_0_11(message.subfields.data.add(), nested)
    if not field.subfields:
        fill_info(message, field)


def fill_3_x(message, field):
    """Write a field of 3.x."""
    message.name, message.profile = field.name, PROFILE_NUMBERS[field.profile]
    if field.shape is not None:
        message.shape.SetInParent()
        message.shape.dims.extend(field.shape)
    for nested in field.subfields:
        fill_3_x(message.subfields.data.add(), nested)
    if not field.subfields:
        message.dtype = DTYPE_NUMBERS[field.dtype]


def fill_signature(message, signature, fill_field):
    """Write a signature, which all formats have alike."""
    message.signature_name = signature.name
    for field in signature.inputs:
        fill_field(message.inputs.add(), field)
    for field in signature.outputs:
        fill_field(message.outputs.add(), field)


def written(name, original, fill_field):
    """Write a contract with an older generation's own messages."""
    message = message_class(name)(model_name=original.model_name)
    for signature in original.signatures:
        fill_signature(message.signatures.add(), signature, fill_field)
    return message.SerializeToString()


def in_order(original):
    """Sort fields, since a protobuf map has no order."""

    def sort(fields):
        return tuple(sorted(each._replace(subfields=sort(each.subfields)) for each in fields))

    return [
        (each.name, sorted(map(repr, sort(each.inputs))), sorted(map(repr, sort(each.outputs))))
        for each in original.signatures
    ]


@given(CONTRACTS.map(lambda it: reduced(it, profile=True, subfields=True)))
def test_earliest(original):
    """A contract in the earliest format is read as itself, and never as another format's."""
    data = written("hydrosphere.legacy.earliest.ModelContract", original, fill_earliest)
    assert contract.parse(data) == original


@given(CONTRACTS.map(lambda it: reduced(it, profile=True, shape=True)))
def test_0_0_5(original):
    """A contract in the format of 0.0.5 is read as itself, nested maps in any order."""
    data = written("hydrosphere.legacy.v0_0_5.ModelContract", original, fill_0_0_5)
    assert in_order(contract.parse(data)) == in_order(original)


@given(CONTRACTS.map(lambda it: reduced(it, profile=True, shape=True)))
def test_0_0_11(original):
    """A contract in the format of 0.0.11 is read as itself, and never as another format's."""
    data = written("hydrosphere.legacy.v0_0_11.ModelContract", original, fill_0_0_11)
    assert contract.parse(data) == original


@given(SIGNATURES)
def test_3_x(signature):
    """A bare signature of 3.x is read as itself, and never as another format's."""
    message = message_class("hydrosphere.serving.contract.ModelSignature")()
    fill_signature(message, signature, fill_3_x)
    assert contract.parse(message.SerializeToString()) == Contract("", (signature,))


def test_map_key_that_contradicts_the_field_is_refused():
    """In the format of 0.0.5 a nested field has its name twice, and both must say the same."""
    message = message_class("hydrosphere.legacy.v0_0_5.ModelContract")()
    field = message.signatures.add(signature_name="predict").outputs.add(name="y")
    field.dict.data["key"].name = "other"
    field.dict.data["key"].info.dtype = 1
    with pytest.raises(LoadError, match='the key "key" holds a field named "other"'):
        contract.parse(message.SerializeToString())


def test_ambiguous_file_is_refused(monkeypatch):
    """Should a new format make a file mean two things, neither is chosen."""
    bare = next(form for form in formats.FORMS if form.root == "signature")
    swapped = dict(bare.messages["signature"])
    swapped[2], swapped[3] = swapped[3], swapped[2]
    twin = bare._replace(title="its twin", messages={**bare.messages, "signature": swapped})
    monkeypatch.setattr(formats, "FORMS", (bare, twin))
    message = message_class("hydrosphere.serving.contract.ModelSignature")(signature_name="p")
    message.inputs.add(name="x", dtype=1)
    message.outputs.add(name="y", dtype=1)
    with pytest.raises(LoadError, match="it is ambiguous.* of Hydrosphere 3.x or its twin"):
        contract.parse(message.SerializeToString())
