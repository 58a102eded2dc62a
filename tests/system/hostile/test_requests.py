import grpc
import pytest

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import POOL, message_class
from serving_runtime import operations
from serving_runtime.protocols.protobuf.scanning import BYTES_3, number, sized
from tests.support.hostile import messages
from tests.support.hostile.messages import (
    doubles,
    entry,
    keyed,
    mapping,
    predict,
    tag,
    tensor,
    with_x,
)
from tests.support.servers import (
    PREDICT,
    Failure,
    ask,
    assert_refused,
    channel,
    expected,
    failure,
    is_one_line,
    request,
    seen,
)

MANY = 20_000
GOOD = (entry(b"what", messages.words(b"")), entry(b"x", doubles(3.0)))
CONTENT = sized(tag("tensor_content"), bytes(8))
VALUES = sized(tag("double_val"), bytes(8))

# What is sent, and words of the answer.
REFUSED = {
    "a square that overflows": (
        with_x(tensor(hs.DT_DOUBLE, [2**32, 2**32], VALUES)),
        ['input "x"', "4294967296", "too large for any array"],
    ),
    "the largest dimension": (
        with_x(tensor(hs.DT_DOUBLE, [2**63 - 1], CONTENT)),
        ['input "x"', "9223372036854775807", "too large for any array"],
    ),
    "content for a giant": (
        with_x(tensor(hs.DT_DOUBLE, [2**40], CONTENT)),
        ['input "x"', "1 value for 1099511627776 elements"],
    ),
    "a negative dimension": (with_x(tensor(hs.DT_DOUBLE, [-2], VALUES)), ["-2", "negative"]),
    "65 dimensions": (
        with_x(tensor(hs.DT_DOUBLE, [1] * 65, VALUES)),
        ["65 dimensions are more than 32"],
    ),
    "100,000 dimensions": (
        with_x(tensor(hs.DT_DOUBLE, [1] * 100_000, VALUES)),
        ["100000 dimensions are more than 32"],
    ),
    "an unknown dtype": (with_x(tensor(4711, [1], VALUES)), ["dtype number 4711"]),
    "a negative dtype": (with_x(tensor(-1, [1], VALUES)), ["dtype number -1"]),
    "a variant": (with_x(messages.nested_variants(1)), ['input "x": dtype number 21']),
    "two payload fields": (
        with_x(tensor(hs.DT_DOUBLE, [1], VALUES, CONTENT)),
        ["values in both double_val and tensor_content"],
    ),
    "values beside variants": (
        with_x(tensor(hs.DT_DOUBLE, [1], VALUES, sized(tag("variant_val"), b""))),
        ["values in both double_val and variant_val"],
    ),
    "a map": (with_x(mapping()), ['input "x": expected float64[-1], got map']),
    "maps, 10 deep": (with_x(messages.nested(10)), ['input "x": expected float64[-1], got map']),
    "maps, 1,000 deep": (with_x(messages.nested(1000)), ["not a PredictRequest"]),
    "maps, 10,000 deep": (with_x(messages.nested(10_000)), ["not a PredictRequest"]),
    "variants, 10 deep": (with_x(messages.nested_variants(10)), ["dtype number 21"]),
    "variants, 10,000 deep": (with_x(messages.nested_variants(10_000)), ["not a PredictRequest"]),
    "groups, 10,000 deep": (predict(*GOOD) + messages.nested_groups(10_000), ["not a PredictReq"]),
    "a group that never ends": (predict(*GOOD) + number(99 << 3 | 3), ["not a PredictRequest"]),
    "a wrong dtype in a map": (
        with_x(mapping(keyed(b"k", tensor(4711)))),
        ['input "x": in "k": dtype number 4711'],
    ),
    "a key that is not UTF-8": (predict(entry(b"\xff", doubles(1.0))), ["not a PredictRequest"]),
    "a map's key that is not UTF-8": (
        with_x(mapping(keyed(b"\xc0\x80", doubles(1.0)))),
        ["not a PredictRequest"],
    ),
    "a signature that is not UTF-8": (predict(*GOOD, signature=b"\xff"), ["not a PredictRequest"]),
    "a signature of 500,000 letters": (
        predict(*GOOD, signature=b"a" * 500_000),
        ["aaa... signature is not present in the model; it has: infer, table"],
    ),
    "an empty name": (predict(entry(b"", doubles(1.0)), *GOOD), ['input "" is not in the sig']),
    "an entry of nothing": (predict(b"\x12\x00", *GOOD), ['input ""']),
    "a tensor of nothing": (with_x(b""), ['input "x": dtype number 0']),
    "no inputs": (predict(), ['"what" is missing', '"x" is missing']),
    "a million zeros": (bytes(10**6), ["not a PredictRequest"]),
    "20,000 unknown inputs": (
        predict(*(entry(b"a%d" % turn, doubles(1.0)) for turn in range(MANY)), *GOOD),
        ["is not in the signature", "more problems"],
    ),
    "20,000 outputs to keep": (
        predict(*GOOD) + b"".join(sized(BYTES_3, b"o%d" % turn) for turn in range(MANY)),
        ['output_filter names "o0", but the outputs are: y'],
    ),
}  # fmt: skip

