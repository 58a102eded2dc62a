import pytest

from serving_runtime.server.metrics.histogram import TOGETHER, Histogram, joined


@pytest.mark.parametrize("count", [0, 1, TOGETHER - 1, TOGETHER, 3 * TOGETHER + 5])
def test_each_value_is_in_one_bucket(count):
    """Also where many are sorted together, and some wait for that."""
    histogram = Histogram((0.1, 1.0))
    for number in range(count):
        histogram.observe((0.05, 0.5, 5.0)[number % 3])
    bounds, buckets, total, _ = histogram.distribution()
    small, middle = (count + 2) // 3, (count + 1) // 3
    assert bounds == (0.1, 1.0)
    assert buckets == (small, small + middle, count)
    assert total == pytest.approx(0.05 * small + 0.5 * middle + 5.0 * (count // 3))


def test_a_bound_is_in_its_bucket():
    """As Prometheus has it: at most as large."""
    histogram = Histogram((0.1, 1.0))
    histogram.observe_all([0.1, 1.0, 1.1])
    assert histogram.distribution().buckets == (1, 2, 3)


def test_distributions_are_joined():
    """Bucket by bucket."""
    one, other = Histogram((1.0,)), Histogram((1.0,))
    one.observe(0.5)
    other.observe_all([0.5, 2.0])
    assert joined([one.distribution(), other.distribution()])[:3] == ((1.0,), (2, 3), 3.0)


def test_each_bucket_shows_its_last_example():
    """Of all parts that are joined, too."""
    one, other = Histogram((0.1, 1.0)), Histogram((0.1, 1.0))
    for histogram, trace_id, value in ((one, "a", 0.05), (one, "b", 0.1), (other, "c", 7.0)):
        histogram.observe(value)
        histogram.exemplify(trace_id, value)
    exemplars = joined([one.distribution(), other.distribution()]).exemplars
    found = {place: (it.trace_id, it.value) for place, it in exemplars.items()}
    assert found == {0: ("b", 0.1), 2: ("c", 7.0)}
