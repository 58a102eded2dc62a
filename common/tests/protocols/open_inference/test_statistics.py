import json

import pytest

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput, ModelNotFound
from serving_runtime.ipc.attributes import MODEL_VERSION, STATISTICS
from serving_runtime.ipc.totals import Totals, write_totals
from serving_runtime.protocols.open_inference.statistics import RestStatistics, Statistics
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract

Request = message_class("inference.ModelStatisticsRequest")
Response = message_class("inference.ModelStatisticsResponse")


def told(statistics, totals=None, **asked):
    """Return what is told of the one model."""
    counted = {STATISTICS: write_totals(totals)} if totals else {}
    payload, attributes = statistics.answer(Request(**asked).SerializeToString(), "", counted)
    assert attributes == {}
    [model] = Response.FromString(payload).model_stats
    return model


@pytest.fixture
def statistics():
    """Return what answers for a model."""
    return Statistics(Contract("own", (), 3), Settings.from_env({}))


def test_counts_are_told_in_triton_s_words(statistics):
    """Rows are inferences, runs are executions, and times are in nanoseconds."""
    totals = Totals(2, 1, 1, 4, 1000.5, 0.5, 1.0, 2.0, 4.0)
    model = told(statistics, totals, name="own")
    assert (model.name, model.version) == ("own", "3")
    assert (model.inference_count, model.execution_count) == (4, 1)
    assert model.last_inference == 1_000_500
    stats = model.inference_stats
    assert (stats.success.count, stats.success.ns, stats.fail.count) == (2, 7_500_000_000, 1)
    assert [
        (it.count, it.ns)
        for it in (stats.queue, stats.compute_input, stats.compute_infer, stats.compute_output)
    ] == [(2, 1_000_000_000), (2, 500_000_000), (2, 2_000_000_000), (2, 4_000_000_000)]


def test_before_the_first_call_all_is_zero(statistics):
    """The model is listed all the same."""
    model = told(statistics)
    assert (model.inference_count, model.last_inference) == (0, 0)


def test_what_is_asked_of_another_model_is_refused(statistics):
    """And so are bytes that are no request."""
    with pytest.raises(ModelNotFound):
        told(statistics, name="other")
    with pytest.raises(InvalidInput):
        statistics.answer(b"\xff", "", {})


def test_over_rest_the_same_is_told_in_json():
    """Of the model that the path names, or of whatever is served."""
    statistics = RestStatistics(Contract("own", (), 3), Settings.from_env({}))
    totals = write_totals(Totals(1, 0, 1, 4, 0.0, 0.25, 0.5, 1.0, 2.0))
    for target, attributes in (("", {}), ("own", {MODEL_VERSION: "3"})):
        counted = {**attributes, STATISTICS: totals}
        [model] = json.loads(statistics.answer(b"", target, counted)[0].decode())["model_stats"]
        assert (model["name"], model["inference_count"]) == ("own", 4)
        assert model["inference_stats"]["success"] == {"count": 1, "ns": 3_750_000_000}
        assert model["inference_stats"]["fail"] == {"count": 0, "ns": 0}
    with pytest.raises(ModelNotFound):
        statistics.answer(b"", "other", {})
