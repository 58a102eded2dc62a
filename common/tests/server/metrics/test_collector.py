import pytest
from fronts import Front

from serving_runtime.errors import Status
from serving_runtime.ipc.frames import Timings
from serving_runtime.server.metrics import catalogue as names
from serving_runtime.server.metrics.collector import GO_CODES, worker_ends


def test_every_metric_of_the_table_is_gathered_once():
    """But for what the kernel knows, which is asked when it is written."""
    found = [metric for metric, _ in Front().snapshot().families]
    assert len(found) == len(set(found))
    assert set(names.ALL) - set(found) == {
        names.MEMORY, names.MEMORY_USED, names.MEMORY_LIMIT, names.CPU_SECONDS,
    }  # fmt: skip


def test_each_sample_has_the_labels_of_its_metric():
    """No more and no fewer, and no two have the same."""
    for metric, samples in Front().snapshot().families:
        assert {len(labels) for labels, _ in samples} == {len(metric.labels)}
        assert len({labels for labels, _ in samples}) == len(samples)


def test_before_the_model_has_a_name_there_is_nothing_of_it():
    """A series with an empty name would end when it has one."""
    found = {metric for metric, _ in Front(name="").snapshot().families}
    assert found
    assert not any("model_name" in metric.labels for metric in found)


def test_the_alias_is_of_all_signatures_together():
    """KServe's dashboards know no signatures."""
    front = Front()
    model = front.counters.model
    model.know(["a", "b"])
    for number in (1, 2, 2):
        model.note(number, Status.OK, 0.0, Timings(0, 0, 1.0, 0, 1, 1, 0), 0, 0)
    [[(labels, whole)]] = [
        samples for metric, samples in front.snapshot().families if metric is names.PREDICT_SECONDS
    ]
    assert (labels, whole.buckets[-1], whole.total) == (("m",), 3, 3.0)


@pytest.mark.parametrize(
    ("phrase", "end"),
    [
        ("was killed: it stayed busy past a call's deadline", "hang"),
        ("was killed: it exceeded RUNTIME_LOAD_TIMEOUT", "load_timeout"),
        ("was killed: it closed its connection", "killed"),
        ("was killed by SIGSEGV", "signal"),
        ("exited with code 3", "exit"),
        ("ended", "other"),
    ],
)
def test_workers_end_in_few_ways(phrase, end):
    """Codes and signals are many, and labels must not be."""
    assert {kind: count for kind, count in worker_ends({phrase: 2}).items() if count} == {end: 2}


def test_statuses_have_the_names_of_go():
    """Which most dashboards look for."""
    assert GO_CODES[Status.INVALID_ARGUMENT] == "InvalidArgument"
    assert (GO_CODES[Status.OK], GO_CODES[Status.CANCELLED]) == ("OK", "Canceled")
