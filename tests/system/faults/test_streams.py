"""Open Inference's streams, and what the front answers beside them, through what goes wrong."""

import contextlib
import functools
import itertools
import os
import queue
import signal
import socket
import threading

import grpc
import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from tests.support.processes import wait_until
from tests.support.servers import GOLDEN_X, expected

Request = message_class("inference.ModelInferRequest")
Response = message_class("inference.ModelStreamInferResponse")
ModelReadyRequest = message_class("inference.ModelReadyRequest")
ModelReady = message_class("inference.ModelReadyResponse")
ServerReady = message_class("inference.ServerReadyResponse")
ServerLive = message_class("inference.ServerLiveResponse")

SECONDS = 60


class Stream:
    """A stream of inferences: messages are sent when the test says so."""

    def __init__(self, connection, timeout=SECONDS, metadata=None):
        self._sent = queue.Queue()
        call = connection.stream_stream(operations.STREAM_INFER.grpc_method, None, None)
        self.call = call(iter(self._sent.get, None), timeout=timeout, metadata=metadata)

    def send(self, identity, what="", x=GOLDEN_X):
        """Send one message, whose first row says what to do."""
        message = Request(id=identity)
        message.parameters["signature_name"].string_param = "infer"
        texts = [what.encode()] + [b""] * (len(x) - 1)
        deeds = message.inputs.add(name="what", datatype="BYTES", shape=[len(x)])
        deeds.contents.bytes_contents.extend(texts)
        numbers = message.inputs.add(name="x", datatype="FP64", shape=[len(x)])
        numbers.contents.fp64_contents.extend(x)
        self._sent.put(message.SerializeToString())

    def end(self):
        """Send no more."""
        self._sent.put(None)

    def receive(self):
        """Return the next answer: the message's id, and its output or why it failed."""
        answer = Response.FromString(next(self.call))
        if answer.error_message:
            return answer.infer_response.id, answer.error_message
        [output] = answer.infer_response.outputs
        return answer.infer_response.id, list(output.contents.fp64_contents)


@pytest.fixture
def open_stream(dial):
    """Return a function that opens a stream to a server; what is open at the end is cancelled."""
    streams = []

    def open_stream(server, **options):
        streams.append(Stream(dial(server), **options))
        return streams[-1]

    yield open_stream
    for stream in streams:
        stream.end()
        stream.call.cancel()


def assert_answers(stream, identity):
    """Check that a stream's model still answers rightly."""
    stream.send(identity)
    assert stream.receive() == (identity, expected(GOLDEN_X))


def _takes_connections(server):
    host, _, port = server.address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


def ending(stream):
    """Wait for the end of a stream; returns its status and details."""
    with pytest.raises(grpc.RpcError):
        next(stream.call)
    return stream.call.code().name, stream.call.details()


def ask(connection, operation, reply, payload=b"", **options):
    """Ask the front; returns the message."""
    call = connection.unary_unary(operation.grpc_method, None, None)
    return reply.FromString(call(payload, timeout=SECONDS, **options))


def test_a_message_that_ends_its_worker_fails_alone(serve, open_stream):
    """It is told with its id, in its place; those around it are answered, and so is the next."""
    server = serve()
    stream = open_stream(server)
    stream.send("before")
    stream.send("fatal", "exit 3")
    stream.send("after")
    assert stream.receive() == ("before", expected(GOLDEN_X))
    identity, details = stream.receive()
    assert identity == "fatal"
    assert "exited with code 3" in details
    assert stream.receive() == ("after", expected(GOLDEN_X))
    assert_answers(stream, "next")
    stream.end()
    assert list(stream.call) == []
    assert stream.call.code() is grpc.StatusCode.OK


def test_a_full_queue_refuses_messages_and_not_streams(serve, open_stream):
    """The front's own refusal is a message with the id, too."""
    server = serve(RUNTIME_MAX_QUEUE="1", RUNTIME_MAX_BATCH_SIZE="1")
    busy, *others = (open_stream(server) for _ in range(3))
    busy.send("busy", "note begun then await gate")
    wait_until(lambda: server.runs("begun"), "the call to run")
    answers = queue.Queue()
    for number, stream in enumerate(others):
        stream.send(str(number))
        receive = functools.partial(_receive_into, answers, stream)
        threading.Thread(target=receive, daemon=True).start()
    refused, details = answers.get(timeout=SECONDS)  # whichever came last
    assert "RUNTIME_MAX_QUEUE" in details
    server.note("gate").touch()
    assert busy.receive() == ("busy", expected(GOLDEN_X))
    waited, outputs = answers.get(timeout=SECONDS)
    assert {refused, waited} == {"0", "1"}
    assert outputs == expected(GOLDEN_X)
    assert_answers(others[int(refused)], "again")


def _receive_into(answers, stream):
    answers.put(stream.receive())


def test_messages_are_refused_while_the_model_loads(launch, obedient, open_stream, dial):
    """The stream is there before the model is, and no model is ready yet."""
    code = obedient / "files" / "src" / "func_main.py"
    code.write_text("import time\nwhile not __import__('os').path.exists('loaded'):\n"
                    "    time.sleep(0.01)\n" + code.read_text())  # fmt: skip
    server = launch(obedient)
    wait_until(lambda: server.health() != b"", "the port")
    stream = open_stream(server)
    stream.send("early")
    assert stream.receive() == ("early", "the model is loading")
    connection = dial(server)
    assert not ask(connection, operations.MODEL_READY, ModelReady).ready
    assert not ask(connection, operations.SERVER_READY, ServerReady).ready
    assert ask(connection, operations.SERVER_LIVE, ServerLive).live
    server.note("loaded").touch()
    server.wait_serving()
    assert_answers(stream, "late")
    assert ask(connection, operations.MODEL_READY, ModelReady).ready


