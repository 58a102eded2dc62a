"""The checks can fail: each thing that may be wrong with an answer is noticed."""

import time

import pytest

from tests.fuzz import corpus, echo_model, service
from tests.fuzz.corpus import Case
from tests.fuzz.judging import Answer, kind, problem
from tests.fuzz.service import Service

PREDICT = Case(corpus.PREDICT, b"")
GOLDEN = next(case for case in corpus.golden() if case.method == corpus.PREDICT)
REFUSED = Answer("INVALID_ARGUMENT", "the request names no signature")


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (REFUSED, ""),
        (Answer("UNKNOWN", "what"), "status UNKNOWN"),
        (Answer("INTERNAL", "KeyError()"), "status INTERNAL"),
        (Answer("NOT_FOUND", "what"), "status NOT_FOUND"),
        (REFUSED._replace(details="two\nlines"), "details are not one short line"),
        (REFUSED._replace(details="ä" * 512), ""),
        (REFUSED._replace(details="ä" * 512 + "."), "details are not one short line"),
        (REFUSED._replace(details=""), "details do not go with INVALID_ARGUMENT"),
        (Answer("OK", "well", b""), "details do not go with OK"),
        (Answer("OK", "", b"\xff"), "the reply cannot be parsed"),
        (Answer("OK", "", b""), "the reply has no outputs"),
    ],
)
def test_rules(answer, wrong):
    """Each rule, kept and broken."""
    assert problem(PREDICT, answer) == wrong


def test_health_may_say_not_found():
    """As its protocol wants, of a service that there is not."""
    assert problem(Case(corpus.HEALTH_CHECK, b""), Answer("NOT_FOUND", "no service")) == ""


def test_kinds_tell_who_refused():
    """The parser's words begin alike; all else comes from the checks."""
    by_parser = REFUSED._replace(details="not a PredictRequest: too short")
    assert kind(by_parser) == "INVALID_ARGUMENT by the parser"
    assert kind(REFUSED) == "INVALID_ARGUMENT by the checks"


def test_model_that_raises_is_noticed(monkeypatch, caplog):
    """INTERNAL has no place here, since the model cannot fail."""
    running = Service()
    monkeypatch.setattr(echo_model.Echo, "predict", lambda *_: 1 / 0)
    assert running.problem([GOLDEN])[0] == "status INTERNAL"
    assert "the model raised" in caplog.text


def test_slow_case_is_noticed(monkeypatch, caplog):
    """Even where the service takes the alarm for the model's own failure."""

    def loop(*_):
        until = time.process_time() + 10
        while time.process_time() < until:
            pass

    running = Service()
    monkeypatch.setattr(service, "MAX_SECONDS", 0.5)
    monkeypatch.setattr(echo_model.Echo, "predict", loop)
    assert running.problem([GOLDEN])[0] == "too slow"
    assert "the model raised" in caplog.text


def test_changed_golden_answer_is_noticed(monkeypatch):
    """One bit is enough."""
    running = Service()
    assert running.wrong_golden() == []

    answer = echo_model.Echo.predict

    def flip(self, name, inputs):
        outputs = answer(self, name, inputs)
        return {key: outputs[key] ^ 1 for key in outputs} if name == "int8" else outputs

    monkeypatch.setattr(echo_model.Echo, "predict", flip)
    wrong = running.wrong_golden()
    assert wrong
    assert all(b"int8" in case.payload for case in wrong)
