"""Requests and contracts that end too early are answered or refused, wherever they end."""

import pytest

from tests.fuzz import contracts, corpus, replay
from tests.fuzz.corpus import Case
from tests.fuzz.service import Service


def wrong_when_cut(cases):
    """Return the beginnings of cases with which something is wrong."""
    service = Service()
    beginnings = [case._replace(payload=case.payload[:size])
                  for case in cases for size in range(len(case.payload))]  # fmt: skip
    wrong = {case: replay.problem(service, [case]) for case in beginnings}
    return {case: text for case, text in wrong.items() if text}


@pytest.mark.parametrize("method", corpus.METHODS)
def test_requests_cut_at_every_byte(method):
    """Of every method, dtype and encoding."""
    assert wrong_when_cut(case for case in corpus.golden() if case.method == method) == {}


@pytest.mark.parametrize("form", contracts.FORMS)
def test_contracts_cut_at_every_byte(form):
    """Of every format; large ones only in their first bytes."""
    short = [case._replace(payload=case.payload[:300]) for case in contracts.seeds()]
    assert wrong_when_cut(case for case in short if case.method == form) == {}


def test_what_is_wrong_is_seen():
    """The check itself can fail: no worker knows that method."""
    case = Case("/no.such.Service/Method", b"1")
    assert wrong_when_cut([case]) == {case._replace(payload=b""): "status INTERNAL"}
