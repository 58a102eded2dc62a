import pytest

from serving_runtime import metrics
from serving_runtime.metrics import Changes, read_changes


@pytest.fixture(autouse=True)
def changes(monkeypatch):
    """Give each test changes of its own."""
    monkeypatch.setattr(metrics, "CHANGES", Changes())


def sent():
    """Return what would be sent now: by name and labels, what has changed."""
    taken = read_changes(metrics.CHANGES.take())
    return {(definition.name, *labels): change for definition, labels, change in taken}


def test_changes_are_sent_once():
    """All of one metric are one; what has not changed costs nothing."""
    rows = metrics.counter("rows", "Rows.", labels=("kind",))
    rows.inc(kind="a")
    rows.inc(2, kind="a")
    rows.inc(0.5, kind="b")
    metrics.gauge("level", "A level.").set(3)
    metrics.gauge("level", "A level.").set(4)
    assert sent() == {("rows_total", "a"): [3], ("rows_total", "b"): [0.5], ("level",): [4]}
    assert not metrics.CHANGES.pending


def test_a_histogram_sends_its_buckets():
    """A bound is in its own bucket; the last two are the rest and the sum."""
    sizes = metrics.histogram("sizes", "Sizes.", buckets=(1, 2))
    for value in (0.5, 1, 1.5, 7):
        sizes.observe(value)
    assert sent() == {("sizes",): [2, 1, 1, 10.0]}


def test_a_metric_is_made_once():
    """Whoever asks for it again gets the same one; one that differs is a mistake."""
    metrics.counter("rows_total", "Rows.").inc()
    metrics.counter("rows", "Rows.").inc()
    assert sent() == {("rows_total",): [2]}
    with pytest.raises(ValueError, match="rows_total already"):
        metrics.counter("rows", "Rows.", labels=("kind",))


@pytest.mark.parametrize("name", ["", "a b", "9", "serving_runtime_x", "process_x", "ä"])
def test_a_name_must_be_one_and_none_of_ours(name):
    """The text says what one looks like."""
    with pytest.raises(ValueError, match="cannot be called"):
        metrics.gauge(name, "A level.")


@pytest.mark.parametrize("label", ["model_name", "le", "a-b", "__x"])
def test_a_label_must_be_one_and_none_of_ours(label):
    """Two of one name would make the whole text unreadable."""
    with pytest.raises(ValueError, match="label of level"):
        metrics.gauge("level", "A level.", labels=(label,))


def test_what_cannot_be_counted_is_refused():
    """At once, where the mistake is."""
    rows = metrics.counter("rows", "Rows.", labels=("kind",))
    with pytest.raises(ValueError, match="only grows"):
        rows.inc(-1, kind="a")
    with pytest.raises(ValueError, match="expected the labels kind"):
        rows.inc()
    with pytest.raises(ValueError, match="numbers that rise"):
        metrics.histogram("sizes", "Sizes.", buckets=(2, 1))
    assert sent() == {}


def test_series_are_bounded(monkeypatch):
    """Between two replies, however many a call makes."""
    monkeypatch.setattr(metrics, "MAX_SERIES", 2)
    rows = metrics.counter("rows", "Rows.", labels=("kind",))
    for kind in "abca":
        rows.inc(kind=kind)
    assert sent() == {("rows_total", "a"): [2], ("rows_total", "b"): [1]}


def test_a_warm_up_counts_nothing():
    """Nobody has asked for it."""
    rows = metrics.counter("rows", "Rows.")
    with metrics.CHANGES.paused():
        rows.inc()
    assert sent() == {}
    rows.inc()
    assert sent() == {("rows_total",): [1]}


@pytest.mark.parametrize("body", [b"x", b"1", b"[1]", b"[[1, 2, 3]]", b'[[["a"], [], []]]'])
def test_what_is_no_report_is_an_error(body):
    """Something else wrote to the socket."""
    with pytest.raises(ValueError):  # noqa: PT011  JSON's own texts are many
        read_changes(body)