# Odd, but what protobuf's own rules have an answer for: x is 3 by them.
ACCEPTED = {
    "the last of 10,000 of one name": predict(*[entry(b"x", doubles(2.0))] * 10_000, *GOOD),
    "unknown fields": predict(*GOOD) + sized(1000, b"x" * 900_000),
    "a dtype twice": with_x(tensor(4711)[:3] + doubles(3.0)),
    "fields the other way round": predict(*reversed(GOOD)),
}
# What is refused by its name is not read.
READ = [
    row.grpc_method
    for row in operations.FORWARDED
    if row.grpc_method and row not in operations.REFUSED and not row.is_stream
]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(unharmed, case):
    """INVALID_ARGUMENT, and one line that names what is wrong."""
    payload, told = REFUSED[case]
    with channel(unharmed.address) as connection:
        assert_refused(connection, payload, told)


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_is_answered(unharmed, case):
    """Protobuf says what such bytes mean: of one name the last counts, the unknown is ignored."""
    with channel(unharmed.address) as connection:
        assert ask(connection, ACCEPTED[case], 30) == expected([3.0])


@pytest.mark.parametrize(
    ("sizes", "details"),
    [
        ([2**40], "the request's repeated values would grow to 8796093022200 bytes, more than "
                  "RUNTIME_MAX_EXPANDED_BYTES=16777216"),
        ([2**40, 0], "the request's repeated values would grow to 8796093022208 bytes, more "
                     "than RUNTIME_MAX_EXPANDED_BYTES=16777216"),
    ],
)  # fmt: skip
def test_a_giant_of_one_value_is_too_much(unharmed, sizes, details):
    """One value may stand for many, but not for more than the setting allows."""
    values = VALUES if 0 not in sizes else b""
    with channel(unharmed.address) as connection:
        refused = failure(connection, with_x(tensor(hs.DT_DOUBLE, sizes, values)))
    assert refused == Failure("RESOURCE_EXHAUSTED", details)


GARBAGE = [b"\xff", b"\x0a\xff", bytes(1000), b"\x0a" * 100_000]


@pytest.mark.parametrize("payload", GARBAGE)
@pytest.mark.parametrize("method", READ)
def test_no_method_takes_garbage(unharmed, method, payload):
    """Whatever parses requests refuses what is none."""
    with channel(unharmed.address) as connection, pytest.raises(grpc.RpcError) as caught:
        connection.unary_unary(method, None, None)(payload, timeout=30)
    assert seen(caught.value).status == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "method", [row.grpc_method for row in operations.FORWARDED if row.is_stream]
)
def test_a_stream_refuses_each_message_of_garbage_and_goes_on(unharmed, method):
    """There is an answer to each, which says what is wrong."""
    _, service, name = method.split("/")
    found = POOL.FindServiceByName(service).FindMethodByName(name)
    reply = message_class(found.output_type.full_name)
    with channel(unharmed.address) as connection:
        call = connection.stream_stream(method, None, None)(iter(GARBAGE * 2), timeout=60)
        answers = [reply.FromString(payload) for payload in call]
    assert call.code() is grpc.StatusCode.OK
    assert len(answers) == len(GARBAGE) * 2
    assert all(is_one_line(answer.error_message) for answer in answers)
    assert all(answer.error_message for answer in answers)


def test_the_golden_request_is_one_of_these_messages():
    """What is written by hand here is what a client's library writes, so the cases are near it."""
    mine = predict(entry(b"what", messages.words(b"")), entry(b"x", doubles(1.5)))
    theirs = hs.PredictRequest.FromString(request("", [1.5], as_content=False))
    assert hs.PredictRequest.FromString(mine) == theirs
    assert operations.PREDICT.grpc_method == PREDICT
