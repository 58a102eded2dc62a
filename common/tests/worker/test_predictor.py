import logging
import time

import numpy as np
import pytest

import hydro_serving_grpc as hs
from hydro_serving_grpc.messages import message_class
from serving_runtime import operations
from serving_runtime.errors import BrokenResult, InvalidInput, Status
from serving_runtime.ipc.frames import NO_TIMINGS, CallFrame, ReplyFrame, Timings


def statuses(replies):
    """Return the status of each reply, by call."""
    return {reply.id: reply.status for reply in replies}


def by_call(replies):
    """Return the replies by call; there is one for each."""
    replies = list(replies)
    found = {reply.id: reply for reply in replies}
    assert len(found) == len(replies)
    return found


def raising(error):
    """Return a behaviour that raises."""

    def behave(x):
        raise error

    return behave


def answer_one(predictor, call):
    """Return the one reply to a call."""
    [reply] = predictor.answer([call])
    assert reply.id == call.id
    return reply


def test_call_is_answered(predictor, make_call, outputs):
    """Bytes in, bytes out, by way of the model."""
    reply = answer_one(predictor(), make_call([[1, 2], [3, 4]]))
    assert (reply.status, reply.details) == (Status.OK, "")
    assert outputs(reply) == {"sum": [3.0, 7.0], "name": [b"3", b"7"]}


def test_a_reply_has_every_field(predictor, make_call):
    """It is made past the named tuple's own constructor, which would fill in what is left out."""
    reply = answer_one(predictor(), make_call([[1, 2]]))
    assert ReplyFrame(*reply) == reply
    assert len(reply) == len(ReplyFrame._fields)
    assert len(reply.timings) == len(Timings._fields)


def test_calls_that_arrived_together_run_together(predictor, make_call, model, outputs):
    """One call of the model answers them, each with its own rows."""
    calls = [make_call([[1, 2]]), make_call([[3, 4], [5, 6]]), make_call([[7, 8]])]
    replies = by_call(predictor().answer(calls))
    assert model.shapes == [(4, 2)]
    assert [outputs(replies[number])["sum"] for number in (1, 2, 3)] == [[3], [7, 11], [15]]


def test_signature_without_rows_runs_singly(predictor, make_call, model, outputs):
    """Nothing can be stacked that has no first axis."""
    calls = [make_call([1, 2], signature="one"), make_call([3, 4], signature="one")]
    replies = by_call(predictor().answer(calls))
    assert model.shapes == [(2,), (2,)]
    assert [outputs(replies[number])["sum"] for number in (1, 2)] == [3, 7]


@pytest.mark.parametrize(("rows", "shapes"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3])])
def test_rows_that_are_stacked_are_bounded(predictor, make_call, model, rows, shapes):
    """RUNTIME_MAX_BATCH_SIZE is in rows, and 1 switches stacking off."""
    list(predictor(max_batch_rows=rows).answer([make_call() for _ in range(3)]))
    assert [shape[0] for shape in model.shapes] == shapes


def test_stateful_model_is_never_stacked(predictor, make_call, model):
    """Its calls build on each other, in their order."""
    model.stateful = True
    replies = list(predictor().answer([make_call() for _ in range(3)]))
    assert [shape[0] for shape in model.shapes] == [1, 1, 1]
    assert [reply.id for reply in replies] == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad"), (Status.INTERNAL, "ValueError('bad')")),
        (SystemExit(3), (Status.INTERNAL, "SystemExit(3)")),
        (KeyboardInterrupt(), (Status.INTERNAL, "KeyboardInterrupt()")),
        (InvalidInput("x must not be 0"), (Status.INVALID_ARGUMENT, "x must not be 0")),
        (BrokenResult("no sum"), (Status.OUT_OF_RANGE, "no sum")),
        (MemoryError(), (Status.INTERNAL, "MemoryError()")),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_what_the_model_raises_is_answered(predictor, make_call, model, error, told, count):
    """Each exception has its status, SystemExit too; the worker goes on afterwards."""
    model.behaviour = raising(error)
    answering = predictor()
    for reply in answering.answer([make_call() for _ in range(count)]):
        # 3.6 writes a comma before the bracket.
        assert (reply.status, reply.details.replace(",)", ")")) == told
        assert reply.payload == b""
    model.behaviour = None
    assert answer_one(answering, make_call()).status == Status.OK


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "NoneType"),
        ({"sum": np.zeros(1, np.float32)}, '"name"'),
        ({"sum": np.zeros((1, 2), np.float32), "name": ["a"]}, '"sum"'),
        ({"sum": np.array([1j]), "name": ["a"]}, '"sum"'),
    ],
)
def test_result_that_breaks_the_contract_is_the_models_fault(
    predictor, make_call, model, result, words
):
    """OUT_OF_RANGE, naming the output."""
    model.behaviour = lambda x: result
    reply = answer_one(predictor(), make_call())
    assert reply.status == Status.OUT_OF_RANGE
    assert words in reply.details


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"payload": b"\xff\xff"}, "PredictRequest"),
        ({"signature": "nope"}, "nope signature is not present in the model"),
        ({"signature": ""}, "rows"),
        ({"name": "z"}, '"x"'),
        ({"values": [[1, 2, 3]]}, "float32[-1, 2]"),
    ],
)
def test_bad_request_is_the_clients_fault(predictor, make_call, model, details, words):
    """INVALID_ARGUMENT with what is wrong, and the model never sees it."""
    reply = answer_one(predictor(), make_call(**details))
    assert reply.status == Status.INVALID_ARGUMENT
    assert words in reply.details
    assert model.shapes == []


