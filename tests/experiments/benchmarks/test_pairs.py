import json
import os
import random
import sys
import time

import pytest

from experiments.benchmarks import (
    ablation,
    baseline,
    devices,
    document,
    intervals,
    load,
    measure,
    paired_tables,
    pairs,
    setup,
    side_by_side,
)
from experiments.benchmarks.__main__ import main
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.intervals import Interval
from experiments.benchmarks.load import Load, Shape
from experiments.benchmarks.paired_tables import (
    GAIN,
    LOSS,
    MET,
    NO_GAIN,
    NOT_MET,
    POSSIBLE,
    SPEED_GAIN,
    TOO_FEW,
)
from experiments.benchmarks.peers import Setup, Start
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

ECHO = PEERS["limit-asyncio"]


def sample(front=100.0, worker=50.0, per_second=1000.0):
    """Make one side's sample."""
    return {"front_us": front, "worker_us": worker, "per_second": per_second, "errors": 0}


def place_of(tmp_path):
    """Return where a peer would run."""
    return Setup(CASES["iris"], setup.Path(sys.executable), tmp_path, tmp_path, 1, ())


@pytest.mark.parametrize(
    ("count", "low", "high"), [(20, 6, 15), (6, 1, 6), (3, 1, 3), (1, 1, 1), (60, 22, 39)]
)
def test_interval_is_the_table_s(count, low, high):
    """Ranks are those of the published tables for the median at 95 %; few have their range."""
    values = list(range(1, count + 1))
    random.Random(1).shuffle(values)
    assert intervals.of_median(values) == ((count + 1) / 2, low, high)


def test_cpu_time_of_another_process_is_read():
    """The process' own clock agrees with what the process says of itself."""
    before = time.process_time()
    read = pairs.cpu_seconds(os.getpid())
    assert before <= read <= time.process_time()


def test_sides_alternate_and_are_started_anew(monkeypatch):
    """Each pair begins with the other side, and samples stand in the order of the sides."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    monkeypatch.setattr(measure, "front_and_worker", lambda pid: {"front": pid, "worker": pid})
    monkeypatch.setattr(pairs, "PAIRS_OF_A_START", 2)
    ports = []

    def fake(url, message, shape, seconds, reply_bytes):
        ports.append(url.split(":")[2].split("/")[0])
        return Load(100, 1.0, 1, 1.0, 2.0)

    monkeypatch.setattr(load, "h2load", fake)
    monkeypatch.setattr(pairs.rounds, "warm_up", lambda asked, up: ports.append("new"))
    plan = pairs.Plan(CASES["noop"], [Shape(8, 8)], 3, 1.0)
    (result,) = pairs.run(plan, [ECHO, ECHO], {"device": "x"})
    a, b = ports[2:4]
    assert ports[:6] == ["new", "new", a, b, b, a]
    c, d = ports[8:]
    assert ports[6:8] == ["new", "new"]
    assert len({a, b, c, d}) >= 2
    assert (result["device"], result["case"], result["shape"]) == ("x", "noop", "8")
    assert [len(pair) for pair in result["pairs"]] == [2, 2, 2]
    assert result["problem"] == "6 calls failed"


def test_a_side_that_does_not_start_is_a_problem(monkeypatch):
    """The result says why, and has no pairs."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    bad = ECHO._replace(start=lambda place: Start([sys.executable, "-c", "raise SystemExit(3)"]))
    plan = pairs.Plan(CASES["noop"], [Shape(1, 1)], 1, 1.0)
    (result,) = pairs.run(plan, [bad, bad], {})
    assert "ended with exit code 3" in result["problem"]
    assert result["pairs"] == []


