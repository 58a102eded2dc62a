import sys
from pathlib import Path

import pytest

from experiments.benchmarks import curves, memory, rounds, scaling, setup
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.curves import BY_NAME as CURVES
from experiments.benchmarks.load import Load, Shape
from experiments.benchmarks.peers import Setup
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.peers.serving_runtime import OURS
from experiments.benchmarks.server import Asked, running
from serving_runtime.contract.yaml_form import read_yaml


@pytest.fixture(autouse=True)
def _this_interpreter(monkeypatch):
    """Make peers run in the environment of the tests, and load nothing."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    monkeypatch.setattr(rounds.load, "h2load", lambda *told: Load(100, 1.0, 0, 1.0, 2.0, 0))
    monkeypatch.setattr(memory.load, "h2load_count", lambda *told: Load(100, 1.0, 1, 1.0, 2.0, 0))


def noop_of(peer, size):
    """Ask for no-op, whatever the size."""
    return Asked(peer, CASES["noop"], peer.protocol.encode(CASES["noop"]))


@pytest.mark.parametrize("restarts", [False, True])
def test_each_size_is_a_point(restarts):
    """Points come in their order, from one server or from one each."""
    curve = CURVES["signatures"]._replace(
        sizes=(1, 2), build=noop_of, peers=("limit-asyncio",), restarts=restarts
    )
    points = list(scaling.measured(curve, 1.0))
    assert [(it["curve"], it["size"], it["peer"]) for it in points] == [
        ("signatures", 1, "limit-asyncio"), ("signatures", 2, "limit-asyncio")]  # fmt: skip
    assert {(it["problem"], it["requests_per_second"]) for it in points} == {("", 100.0)}


def test_a_wrong_answer_is_a_point_without_figures():
    """The next size has its turn."""
    right, wrong = noop_of(PEERS["limit-asyncio"], 1), CASES["noop"]._replace(answer=lambda x: -x)
    curve = CURVES["signatures"]._replace(
        sizes=(1, 2, 3),
        build=lambda peer, size: right._replace(case=wrong) if size == 2 else right,
        peers=("serving-runtime",),
    )
    results = scaling._points(curve, right.peer, curve.sizes, 1.0)
    assert [it.problem.partition(":")[0] for it in results] == ["", "before", ""]


@pytest.mark.parametrize("name", CURVES)
def test_requests_grow_as_they_say(name):
    """Every size can be asked for, and what has more units of work is no smaller."""
    curve = CURVES[name]
    sizes = [size for size in curve.sizes if size < 2000]
    lengths = [len(curve.build(OURS, size).request) for size in sizes]
    assert lengths == sorted(lengths)
    assert (len(set(map(curve.units, sizes))) > 1) == (lengths[-1] > 2 * lengths[0])
    assert all(curve.shape(size).callers >= 1 for size in sizes)


def test_contracts_of_many_signatures_and_inputs():
    """What is written is a contract."""
    contract = read_yaml(curves.contract_of(["a", "b"], ["x0", "x1", "x2"]))
    assert [it.name for it in contract.signatures] == ["a", "b"]
    assert [it.name for it in contract.signatures[1].inputs] == ["x0", "x1", "x2"]


@pytest.mark.parametrize("name", ["inputs", "signatures"])
def test_our_service_answers_with_many(name):
    """The written functions suit the written contract."""
    with running(CURVES[name].build(OURS, 3)) as up:
        assert CURVES[name].build(OURS, 3).problem(up.port) == ""


def test_settings_reach_the_service():
    """A curve's setting comes beside those of the peer."""
    case = CASES["noop"]
    place = Setup(case, Path("python"), setup.ROOT, setup.ROOT, 1, ())
    environ = curves.with_settings(OURS, RUNTIME_WORKERS="3").start(place).environ
    assert environ["RUNTIME_WORKERS"] == "3"
    assert environ["RUNTIME_CONNECTION_AGE"] == "24h"


def test_memory_is_told_after_each_slice():
    """The first point is before all requests; errors are those of the slice."""
    peer = PEERS["limit-asyncio"]
    asked = noop_of(peer, 1)
    with running(asked) as up:
        points = list(memory._slices(asked, up, 100))
    assert [it["requests"] for it in points] == list(range(0, 101, 5))
    assert [it["errors"] for it in points] == [0] + [1] * 20
    assert all(it["pss_mb"] > it["held_mb"] > 1 and not it["problem"] for it in points)


def test_slope_leaves_out_what_is_allocated_once():
    """The fit begins after a fifth of the requests, and is in bytes per thousand."""
    points = [{"requests": 1000 * count, "held_mb": 50.0 + min(count, 2) + count / 2**20}
              for count in range(11)]  # fmt: skip
    assert memory.slope({"results": points}) == pytest.approx(1.0)


def test_shape_of_the_memory_test_is_one_that_h2load_knows():
    """Callers are spread evenly over the connections."""
    assert Shape(64, 1) == memory.SHAPE
