import pytest
from fronts import Front
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import Timings
from serving_runtime.server.metrics import catalogue as names
from serving_runtime.server.metrics.catalogue import Kind
from serving_runtime.server.metrics.exposition import Exposition

OPENMETRICS = "application/openmetrics-text"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def bare(name):
    """Return a family's name, which for a counter is that of its sample without the end."""
    return name[: -len("_total")] if name.endswith("_total") else name


@pytest.mark.parametrize(
    ("accept", "parse"),
    [
        ("", text_string_to_metric_families),
        ("text/plain;version=0.0.4", text_string_to_metric_families),
        (OPENMETRICS, openmetrics.text_string_to_metric_families),
        (f"{OPENMETRICS};version=1.0.0,text/plain;q=0.5",
         openmetrics.text_string_to_metric_families),
        (f"{OPENMETRICS};version=x", openmetrics.text_string_to_metric_families),
    ],
)  # fmt: skip
def test_what_is_written_can_be_read(accept, parse):
    """In either form, with every metric of the table, by its kind and its meaning."""
    content_type, text = Exposition().write(Front().snapshot(), accept)
    assert content_type.startswith(OPENMETRICS if OPENMETRICS in accept else "text/plain")
    found = {family.name: family for family in parse(text.decode())}
    for metric in names.ALL:
        family = found[bare(metric.name)]
        assert (family.type, family.documentation) == (metric.kind.value, metric.meaning)


def test_a_histogram_is_whole():
    """Its buckets end with all, and its sum and its count are there."""
    front = Front()
    method = front.grpc.unknown
    for seconds in (0.0001, 0.003, 100.0):
        method.end(Status.UNIMPLEMENTED, seconds)
    _, text = Exposition().write(front.snapshot(), "")
    samples = {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(text.decode())
        if family.name == names.GRPC_SECONDS.name
        for sample in family.samples
        if sample.labels["grpc_method"] == "unknown"
    }
    name = names.GRPC_SECONDS.name
    assert samples[f"{name}_bucket", "0.00025"] == 1
    assert samples[f"{name}_bucket", "60.0"] == 2
    assert samples[f"{name}_bucket", "+Inf"] == samples[f"{name}_count", ""] == 3
    assert samples[f"{name}_sum", ""] == pytest.approx(100.0031)


def test_counters_and_gauges_are_called_so():
    """A name ends as its kind wants: PromQL's readers rely on it."""
    for metric in names.ALL:
        assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)


def test_exemplars_are_in_openmetrics_alone():
    """A sampled call is shown by its trace, in the bucket of what it took; text has no place."""
    front = Front()
    model = front.counters.model
    model.know(["s"])
    timings = Timings(0.1, 0.5, 3.0, 0.2, 8, 4, 3)
    model.note(1, Status.OK, 0.25, timings, 10, 20)
    model.exemplify(1, TRACE_ID, 0.25, timings)
    _, plain = Exposition().write(front.snapshot(), "")
    assert TRACE_ID not in plain.decode()
    _, text = Exposition().write(front.snapshot(), OPENMETRICS)
    found = {
        (sample.name, sample.labels["le"]): (sample.exemplar.labels, sample.exemplar.value)
        for family in openmetrics.text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.exemplar and sample.labels.get("signature") == "s"
    }
    trace = {"trace_id": TRACE_ID}
    assert found[f"{names.MODEL_SECONDS.name}_bucket", "5.0"] == (trace, 3.0)
    assert found[f"{names.QUEUE_SECONDS.name}_bucket", "1.0"] == (trace, 0.75)
    assert len(found) == 4