def test_a_commit_has_sources_of_its_own(monkeypatch, tmp_path):
    """They come before those that the environment has installed, and are really used."""
    monkeypatch.setattr(setup, "BUILD", tmp_path)
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    sources = baseline.copied("HEAD", "base")
    assert sources.folder == tmp_path / "sources" / "base"
    environ = baseline.service(sources, {"A": "1"}, "first").start(place_of(tmp_path)).environ
    first, second, *_ = environ["PYTHONPATH"].split(os.pathsep)
    assert (first, second) == ("first", str(sources.folder / "common"))
    assert environ["A"] == "1"
    baseline.ensure_used(sources)
    for each in (sources.folder / "common").iterdir():
        each.rename(tmp_path / each.name)
    with pytest.raises(baseline.BaselineError, match="not these sources"):
        baseline.ensure_used(sources)
    with pytest.raises(baseline.BaselineError, match="nothing"):
        baseline.copied("nothing", "base")


def test_a_folder_has_sources_too(monkeypatch, tmp_path):
    """A checkout's sources are copied without its tests; another folder has none."""
    monkeypatch.setattr(setup, "BUILD", tmp_path / "build")
    sources = baseline.copied(str(setup.ROOT), "this")
    assert (sources.folder / "common" / "serving_runtime" / "service.py").is_file()
    assert not (sources.folder / "common" / "tests").exists()
    assert str(sources.folder / "runtimes" / "sklearn") in sources.python_path
    with pytest.raises(baseline.BaselineError, match="there is no folder common"):
        baseline.copied(str(tmp_path), "other")


@pytest.mark.parametrize(
    ("cpu", "speed", "verdict"),
    [
        ((1.0, 0.98, 1.02), (1.0, 0.98, 1.02), MET),
        ((1.02, 1.0, 1.04), (1.0, 0.98, 1.02), POSSIBLE),
        ((1.0, 0.98, 1.02), (0.97, 0.95, 0.98), POSSIBLE),
        ((1.06, 1.04, 1.08), (1.0, 0.98, 1.02), NOT_MET),
        ((1.0, 0.98, 1.02), (0.9, 0.88, 0.92), NOT_MET),
    ],
)
def test_verdict_is_of_the_interval(cpu, speed, verdict):
    """A bound is met if the interval allows it, and the words say how surely."""
    assert paired_tables.verdict(Interval(*cpu), Interval(*speed)) == verdict


@pytest.mark.parametrize(
    ("cpu", "speed", "words"),
    [
        ((1.05, 1.01, 1.1), (1.0, 0.9, 1.1), GAIN),
        ((1.0, 0.99, 1.01), (1.0, 0.9, 1.1), NO_GAIN),
        ((0.9, 0.85, 0.99), (1.0, 0.9, 1.1), LOSS),
        ((0.95, 0.9, 0.98), (0.9, 0.87, 0.95), SPEED_GAIN),
    ],
)
def test_gain_is_what_the_whole_interval_says(cpu, speed, words):
    """A device that may as well gain nothing has no measured gain; speed may be one."""
    assert paired_tables.gain(Interval(*cpu), Interval(*speed)) == words


def test_tables_are_of_the_pairs():
    """Ratios are medians of the pairs' own, whatever the machine's drift."""
    drifting = [[sample(110 * k, 50 * k, 900 / k), sample(100 * k, 50 * k, 1000 / k)]
                for k in (1, 2, 4, 1, 2, 4)]  # fmt: skip
    told = {"commits": ["abc", "def"], "settings": [{}, {"RUNTIME_LOG_CALLS": "0"}], "results": [
        {"case": "iris", "shape": "8", "pairs": drifting, "problem": ""},
        {"case": "iris", "shape": "64", "pairs": [], "problem": "no start\nlog"}]}  # fmt: skip
    text = paired_tables.comparison(told)
    assert "commit abc with the defaults, before is commit def with `RUNTIME_LOG_CALLS=0`" in text
    assert ("| iris, one row | 8 | 6 | 300.0 | 320.0 | 1.067 (1.067–1.067) | 1.100 (1.100–1.100)"
            " | 1.000 (1.000–1.000) | 0.900 (0.900–0.900) | **not met** |") in text  # fmt: skip
    assert "- iris: no start\n" in text
    told["results"][0]["pairs"] = drifting[:5]
    assert f"| {TOO_FEW} |" in paired_tables.comparison(told)


