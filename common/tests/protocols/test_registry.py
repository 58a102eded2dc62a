import inspect

import pytest

from serving_runtime import operations, protocols
from serving_runtime.errors import InvalidInput, NotAvailable, Unimplemented
from serving_runtime.operations import AnsweredBy
from serving_runtime.protocols import (
    COMPOSITE_PROTOCOLS,
    CONTRACT_PROTOCOLS,
    MODEL_PROTOCOLS,
    PROTOCOLS,
    Protocols,
)
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Signature

CONTRACT = Contract("own", (Signature("s", (Field("x", "int8", ()),), ()),))
SETTINGS = Settings.from_env({})
# Asked for without a body: one that is sent all the same means nothing.
BODILESS = {
    row.key for row in operations.ALL if {"GET"} == {route.method for route in row.http_routes}
}


@pytest.mark.parametrize(
    ("registry", "answered_by"),
    [
        ({**MODEL_PROTOCOLS, **COMPOSITE_PROTOCOLS}, AnsweredBy.MODEL),
        (CONTRACT_PROTOCOLS, AnsweredBy.CONTRACT),
    ],
)
def test_the_registry_has_what_the_front_forwards(registry, answered_by):
    """Nothing is missing and nothing is there that no client can ask for."""
    rows = {row.key for row in operations.FORWARDED if row.answered_by is answered_by}
    assert set(registry) == rows


@pytest.mark.parametrize("key", sorted(PROTOCOLS))
def test_each_protocol_has_every_member(key):
    """One that lacks a member cannot be made; each lies in the folder that its key names."""
    kind = PROTOCOLS[key]
    assert not inspect.isabstract(kind)
    folder = f"serving_runtime.protocols.{operations.BY_KEY[key].protocol}"
    assert kind.__module__.startswith(f"{folder}.")
    by_model, by_parts, by_contract = Protocols.of(CONTRACT, SETTINGS)
    assert isinstance({**by_model, **by_parts, **by_contract}[key], kind)


@pytest.mark.parametrize("key", sorted(PROTOCOLS))
def test_each_protocol_words_every_error(key):
    """An error without problems as data keeps its text."""
    by_model, by_parts, by_contract = Protocols.of(CONTRACT, SETTINGS)
    word = {**by_model, **by_parts, **by_contract}[key].word
    assert word(InvalidInput("x must not be 0")) == "x must not be 0"
    assert word(NotAvailable("the service is loading")) == "the service is loading"


@pytest.mark.parametrize("key", sorted(set(PROTOCOLS) - BODILESS))
def test_what_is_no_request_of_a_protocol_is_refused(key):
    """Each raises what its client is answered with, and nothing else."""
    by_model, by_parts, by_contract = Protocols.of(CONTRACT, SETTINGS)
    if key in by_model:
        read = by_model[key].decode
    else:
        read = by_parts[key].parts if key in by_parts else by_contract[key].answer
    with pytest.raises((InvalidInput, Unimplemented)):
        read(b"\xff\xff", "", {})


@pytest.mark.parametrize("key", [*sorted(PROTOCOLS), "of.nobody"])
def test_a_request_of_unknown_length_needs_no_offset(key):
    """The worker asks for each operation that the front forwards, and may ask for others."""
    assert protocols.alignment_offset(key, 123457) == 0