def test_a_deadline_ends_the_stream_and_what_runs_of_it(serve, open_stream):
    """A worker that stays busy with it is replaced, and others are answered."""
    server = serve(RUNTIME_HANG_GRACE="100ms")
    stream = open_stream(server, timeout=1)
    stream.send("long", "note begun then await gate")
    assert ending(stream)[0] == "DEADLINE_EXCEEDED"
    server.wait_log("stayed busy past a call's deadline")
    assert_answers(open_stream(server), "other")


def test_a_client_that_leaves_takes_its_messages_out_of_the_queue(serve, open_stream):
    """What runs, runs to its end; what waits is never run."""
    server = serve(RUNTIME_MAX_BATCH_SIZE="1")
    stream = open_stream(server)
    stream.send("runs", "note begun then await gate")
    stream.send("waits", "note waited")
    wait_until(lambda: server.runs("begun"), "the call to run")
    stream.call.cancel()
    wait_until(lambda: server.log.count("CANCELLED") == 2, "both to be given up")
    other = open_stream(server)
    server.note("gate").touch()
    assert_answers(other, "other")
    assert server.runs("waited") == 0


def test_a_stream_tells_of_the_state_that_its_answers_are_of(serve, open_stream):
    """At its end: a client sees by the number whether what came before is gone."""
    server = serve(RUNTIME_STATEFUL="1")

    def epoch():
        stream = open_stream(server)
        assert_answers(stream, "1")
        assert_answers(stream, "2")
        stream.end()
        assert list(stream.call) == []
        return dict(stream.call.trailing_metadata())["x-state-epoch"]

    assert epoch() == "0"
    [worker] = server.workers
    os.kill(worker, signal.SIGKILL)
    server.wait_log("the model's state is lost")
    assert epoch() == "1"


def test_an_idle_stream_does_not_hold_up_the_end(serve, open_stream):
    """It ends well before its connection would: its client is to open another elsewhere."""
    server = serve(RUNTIME_CONNECTION_AGE="1h")
    stream = open_stream(server)
    assert_answers(stream, "only")
    server.signal(signal.SIGTERM)
    status, details = ending(stream)
    assert (status, "another stream" in details) == ("UNAVAILABLE", True)
    assert server.wait() == 0


def test_what_runs_of_a_stream_is_answered_in_the_drain(serve, open_stream):
    """Before the stream ends; in a hurry too."""
    server = serve(RUNTIME_CONNECTION_AGE="1h")
    stream = open_stream(server)
    stream.send("long", "note begun then await gate")
    wait_until(lambda: server.runs("begun"), "the call to run")
    server.signal(signal.SIGTERM)
    server.signal(signal.SIGTERM)
    wait_until(lambda: not _takes_connections(server), "the port to be shut")
    assert not server.has_ended
    server.note("gate").touch()
    assert stream.receive() == ("long", expected(GOLDEN_X))
    assert ending(stream)[0] == "UNAVAILABLE"
    assert server.wait() == 0


def test_a_client_that_never_stops_loses_none_of_its_answers(serve, open_stream):
    """It is served until its connection has come of age; all answers are there, in order."""
    server = serve(RUNTIME_CONNECTION_AGE="1s", RUNTIME_DRAIN_DELAY="0s")
    stream = open_stream(server)
    answers = []
    with contextlib.suppress(grpc.RpcError):
        for number in itertools.count():
            stream.send(str(number))
            answers.append(stream.receive())
            if number == 20:
                server.signal(signal.SIGTERM)
    assert stream.call.code() is grpc.StatusCode.UNAVAILABLE
    assert "another stream" in stream.call.details()
    assert len(answers) > 21
    assert answers == [(str(number), expected(GOLDEN_X)) for number in range(len(answers))]
    assert server.wait() == 0


def test_a_stream_needs_the_token_and_health_does_not(serve, dial, open_stream, tmp_path):
    """As all other calls do; ServerMetadata is no question of health."""
    tokens = tmp_path / "tokens"
    tokens.write_text("good\n", encoding="ascii")
    server = serve(RUNTIME_TOKEN_FILE=str(tokens))
    refused = open_stream(server)
    assert ending(refused)[0] == "UNAUTHENTICATED"
    metadata = (("authorization", "Bearer good"),)
    assert_answers(open_stream(server, metadata=metadata), "1")
    connection = dial(server)
    assert ask(connection, operations.SERVER_LIVE, ServerLive).live
    assert ask(connection, operations.SERVER_READY, ServerReady).ready
    assert ask(connection, operations.MODEL_READY, ModelReady).ready
    with pytest.raises(grpc.RpcError) as caught:
        ask(connection, operations.SERVER_METADATA, ServerLive)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    "chosen", [{"MODEL_NAME": "flowers"}, {"arguments": ["--model_name=flowers"]}], ids=str
)
def test_the_model_is_ready_by_its_names_only(launch, obedient, dial, chosen):
    """MODEL_NAME, or the flag as KServe writes it; another name is not found."""
    connection = dial(launch(obedient, **chosen).wait_serving())
    for name in ("flowers", ""):
        payload = ModelReadyRequest(name=name, version="1").SerializeToString()
        assert ask(connection, operations.MODEL_READY, ModelReady, payload).ready
    payload = ModelReadyRequest(name="obedient").SerializeToString()
    with pytest.raises(grpc.RpcError) as caught:
        ask(connection, operations.MODEL_READY, ModelReady, payload)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert '"flowers"' in caught.value.details()