def test_ablation_has_a_row_for_each_device():
    """Each is told by its title, with its gain; workers have a table of their own."""
    pair = [sample(), sample(front=150.0)]
    loaded = [{"device": it.name, "case": "iris", "shape": "64", "problem": "", "pairs": [pair] * 6}
              for it in devices.DEVICES]  # fmt: skip
    pair = [{"seconds": 0.1, "pss_mb": 10.0}, {"seconds": 0.9, "pss_mb": 60.0}]
    forked = {"device": "fork-server", "problem": "", "pairs": [pair] * 6}
    told = {"commit": "abc", "workers": 3, "results": [*loaded, forked]}
    text = paired_tables.ablation(told)
    assert text.count("| 1.333 (1.333–1.333) | 1.500 (1.500–1.500)") == len(devices.DEVICES)
    assert "| 0.10 | 0.90 | 0.800 (0.800–0.800) | 10.00 | 60.00 | 50.000" in text
    assert text.count(f"| {GAIN} |") == len(devices.DEVICES) + 1


def test_what_is_paired_writes_what_the_document_reads(monkeypatch, tmp_path, capsys):
    """Each verb writes its JSON, and the document's tables come from it."""
    monkeypatch.setattr(side_by_side, "ensure_ready", lambda: None)
    monkeypatch.setattr(ablation, "ensure_ready", lambda: None)
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    monkeypatch.setattr(
        baseline, "copied", lambda base, name: baseline.Sources(setup.ROOT, f"commit-of-{name}")
    )

    def fake(plan, peers, about):
        for shape in plan.shapes:
            yield {**about, "case": plan.case.name, "shape": shape.name, "problem": "",
                   "pairs": [[sample(), sample()]] * plan.pairs}  # fmt: skip

    monkeypatch.setattr(pairs, "run", fake)
    folder = tmp_path / "results"
    common = ["--pairs", "6", "--results", str(folder)]
    base = ["--base", "HEAD", "--base-settings", "RUNTIME_LOG_CALLS=0"]
    assert main(["compare", *base, *common]) == 0
    assert main(["protocols", *common]) == 0
    assert main(["ablation", "--devices", "malloc-settings", *common]) == 0
    assert "iris, one row, 64; pairs 6" in capsys.readouterr().out
    told = json.loads((folder / "comparison.json").read_text())
    assert [(it["case"], it["shape"]) for it in told["results"]] == [
        ("iris", "1"), ("iris", "8"), ("iris", "64"), ("1mib-raw", "8")]  # fmt: skip
    text = document.text(document.read(folder))
    assert text.count("| this runtime, Open Inference | iris, one row | ") == 2
    assert text.count(f"| {MET} |") == 4 + 3
    assert text.count(f"| {NO_GAIN} |") == 3


def test_what_others_were_measured_of_the_same_commit_is_kept(monkeypatch, tmp_path):
    """A run of some devices leaves the figures of the others, unless the tree is another one."""
    path = tmp_path / "ablation.json"
    earlier = [{"device": name, "problem": ""} for name in ("shared-memory", "malloc-settings")]
    path.write_text(json.dumps({"commit": "this", "results": earlier}))
    chosen = [devices.BY_NAME["malloc-settings"]]
    assert ablation._of_others(chosen, "this", path) == earlier[:1]
    assert ablation._of_others(chosen, "another", path) == []
    assert ablation._of_others(chosen, "this", tmp_path / "none.json") == []


def test_further_workers_are_counted_by_the_difference(monkeypatch):
    """What the first worker takes is left out."""
    took = {1: (2.0, 100.0), ablation.WORKERS: (3.0, 140.0)}
    monkeypatch.setattr(
        ablation.startup,
        "start",
        lambda case, workers, peer: ablation.startup.StartUp(0.0, 0.0, *took[workers]),
    )
    found = ablation._of_fork_server([ECHO, ECHO], 2)
    assert found["pairs"] == [[{"seconds": 0.5, "pss_mb": 20.0}] * 2] * 2
    assert found["problem"] == ""
