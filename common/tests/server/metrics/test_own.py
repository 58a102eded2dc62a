import pytest

from serving_runtime.metrics import Changes, Definition
from serving_runtime.server.metrics import own
from serving_runtime.server.metrics.own import OwnMetrics

ROWS = Definition("rows_total", "counter", "Rows.", ("kind",))
LEVEL = Definition("level", "gauge", "A level.", ())
SIZES = Definition("sizes", "histogram", "Sizes.", (), (1.0, 2.0))


def report(kept, *changed):
    """Report changes, as a worker does."""
    changes = Changes()
    for definition, labels, value in changed:
        changes.pending[definition, labels] = value
    kept.report(changes.take())


def values(kept):
    """Return all values by name and labels."""
    return {
        (metric.name, *labels): value
        for metric, samples in kept.families("m")
        for labels, value in samples
    }


def test_counters_add_up_and_gauges_are_set():
    """Whichever worker reports."""
    kept = OwnMetrics()
    for amount in (1.0, 2.0):
        report(kept, (ROWS, ("a",), [amount]), (LEVEL, (), [amount]))
    assert values(kept) == {("rows_total", "m", "a"): 3.0, ("level", "m"): 2.0}


def test_histograms_add_up():
    """Bucket by bucket."""
    kept = OwnMetrics()
    for _ in range(2):
        report(kept, (SIZES, (), [1, 0, 2, 7.5]))
    assert values(kept)["sizes", "m"][:3] == ((1.0, 2.0), (2, 2, 6), 15.0)


def test_series_beyond_the_bound_are_dropped(monkeypatch, caplog):
    """With one line in the log, however many they are."""
    monkeypatch.setattr(own, "MAX_SERIES", 2)
    kept = OwnMetrics()
    for number in range(5):
        report(kept, (ROWS, (str(number),), [1.0]))
    report(kept, (ROWS, ("0",), [1.0]))
    assert values(kept) == {("rows_total", "m", "0"): 2.0, ("rows_total", "m", "1"): 1.0}
    assert len(caplog.records) == 1


def test_a_definition_that_differs_is_dropped():
    """Two of one name would make the whole text unreadable."""
    kept = OwnMetrics()
    report(kept, (LEVEL, (), [1.0]))
    report(kept, (LEVEL._replace(kind="counter"), (), [1.0]))
    assert values(kept) == {("level", "m"): 1.0}


def test_what_is_no_report_is_an_error():
    """The worker ends for it."""
    with pytest.raises(ValueError, match="metrics"):
        OwnMetrics().report(b"1")
