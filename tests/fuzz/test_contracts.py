"""Contracts that are changed anywhere are read or refused, and nothing else happens."""

import random
from collections import Counter

import pytest

from serving_runtime import contract
from tests.fuzz import contracts
from tests.support import odd_requests


@pytest.mark.parametrize("form", contracts.FORMS)
def test_changed_bytes(form):
    """Of every format; some are still contracts."""
    chance = random.Random(8)
    seeds = [case for case in contracts.seeds() if case.method == form]
    for _ in range(400):
        case = chance.choice(seeds)
        changed = case._replace(payload=odd_requests.mutate(chance, case.payload))
        assert contracts.problem(changed) == "", changed.payload.hex()


def test_seeds_are_contracts():
    """All are read, or else their changed bytes would be refused early."""
    forms = Counter(case.method for case in contracts.seeds())
    assert min(forms.values()) >= 7
    for case in contracts.seeds():
        if case.method == contracts.PROTOBIN:
            assert contract.parse(case.payload).signatures
        else:
            assert contract.read_yaml(case.payload.decode()).signatures


@pytest.mark.parametrize("form", contracts.FORMS)
def test_other_exceptions_are_noticed(monkeypatch, form):
    """A KeyError is none that reading a contract may end with."""
    monkeypatch.setattr(contract, "parse", {}.__getitem__)
    monkeypatch.setattr(contract, "read_yaml", {}.__getitem__)
    case = contracts.Case(form, b"name: predict")
    assert contracts.problem(case) == f"{form} raised KeyError"


def test_contract_that_changes_is_noticed(monkeypatch):
    """What is written must be what was read."""
    case = contracts.seeds()[-1]
    monkeypatch.setattr(contract, "write_yaml", lambda read: "outputs: {y: {type: int8}}\nname: p")
    assert contracts.problem(case) == "contract.yaml changes when it is written"
