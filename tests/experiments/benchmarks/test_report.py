import json
import re

import pytest

from experiments.benchmarks import document, report, rounds, setup, targets
from experiments.benchmarks.rounds import NO_ANSWER, Result
from experiments.benchmarks.targets import LEAST, MOST, Target


def result_of(peer, shape, number, per_second, case="iris", **more):
    """Make a result."""
    figures = {"p50_ms": 2.0, "p99_ms": 9.5, "cpu_seconds_per_thousand": 0.5, "pss_mb": 100.0,
               "cold_start_seconds": 1.25, **more}  # fmt: skip
    return Result(peer, case, shape, number, per_second, **figures)._asdict()


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
    return json.loads(json.dumps({**ORIGIN, "results": results}))


ORIGIN = {
    "command": "python -m experiments.benchmarks all",
    "date": "2026-01-02",
    "machine": {"processor": "Example", "cores": "2"},
    "versions": {"kserve": {"kserve": "0.21.0"}},
}


@pytest.fixture
def everything(told):
    """The files that a run of everything leaves, by name."""
    curve = [{"curve": "rows", "size": size, **result_of("serving-runtime", "8", 1, 1000.0)}
             for size in (1, 4)]  # fmt: skip
    curve.append({"curve": "rows", "size": 16, **result_of("serving-runtime", "8", 1, 0.0)})
    curve[-1]["problem"] = "before: wrong"
    sizes = {"pss_mb": 150.0, "held_mb": 100.0, "errors": 0, "problem": ""}
    held = [{"requests": 1000 * count, **sizes} for count in range(11)]
    spent = {"front": [["run (front.py:1)", 0.75]], "worker": [["serve (worker.py:1)", 0.5]]}
    started = {"framework": "python", "workers": 1, "health_seconds": 0.25, "answer_seconds": 0.5,
               "all_workers_seconds": 0.5, "pss_mb": 50.0, "problem": ""}  # fmt: skip
    shares = {"results": [{"case": "iris", "processes": spent, "problem": ""}]}
    return {
        "results": told,
        "growth": {**ORIGIN, "results": curve},
        "memory": {**ORIGIN, "case": "iris", "results": held},
        "codec": {"seconds": {"memcpy": 0.002, "decode": 1e-5, "encode": 0.005, "small": 7e-6}},
        "startup": {"results": [started]},
        "profile": shares,
        "protocols": {},
        "comparison": {},
        "ablation": {},
        "batch": {},
        "ceiling": told,
    }


def write(told, folder):
    """Write the files of results."""
    folder.mkdir()
    for name, content in told.items():
        (folder / f"{name}.json").write_text(json.dumps(content))


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
    text = report.case_table(report.summarise(told))
    lines = text.splitlines()
    assert lines[0].startswith("|  | 8 at a time | 64 on 1 connection | CPU s per 1000 |")
    assert lines[2:5] == [
        "| **this runtime** | 4,000 (2, 9.5) | 10,000 (2, 9.5) | 0.5 | 132 | 1.25 | 0 |",
        "| KServe gRPC | failed | – | – | – | – | 3 |",
        "| *limit: C++ async echo, both cores* | 12.3 (2, 9.5) | – | 0.5 | 100 | 1.25 | 0 |",
    ]
    assert "- KServe gRPC: after: wrong / answer\n" in text


def found_of(*results):
    """Return what is reached, by the target's words."""
    summaries = report.summarise({"results": results})
    return {it.words: it for it in targets.targets(summaries, {}, {}, {})}


def test_targets_are_ratios_to_the_best_that_was_measured():
    """Speeds are compared with the fastest peer, latencies with the lowest; limits are no peers."""
    found = found_of(
        result_of("serving-runtime", "8", 1, 4000.0),
        result_of("kserve", "8", 1, 500.0),
        result_of("triton", "8", 1, 800.0),
        result_of("limit-queue", "8", 1, 9000.0),
        result_of("serving-runtime", "1", 1, 1.0, p50_ms=0.5),
        result_of("kserve", "1", 1, 1.0, p50_ms=2.0),
    )
    speed = found["iris, 8 at a time: speed against the best peer"]
    assert (speed.found, speed.versus, speed.verdict) == (5.0, "Triton gRPC, batching", "met")
    latency = found["iris, 1 at a time: p50 against the best peer's"]
    assert (latency.found, latency.versus, latency.verdict) == (0.25, "KServe gRPC", "met")
    assert found["iris, 64 at a time: speed against MLServer"].verdict == "not measured"


