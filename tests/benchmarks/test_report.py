import json

import pytest

from benchmarks import report, rounds
from benchmarks.rounds import Result


def result_of(peer, shape, number, per_second, **more):
    """Make a result of the iris case."""
    figures = {"p50_ms": 2.0, "p99_ms": 9.5, "cpu_seconds_per_thousand": 0.5, "pss_mb": 100.0,
               "cold_start_seconds": 1.25, **more}  # fmt: skip
    return Result(peer, "iris", shape, number, per_second, **figures)._asdict()


@pytest.fixture
def told():
    """Results of three peers, as a run writes them."""
    results = [
        *(result_of("serving-runtime", "8", number, speed) for number, speed in
          ((1, 3000.0), (2, 9000.0), (3, 4000.0))),
        result_of("serving-runtime", "64/1", 1, 10000.0, pss_mb=132.0),
        result_of("kserve", "8", 1, 900.0, errors=3),
        result_of("kserve", "8", 2, 910.0, problem="after: wrong | answer\nits log"),
        result_of("limit-cpp", "8", 1, 12.34),
    ]  # fmt: skip
    return json.loads(json.dumps({
        "command": "python -m benchmarks run --cases iris",
        "date": "2026-01-02",
        "machine": {"processor": "Example", "cores": "2"},
        "versions": {"kserve": {"kserve": "0.21.0"}},
        "results": results,
    }))  # fmt: skip


def test_figures_are_medians_of_rounds(told):
    """One lucky round moves nothing."""
    found = {(it.peer, it.shape): it for it in report.summarise(told)}
    assert found["serving-runtime", "8"].figures["requests_per_second"] == 4000.0


def test_a_wrong_answer_disqualifies(told):
    """A peer that answered wrongly once has no figures, and its errors are still told."""
    found = next(it for it in report.summarise(told) if it.peer == "kserve")
    assert found.figures == {}
    assert found.errors == 3
    assert found.problem.startswith("after: wrong")


def test_table(told):
    """Every peer has a line: ours is bold, limits are set apart, and nothing is made up."""
    text = report.markdown(told, report.summarise(told))
    lines = text.splitlines()
    assert lines[0] == "### iris, one row"
    assert lines[2].startswith("|  | 8 at a time: /s (p50, p99 ms) | 64 on 1 connection: /s")
    assert lines[4:7] == [
        "| **this runtime** | 4,000 (2, 9.5) | 10,000 (2, 9.5) | 0.5 | 132 | 1.25 | 0 |",
        "| KServe gRPC | failed | – | – | – | – | 3 |",
        "| *limit: C++ echo, both cores* | 12.3 (2, 9.5) | – | 0.5 | 100 | 1.25 | 0 |",
    ]
    assert "- KServe gRPC: after: wrong / answer\n" in text
    assert "Made by `python -m benchmarks run --cases iris` on 2026-01-02" in text
    assert "- KServe gRPC: kserve 0.21.0" in text


def test_report_is_the_same_every_time(told, tmp_path):
    """Tables and plots depend on the results alone."""
    pytest.importorskip("matplotlib")
    first = {path.name: path for path in report.write(told, tmp_path / "1")}
    second = {path.name: path for path in report.write(told, tmp_path / "2")}
    assert set(first) == {"benchmarks.md", "benchmark-iris.png", "benchmark-iris.svg"}
    assert first["benchmark-iris.png"].read_bytes()[:4] == b"\x89PNG"
    for name, path in first.items():
        assert path.read_bytes() == second[name].read_bytes()


def test_result_has_what_the_report_needs():
    """The names of figures are those of a result."""
    assert set(report.FIGURES) <= set(rounds.Result._fields)
