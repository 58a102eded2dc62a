import logging

import pytest

from serving_runtime.worker import statefulness


def settled(model, wanted, caplog, **changes):
    """Settle a model with some attributes; returns whether it is stateful, and what was logged."""
    for name, value in changes.items():
        setattr(model, name, value)
    statefulness.settle(model, wanted)
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return model.stateful, caplog.text


@pytest.mark.parametrize(
    ("wanted", "own", "stateful"),
    [("auto", False, False), ("auto", True, True), ("1", False, True), ("1", True, True),
     ("0", False, False)],
)  # fmt: skip
def test_the_setting_makes_any_model_stateful(model, caplog, wanted, own, stateful):
    """Who says what is expected, the loader or the user, is not warned."""
    assert settled(model, wanted, caplog, stateful=own) == (stateful, "")


def test_a_model_that_is_seen_to_change_is_stateful(model, caplog):
    """One warning says what changes, and how to lift what follows from it."""
    stateful, text = settled(model, "auto", caplog, changes='the variable "n"')
    assert stateful
    assert text.count('this model changes when called: the variable "n".') == 1
    assert "RUNTIME_STATEFUL=0" in text


def test_a_model_that_is_seen_to_change_may_be_served_without_order(model, caplog):
    """Such as one that only draws random numbers: the user knows that."""
    stateful, text = settled(model, "0", caplog, changes="its generator")
    assert not stateful
    assert "this model changes when called: its generator. With RUNTIME_STATEFUL=0" in text


def test_a_state_that_the_runtime_keeps_is_always_in_order(model, caplog):
    """Two workers would each have one, and no client could know which answers."""
    stateful, text = settled(model, "0", caplog, stateful=True)
    assert stateful
    assert "RUNTIME_STATEFUL=0 has no effect" in text


def test_what_cannot_be_seen_is_said(model, caplog):
    """The user knows, and is told what to set; without a reason nothing is assumed."""
    stateful, text = settled(model, "auto", caplog, may_change="its code is not looked at")
    assert not stateful
    assert "this model may change when called: its code is not looked at." in text
    assert "RUNTIME_STATEFUL=1" in text


@pytest.mark.parametrize("wanted", ["0", "1"])
def test_an_answer_in_the_settings_ends_the_doubt(model, caplog, wanted):
    """Who has set it has read the warning."""
    assert settled(model, wanted, caplog, may_change="code") == (wanted == "1", "")
