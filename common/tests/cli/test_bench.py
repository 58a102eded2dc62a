import json

import grpc
import pytest

from serving_runtime.bench import callers, display, level, load, samples, saturation
from serving_runtime.bench.percentiles import percentile
from serving_runtime.cli.tables import table
from serving_runtime.client import connect, rest_metadata
from serving_runtime.client import metadata as client_metadata
from serving_runtime.contract import serialise
from serving_runtime.errors import StartError
from serving_runtime.operations import GET_MODEL_METADATA
from serving_runtime.protocols.tensorflow_serving import metadata, protobuf_codec
from serving_runtime.signature import FREE, MAP, Contract, Field, Signature

OUTPUTS = (Field("y", "float32", (FREE,)),)
ROWS = Signature("rows", (Field("x", "float32", (FREE, 3)), Field("s", "string", (FREE,))), OUTPUTS)
FIXED = Signature("fixed", (Field("i", "int64", (2, 2)), Field("any", "float64")), OUTPUTS)
CONTRACT = Contract("m", (FIXED, ROWS))


@pytest.fixture
def bench(command, service, tmp_path):
    """Measure the tiny service with the contract given; it has no metadata of its own."""
    path = tmp_path / "contract.protobin"
    path.write_bytes(serialise(CONTRACT))

    def run(*arguments):
        return command(
            *("bench", "--address", service.address, "--contract", path),
            *("--seconds", "100ms", *arguments),
        )

    return run


@pytest.fixture
def talkative(service):
    """Make the tiny service return its contract, as ours do."""
    plain = service.service
    told = {"contract": CONTRACT}

    def route(details):
        if details.method != GET_MODEL_METADATA.grpc_method:
            return plain(details)

        def answer(payload, context):
            return metadata.answer(payload, told["contract"])

        return grpc.unary_unary_rpc_method_handler(answer)

    service.service = route
    service.told = told
    return service


def level_of(callers, per_second, client_busy=0.1, errors=()):
    """Make a level of one second."""
    return level.Level(callers, 1.0, per_second, 1.0, 2.0, dict(errors), client_busy)


def test_levels_are_measured_and_written(bench, service, tmp_path):
    """The table has a line for each number of callers, and the file the same figures."""
    path = tmp_path / "out.json"
    arguments = ("--signature", "rows", "--rows", "5", "--concurrency", "1,3", "--connections", "2")
    code, out, err = bench(*arguments, "--json", path)
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["1", "3"]
    assert all(str(it.tensors["x"]) == "float32[5, 3]" for it in service.requests)
    told = json.loads(path.read_text())
    assert [it["callers"] for it in told["levels"]] == [1, 3]
    for it in told["levels"]:
        assert it["answered"] > 0
        assert it["errors"] == {}
        assert 0 < it["p50_ms"] <= it["p99_ms"]
        assert it["rows_per_second"] == it["calls_per_second"] * 5
    assert sum(it["answered"] for it in told["levels"]) < len(service.requests)  # and the warm-up


def test_contract_is_asked_for(command, talkative):
    """A service that tells its contract needs no other; the encoding is the one chosen."""
    arguments = ("--signature", "fixed", "--concurrency", "1", "--seconds", "100ms", "--typed")
    code, out, _ = command("bench", "--address", talkative.address, *arguments)
    assert code == 0
    request = talkative.requests[-1]
    assert (str(request.tensors["i"]), str(request.tensors["any"])) == ("int64[2, 2]", "float64[]")
    assert not request.reply_context.as_content


def test_served_contract_is_the_one_that_was_given(talkative):
    """What comes back by GetModelMetadata has the same fields, shapes and dtypes."""
    found = client_metadata.contract(talkative.address, 10)
    assert found.names == ("fixed", "rows")
    for mine, theirs in zip(CONTRACT.signatures, found.signatures):
        told = {it.name: str(it) for it in theirs.inputs}
        assert told == {it.name: str(it) for it in mine.inputs}


def test_map_needs_a_contract(talkative):
    """What is inside of a map is not told: the user hears where else it can be read."""
    fields = (Field("m", MAP, None, (Field("a", "int8", ()),)),)
    talkative.told["contract"] = Contract("m", (Signature("s", fields, OUTPUTS),))
    with pytest.raises(StartError, match=r'its field "m" holds: give its contract with --contract'):
        client_metadata.contract(talkative.address, 10)


def test_unknown_signature_is_shown_with_those_there_are(bench):
    """The service's own words say which signatures there are."""
    code, out, err = bench("--signature", "row")
    assert (code, out) == (1, "")
    assert "row signature is not present in the model" in err
    assert "rows" in err


def test_rows_that_cannot_be_chosen_are_refused():
    """A fixed first axis has no rows, and the message names the input."""
    with pytest.raises(StartError, match=r'3 rows cannot be sent.*"i" \(int64\[2, 2\]\)'):
        samples.request(FIXED, 3, as_content=True)


