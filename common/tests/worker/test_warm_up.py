import pytest

from serving_runtime.worker.warm_up import warm_up


@pytest.mark.parametrize(
    ("setting", "wanted", "stateful", "warm"),
    [
        ("auto", True, False, True),
        ("auto", False, False, False),
        ("on", False, False, True),
        ("off", True, False, False),
        ("on", True, True, False),
    ],
)
def test_warm_up(model, contract, setting, wanted, stateful, warm):
    """Each signature is called once on zeros, if the setting or the framework wants it."""
    model.warm_up, model.stateful = wanted, stateful
    warm_up(model, contract, setting)
    assert model.shapes == ([(1, 2), (2,)] if warm else [])


@pytest.mark.parametrize(
    "case",
    [
        ("auto", "changes", False, ""),
        ("on", "changes", False, "RUNTIME_WARM_UP=on has no effect"),
        ("on", "stateful", False, "RUNTIME_WARM_UP=on has no effect"),
        ("auto", "may_change", False, ""),
        ("on", "may_change", True, ""),
    ],
)
def test_no_warm_up_changes_a_model(model, contract, caplog, case):
    """Also where the order of calls is said not to matter; who asks for it in vain is told."""
    setting, attribute, warm, warned = case
    model.warm_up = True
    setattr(model, attribute, True if attribute == "stateful" else "a counter")
    warm_up(model, contract, setting)
    assert bool(model.shapes) == warm
    assert warned in caplog.text
    assert bool(warned) == bool(caplog.records)


@pytest.mark.parametrize("error", [ValueError("zeros"), SystemExit(3)])
def test_failed_warm_up_stops_nothing(model, contract, caplog, error):
    """A model may rightly refuse zeros; it serves all the same, and the log has why."""

    def refuse(x):
        raise error

    model.behaviour = refuse
    warm_up(model, contract, "on")
    assert len(model.shapes) == 2
    assert f"warm-up of signature rows failed: {error!r}" in caplog.text