def test_bad_requests_do_not_hold_up_the_others(predictor, make_call):
    """One undecodable request of a batch is refused, the others are answered."""
    calls = [make_call(), make_call(payload=b"\xff"), make_call()]
    assert statuses(predictor().answer(calls)) == {
        1: Status.OK, 2: Status.INVALID_ARGUMENT, 3: Status.OK,
    }  # fmt: skip


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_one_bad_row_never_fails_anothers(predictor, make_call, model, outputs, error):
    """The others' replies are those that they get alone, bit for bit."""

    def behave(x):
        if (x < 0).any():
            raise error("negative")
        return model.sums(x)

    model.behaviour = behave
    values = [[[0.1, 0.2]], [[-1, 2]], [[3, 4], [1e-8, 1e8]], [[5, 6]]]
    answering = predictor()
    together = by_call(answering.answer([make_call(value) for value in values]))
    assert together.pop(2).status == Status.INTERNAL
    for number, reply in together.items():
        alone = answer_one(answering, make_call(values[number - 1]))
        assert reply.status == Status.OK
        assert outputs(reply) == outputs(alone)


def test_model_that_writes_to_its_inputs_harms_nobody(predictor, make_call, model, outputs):
    """The second try of each request has its own, unspoilt values."""

    def behave(x):
        x += 100
        if len(x) > 1:
            raise ValueError("together")
        return model.sums(x)

    model.behaviour = behave
    replies = by_call(predictor().answer([make_call([[1, 2]]), make_call([[3, 4]])]))
    assert [outputs(replies[number])["sum"] for number in (1, 2)] == [[203], [207]]


def test_model_that_loses_rows_is_no_longer_stacked(predictor, make_call, model, outputs, caplog):
    """It is told once in the log; every call is answered, before and after."""

    def behave(x):
        return {"sum": x.sum(keepdims=True).reshape(1), "name": ["a"]}

    model.behaviour = behave
    answering = predictor()
    for expected in ([(2, 2), (1, 2), (1, 2)], [(1, 2), (1, 2)]):
        model.shapes.clear()
        replies = list(answering.answer([make_call([[1, 2]]), make_call([[3, 4]])]))
        assert [outputs(reply)["sum"] for reply in replies] == [[3], [7]]
        assert model.shapes == expected
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "signature rows is no longer stacked" in caplog.text


def test_failure_of_another_kind_leaves_stacking_on(predictor, make_call, model):
    """One bad request must not slow down everyone from then on."""
    model.behaviour = raising(ValueError("bad"))
    answering = predictor()
    list(answering.answer([make_call(), make_call()]))
    model.behaviour = None
    model.shapes.clear()
    list(answering.answer([make_call(), make_call()]))
    assert model.shapes == [(2, 2)]


def test_expired_call_is_never_run(predictor, make_call, model):
    """Nobody waits for it any more; those beside it are answered."""
    calls = [make_call(), make_call(seconds=-1.0), make_call()]
    assert statuses(predictor().answer(calls)) == {
        1: Status.OK, 2: Status.DEADLINE_EXCEEDED, 3: Status.OK,
    }  # fmt: skip
    assert model.shapes == [(2, 2)]
    assert answer_one(predictor(), make_call(seconds=-1.0)).status == Status.DEADLINE_EXCEEDED
    assert model.shapes == [(2, 2)]