def test_request_is_one_that_our_wire_reads():
    """Zeros in the declared form, with so many rows."""
    request = protobuf_codec.decode(samples.request(ROWS, 4, as_content=True), 2**20)
    assert {name: str(it) for name, it in request.tensors.items()} == {
        "x": "float32[4, 3]",
        "s": "string[4]",
    }


def test_nobody_there_is_one_message(command, tmp_path):
    """Without a service there is nothing to measure: the address and the status are told."""
    code, out, err = command("bench", "--address", "localhost:1", "--deadline", "5s")
    assert (code, out) == (1, "")
    assert "localhost:1: UNAVAILABLE" in err


def test_address_may_stand_alone(command):
    """Scripts that are older than the flag go on working; the flag is what the help shows."""
    code, _, err = command("bench", "localhost:1", "--deadline", "5s")
    assert (code, "localhost:1: UNAVAILABLE" in err) == (1, True)
    _, out, _ = command("bench", "--help")
    assert "--address HOST:PORT" in out
    assert "[address]" not in out


def test_refusal_of_the_first_call_is_shown(bench, service):
    """A request that the service refuses is not sent a thousand times."""
    service.failure = (grpc.StatusCode.INVALID_ARGUMENT, "no")
    code, out, err = bench("--signature", "rows")
    assert (code, out) == (1, "")
    assert "INVALID_ARGUMENT: no" in err