def test_protocols_are_compared_with_peers_of_the_same():
    """Our own Predict is beside them, and no peer of itself."""
    found = found_of(
        result_of("serving-runtime", "64", 1, 4000.0),
        result_of("serving-runtime-v2", "64", 1, 3900.0),
        result_of("triton", "64", 1, 1300.0),
        result_of("kserve", "64", 1, 500.0),
    )
    words = "iris over Open Inference, 64 at a time: speed against"
    assert found[f"{words} our own Predict"].found == pytest.approx(0.975)
    assert found[f"{words} Triton"].verdict == "not met"
    assert found[f"{words} KServe"].verdict == "met"
    assert found["iris, 64 at a time: speed against the best peer"].versus != "this runtime"


def test_a_peer_that_answers_nothing_is_beaten_and_one_that_failed_is_not():
    """Nothing in time is the speed 0; a peer that did not start was not measured."""
    words = "16 MiB typed, 8 at a time: speed against KServe"
    ours = result_of("serving-runtime", "8", 1, 10.0, "16mib-typed")
    slow = result_of("kserve", "8", 1, 0.0, "16mib-typed", problem=NO_ANSWER)
    absent = result_of("kserve", "8", 1, 0.0, "16mib-typed", problem="kserve: exit code 1")
    assert found_of(ours, slow)[words].found == float("inf")
    assert found_of(ours, slow)[words].verdict == "met"
    assert found_of(ours, absent)[words].verdict == "not measured"


@pytest.mark.parametrize(
    ("sense", "found", "verdict"),
    [(LEAST, 3.5, "met"), (LEAST, 3.4, "not met"), (MOST, 3.5, "met"), (MOST, 3.6, "not met"),
     (LEAST, None, "not measured")],
)  # fmt: skip
def test_verdicts(sense, found, verdict):
    """A bound that is just reached is met."""
    assert Target("words", sense, 3.5, found).verdict == verdict


def test_memory_that_grows_is_seen(everything):
    """A leak of a tenth of the memory over the run is more than noise."""
    for number, point in enumerate(everything["memory"]["results"]):
        point["held_mb"] += number
    found = targets.targets([], {}, everything["memory"], {})[-3]
    assert found.found == pytest.approx(2**20)
    assert found.verdict == "not met"


def test_document_has_what_was_measured(everything):
    """Each part of the template is filled from the JSON, and what is missing is said."""
    text = document.text(everything)
    assert "{{" not in text
    assert "| command | `python -m experiments.benchmarks all` |" in text
    assert "![iris, one row](performance/benchmark-iris.svg)" in text
    assert "| 4 | 1,000 | 2 | 9.5 | 0 | 250 | 125 |" in text
    assert "- this runtime, 16: before: wrong" in text
    assert "| python | 1 | 0.25 | 0.50 | 0.50 | 50 |" in text
    assert text.count("| `run (front.py:1)` | 75% |") == 1
    assert "| ≤ 2 | 2.5 |  | **not met** |" in text
    assert "- KServe gRPC: kserve 0.21.0" in text


def test_document_without_results_says_so():
    """Nothing that was not measured has a figure."""
    text = document.text(dict.fromkeys(document.FILES, {}))
    assert text.count(document.NOTHING) == 12
    assert "not met" not in text


def test_report_is_the_same_every_time(everything, tmp_path):
    """The document and its plots depend on the results alone, and are made of copies of them."""
    pytest.importorskip("matplotlib")
    write(everything, tmp_path / "results")
    document.write(tmp_path / "results", tmp_path / "1")
    document.write(tmp_path / "1" / document.FOLDER, tmp_path / "2")
    first, second = (
        {path.relative_to(tmp_path / folder): path.read_bytes()
         for path in (tmp_path / folder).rglob("*.*")} for folder in ("1", "2")
    )  # fmt: skip
    names = {path.name for path in first}
    assert {"performance.md", "benchmark-iris.png", "growth-rows.svg", "memory.png"} <= names
    assert {"results.json", "growth.json", "memory.json", "codec.json"} <= names
    assert second == first


def test_document_in_the_repository_is_what_its_json_makes():
    """Nobody writes figures by hand."""
    docs = setup.ROOT / "docs"
    if not (docs / document.DOCUMENT).exists():
        pytest.skip("no performance document yet")
    written = (docs / document.DOCUMENT).read_text(encoding="utf-8")
    assert written == document.text(document.read(docs / document.FOLDER))
    for picture in re.findall(r"\((performance/[^)]+)\)", written):
        assert (docs / picture).exists(), picture


def test_result_has_what_the_report_needs():
    """The names of figures are those of a result."""
    assert set(report.FIGURES) <= set(rounds.Result._fields)