def test_call_that_expires_before_its_second_try_is_not_run(
    predictor, make_call, model, monkeypatch
):
    """A stack that fails may have taken all the time that there was."""
    calls = [make_call(), make_call()]
    clock = [0.0]

    def behave(x):
        clock[0] = 1e12
        raise ValueError("slow")

    model.behaviour = behave
    monkeypatch.setattr("serving_runtime.worker.groups.time.monotonic", lambda: clock[0])
    replies = list(predictor().answer(calls))
    monkeypatch.undo()
    assert {reply.status for reply in replies} == {Status.DEADLINE_EXCEEDED}
    assert model.shapes == [(2, 2)]


def test_details_can_be_hidden(predictor, make_call, model, caplog):
    """RUNTIME_ERROR_DETAIL=none: the client learns nothing, the log everything, with the id."""
    model.behaviour = raising(ValueError("secret"))
    reply = answer_one(predictor(error_detail="none"), make_call())
    assert reply.status == Status.INTERNAL
    assert "secret" not in reply.details
    assert "ValueError: secret" in caplog.text
    assert caplog.records[-1].fields == {"id": "id-1"}


def test_clients_faults_are_told_even_so(predictor, make_call):
    """What is wrong with a request is no secret of the model's."""
    reply = answer_one(predictor(error_detail="none"), make_call(signature="nope"))
    assert "nope" in reply.details


def test_clients_faults_are_not_logged_as_errors(predictor, make_call, caplog):
    """A client could fill the log with tracebacks."""
    answer_one(predictor(), make_call(payload=b"\xff"))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_reply_over_the_limit_is_refused(predictor, make_call):
    """The exact limit fits; one byte less does not, and names the setting."""
    size = len(answer_one(predictor(), make_call()).payload)
    assert answer_one(predictor(max_message_bytes=size), make_call()).status == Status.OK
    reply = answer_one(predictor(max_message_bytes=size - 1), make_call())
    assert reply.status == Status.RESOURCE_EXHAUSTED
    assert "RUNTIME_MAX_MESSAGE_BYTES" in reply.details


def test_too_large_reply_of_a_stack_is_its_own_callers_only(predictor, make_call):
    """The others of the stack are answered."""
    size = len(answer_one(predictor(), make_call()).payload)
    calls = [make_call(), make_call([[1, 2]] * 20), make_call()]
    assert statuses(predictor(max_message_bytes=size).answer(calls)) == {
        2: Status.OK, 3: Status.RESOURCE_EXHAUSTED, 4: Status.OK,
    }  # fmt: skip


def test_replies_come_as_soon_as_they_are_known(predictor, make_call, model):
    """A caller does not wait for the model to answer another's signature."""
    replies = predictor().answer([make_call(), make_call([1, 2], signature="one")])
    assert next(replies).id == 1
    assert model.shapes == [(1, 2)]
    assert [reply.id for reply in replies] == [2]