def test_errors_are_counted_by_status(service):
    """Calls that fail are no calls per second; an answer of no bytes is a failure, too."""
    service.failure = (grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
    request = samples.request(ROWS, 1, as_content=True)
    wanted = load.Load(service.address, request, 0.1, 10.0, 2)
    found = level.measure(wanted, 2, lambda *told: None)
    assert found.answered == found.calls_per_second == found.p99_ms == 0
    assert list(found.errors) == ["RESOURCE_EXHAUSTED"]
    service.failure = None
    service._predict = lambda payload: b""
    assert list(level.measure(wanted, 2, lambda *told: None).errors) == [callers.EMPTY]


def test_progress_is_shown_while_calls_are_made(service):
    """Whoever watches hears the callers, the time and the calls answered so far."""
    wanted = load.Load(service.address, samples.request(ROWS, 1, as_content=False), 0.6, 10.0)
    seen = []
    found = level.measure(wanted, 1, lambda *told: seen.append(told))
    assert {callers for callers, _, _ in seen} == {1}
    assert sorted(seen) == seen
    assert seen[-1][2] == found.answered > 0


@pytest.mark.parametrize(
    ("curve", "measured"),
    [
        ([100, 200, 400, 410, 415, 900], [1, 2, 4, 8, 16]),
        ([100, 90, 300, 301, 302], [1, 2, 4, 8, 16]),
        ([0, 0, 5], [1, 2]),
    ],
)
def test_callers_double_until_throughput_stops_growing(curve, measured):
    """Two levels in a row that bring less than noise end it; a single one does not."""
    speeds = iter(curve)
    levels = list(saturation.climb(lambda callers: level_of(callers, next(speeds))))
    assert [it.callers for it in levels] == measured


def test_callers_do_not_grow_for_ever():
    """A curve that only grows ends at the most callers."""
    levels = list(saturation.climb(lambda callers: level_of(callers, callers)))
    assert levels[-1].callers == saturation.MAX_CALLERS


def test_saturation_and_the_clients_own_limit_are_shown():
    """The fewest callers that reach the best throughput, and where the client was the limit."""
    levels = [level_of(1, 100), level_of(2, 198), level_of(4, 200, client_busy=0.97)]
    first, second = saturation.remarks(levels, climbed=True)
    assert first == "throughput stops growing at 2 callers: 198 calls/s"
    assert second.startswith(
        "this client was the limit with 4 callers: it was busy 97% of the time"
    )
    assert saturation.remarks(levels[:2], climbed=False) == []
    alone = saturation.remarks(levels[:1], climbed=True)
    assert alone == ["throughput stops growing at 1 caller: 100 calls/s"]
    assert saturation.remarks([level_of(1, 0)], climbed=True) == ["no call was answered"]


def test_failures_stand_in_the_table():
    """Errors are listed by status, with their numbers."""
    text = table(
        display.HEADS,
        display.rows_of([level_of(8, 10, errors=[("UNAVAILABLE", 2), ("INTERNAL", 1)])], 3),
    )
    assert text.splitlines()[2].split(None, 6) == [
        "8", "10.0", "30.0", "1.00", "2.00", "10%", f"1 INTERNAL, 2 UNAVAILABLE  {'#' * 20}",
    ]  # fmt: skip


def test_the_table_has_the_curve():
    """The longest bar is the best level's."""
    lines = table(
        display.HEADS, display.rows_of([level_of(1, 50), level_of(2, 100)], 1)
    ).splitlines()
    assert [line.split()[-1] for line in lines[2:]] == ["#" * 10, "#" * 20]


def test_a_file_that_cannot_be_written_is_shown_before_the_load(bench, service, tmp_path):
    """Nobody waits for figures that are then lost."""
    code, _, err = bench("--signature", "rows", "--json", tmp_path / "none" / "out.json")
    assert code == 1
    assert "out.json cannot be written: No such file or directory; name another file" in err
    assert service.requests == []


def test_percentiles():
    """The smallest value that so many percent are not above."""
    ordered = [float(number) for number in range(1, 101)]
    assert [percentile(ordered, it) for it in (1, 50, 99, 100)] == [1.0, 50.0, 99.0, 100.0]
    assert (percentile([3.0], 50), percentile([3.0, 4.0], 50), percentile([], 99)) == (3.0, 3.0, 0)


class Terminal:
    """Collects what is written to it."""

    def __init__(self, is_tty):
        self.isatty = lambda: is_tty
        self.text = ""

    def write(self, text):
        """Keep a text."""
        self.text += text

    def flush(self):
        """Do nothing."""


@pytest.mark.parametrize(("is_tty", "shown"), [(True, True), (False, False)])
def test_progress_is_shown_to_people_only(is_tty, shown):
    """A terminal sees the bar grow, and then what came of it; a pipe sees nothing."""
    terminal = Terminal(is_tty)
    live = display.Live(terminal, 2.0)
    live.progress(8, 1.0, 500)
    live.keep(level_of(1, 450))
    live.clear()
    assert ("8 callers [##########          ]       500 calls/s" in terminal.text) == shown
    assert ("1 caller         450 calls/s, p50 1.00 ms\n" in terminal.text) == shown
    assert terminal.text.endswith("\r") == shown


@pytest.mark.parametrize(
    "arguments", [("--concurrency", "1,x"), ("--seconds", "soon"), ("--rows", "0")]
)
def test_flags_that_cannot_be_read(command, arguments):
    """Nonsense is a usage error that says what is expected."""
    code, _, err = command("bench", *arguments)
    assert code == 2
    assert "expected" in err


METADATA = {
    "name": "tiny",
    "versions": ["1"],
    "platform": "tiny",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
    "outputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}],
    "properties": {
        "signature_name": "rows",
        "signature.other": json.dumps(
            {
                "inputs": [
                    {"name": "s", "datatype": "BYTES", "shape": [2]},
                    {"name": "s:missing", "datatype": "BOOL", "shape": [2]},
                    {"name": "c", "datatype": "COMPLEX64", "shape": []},
                ],
                "outputs": [],
            }
        ),
    },
}


@pytest.mark.parametrize("encoding", [(), ("--typed",)])
def test_by_http_the_figures_are_the_same(command, rest_service, tmp_path, encoding):
    """Where the address is a URL: the service is asked for its metadata, and then called."""
    rest_service.metadata = METADATA
    path = tmp_path / "out.json"
    arguments = ("--rows", "2", "--concurrency", "1,3", "--seconds", "100ms", "--json", path)
    code, out, err = command(
        *("bench", "--address", rest_service.address, "--signature", "rows"),
        *(*arguments, *encoding),
    )
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["1", "3"]
    told = json.loads(path.read_text())
    assert [it["errors"] for it in told["levels"]] == [{}, {}]
    assert all(it["answered"] for it in told["levels"])
    request = rest_service.requests[-1]
    assert str(request.tensors["x"]) == "float32[2, 3]"
    assert request.reply_context.is_binary != bool(encoding)


def test_a_contract_told_by_http_has_every_signature(rest_service):
    """But for the inputs that may be left out; what has no datatype keeps its own name."""
    rest_service.metadata = METADATA
    with connect(rest_service.address) as client:
        found = rest_metadata.contract(client, 10)
    assert [
        (it.name, [(field.name, str(field)) for field in it.inputs]) for it in found.signatures
    ] == [
        ("other", [("s", "string[2]"), ("c", "complex64[]")]),
        ("rows", [("x", "float32[-1, 3]")]),
    ]
    rest_service.metadata = {"name": "tiny"}
    with connect(rest_service.address) as client, pytest.raises(StartError, match="--contract"):
        rest_metadata.contract(client, 10)


def test_errors_by_http_are_counted_by_status(rest_service):
    """Also where the service hangs up after each answer, and where nobody is there."""
    rest_service.hangs_up, rest_service.more_headers = True, (("connection", "close"),)
    wanted = load.Load(rest_service.address, b"{}", 0.1, 10.0, path="/v2/models/tiny/infer")
    rest_service.failure = (429, b'{"error": "full"}')
    assert list(level.measure(wanted, 2, lambda *told: None).errors) == ["HTTP_429"]
    rest_service.failure = (200, b"")
    assert list(level.measure(wanted, 2, lambda *told: None).errors) == [callers.EMPTY]
    nobody = wanted._replace(address="http://127.0.0.1:1")
    assert list(level.measure(nobody, 2, lambda *told: None).errors) == ["UNAVAILABLE"]


def test_nobody_there_by_http_is_one_message(command):
    """With what may help."""
    code, out, err = command("bench", "--address", "http://127.0.0.1:1", "--deadline", "5s")
    assert (code, out) == (1, "")
    assert "http://127.0.0.1:1: UNAVAILABLE: Connection refused" in err