def payload_sizes(predictor, calls):
    """Return the sizes of the replies that are given together, in kilobytes."""
    together = predictor.answer_together(calls)
    return [[len(reply.payload) // 1000 for reply in replies] for replies in together]


def test_small_replies_of_one_call_of_the_model_come_together(predictor, make_call):
    """They are sent at once; those of another call of the model, and refusals, do not wait."""
    calls = [make_call(), make_call(), make_call([1, 2], signature="one"), make_call(payload=b"x")]
    found = [[reply.id for reply in replies] for replies in predictor().answer_together(calls)]
    assert found == [[4], [1, 2], [3]]


def test_large_replies_wait_for_no_others(predictor, make_call, model):
    """The front passes one on while the next is written."""
    model.behaviour = lambda x: {"sum": x.sum(axis=-1), "name": ["n" * 30000] * len(x)}
    calls = [make_call([[1, 2]] * rows) for rows in (1, 2, 3, 1)]
    assert payload_sizes(predictor(), calls) == [[30, 60], [90], [30]]


def test_stack_that_fails_gives_each_reply_when_it_is_known(predictor, make_call, model):
    """The second tries are calls of their own."""
    model.behaviour = raising(ValueError("bad"))
    assert payload_sizes(predictor(), [make_call(), make_call()]) == [[0], [0]]


def test_unknown_method_is_no_end_of_the_worker(predictor):
    """The front forwards known methods only; another one is an error like any other."""
    assert (
        answer_one(predictor(), CallFrame(1, "/other", "id", 1e18, b"")).status == Status.INTERNAL
    )


@pytest.mark.parametrize("stateful", [False, True])
def test_metadata_is_answered_beside_predictions(predictor, make_call, model, outputs, stateful):
    """The contract answers it: the model is not called, and what it answers stays stacked."""
    model.stateful = stateful
    wanted = message_class("tensorflow.serving.GetModelMetadataRequest")(
        metadata_field=["signature_def"]
    )
    metadata = {
        "payload": wanted.SerializeToString(),
        "operation": operations.GET_MODEL_METADATA.key,
    }
    calls = [make_call([[1, 2]]), make_call(**metadata), make_call([[3, 4]])]
    calls.append(make_call(**dict(metadata, payload=b"\xff")))
    replies = by_call(predictor().answer(calls))
    assert model.shapes == ([(1, 2), (1, 2)] if stateful else [(2, 2)])
    assert [outputs(replies[number])["sum"] for number in (1, 3)] == [[3], [7]]
    reply = message_class("tensorflow.serving.GetModelMetadataResponse").FromString(
        bytes(replies[2].payload)
    )
    assert (reply.model_spec.name, list(reply.metadata)) == ("sums", ["signature_def"])
    assert replies[4].status == Status.INVALID_ARGUMENT
    assert replies[4].details.startswith("not a GetModelMetadataRequest: ")


def test_output_filter_is_checked_before_the_model_runs(predictor, make_call, model, outputs):
    """A request for what there is not changes no state; one for what there is gets only that."""

    def call(*wanted):
        request = hs.PredictRequest.FromString(bytes(make_call().payload))
        request.output_filter.extend(wanted)
        return make_call(payload=request.SerializeToString())

    reply = answer_one(predictor(), call("smu"))
    assert (reply.status, model.shapes) == (Status.INVALID_ARGUMENT, [])
    assert outputs(answer_one(predictor(), call("sum"))) == {"sum": [3.0]}


@pytest.mark.parametrize("is_on", [False, True])
def test_replies_say_who_answered_if_they_shall(predictor, make_call, is_on):
    """RUNTIME_REPLY_MODEL_SPEC adds the contract's name and the signature, stacked or not."""
    answering = predictor(reply_model_spec=is_on)
    for count in (1, 2):
        for reply in answering.answer([make_call() for _ in range(count)]):
            message = hs.PredictResponse.FromString(bytes(reply.payload))
            assert message.HasField("model_spec") is is_on
            expected = ("sums", "rows") if is_on else ("", "")
            assert (message.model_spec.name, message.model_spec.signature_name) == expected


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"payload": b"\xff"}, "invalid_input"),
        ({"values": [[1, 2, 3]]}, "invalid_input"),
        ({"seconds": -1.0}, "deadline_passed"),
        ({"operation": "of.nobody"}, "model_failed"),
        ({}, "model_failed"),
    ],
)
def test_a_failure_has_its_reason(predictor, make_call, model, details, reason):
    """Transports choose their status by it."""
    model.behaviour = raising(ValueError("bad"))
    reply = answer_one(predictor(), make_call(**details))
    assert (reply.reason, reply.timings) == (reason, NO_TIMINGS)


def test_a_reply_has_no_reason_and_the_protocols_attributes(predictor, make_call):
    """Nothing went wrong, and Predict's replies need no further words."""
    reply = answer_one(predictor(), make_call())
    assert (reply.reason, reply.attributes) == ("", {})


def test_a_reply_has_its_timings(predictor, make_call, model):
    """What the model took is the whole stack's, the rest is each call's own."""

    def behave(x):
        time.sleep(0.02)
        return model.sums(x)

    model.behaviour = behave
    started = time.monotonic()
    replies = list(predictor().answer([make_call(), make_call([[1, 2]] * 3)]))
    elapsed = time.monotonic() - started
    for reply in replies:
        decode, queue, run, encode, rows, _, _ = reply.timings
        assert 0.02 <= run <= elapsed
        assert min(decode, queue, encode) >= 0
        assert decode + queue + run + encode <= elapsed
        assert rows == 4


@pytest.mark.parametrize(
    ("values", "signature", "rows"), [([[1, 2]] * 5, "rows", 5), ([1, 2], "one", 1)]
)
def test_rows_of_a_single_call_are_counted(predictor, make_call, values, signature, rows):
    """A signature without rows counts as one."""
    assert answer_one(predictor(), make_call(values, signature=signature)).timings.rows == rows


def test_close_closes_the_model(predictor, model):
    """What the model holds is let go."""
    predictor().close()
    assert model.is_closed
