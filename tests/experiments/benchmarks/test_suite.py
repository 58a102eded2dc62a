import json
import subprocess
import sys

import pytest

from experiments.benchmarks import (
    batch,
    ceiling,
    cli_arguments,
    codec,
    measure,
    profiles,
    report,
    setup,
    suite,
    targets,
)
from experiments.benchmarks.__main__ import main
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.peers.registry import BY_NAME as PEERS
from experiments.benchmarks.rounds import Result

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
FIGURES = (1.0,) * 6
SCORED = {
    "results": [
        {"case": case, "way": way, "rows": 10, **batch.Spent(seconds, 1.0, 50.0, "")._asdict()}
        for case in batch.CASES
        for way, seconds in ((batch.LOOP, 2.0), (batch.ONE, 2.5), (batch.ALL, 1.25))
    ]
}


@pytest.fixture
def answered(monkeypatch):
    """Return a function that says what a plan's peers would answer, were they all set up."""
    monkeypatch.setattr(setup, "can_run", lambda peer, case: case.name in peer.cases)
    return lambda plans: [
        Result(peer.name, case.name, shape.name, 1, *FIGURES)._asdict()
        for plan in suite._plans(plans, 1.0, once=True)
        for case in plan.cases
        for peer in plan.peers
        if case.name in peer.cases
        for shape in plan.shapes
    ]


def test_everything_measures_all_that_must_be_reached(answered):
    """No target is without figures where all peers are set up and answer."""
    results = answered(suite.PLANS)
    told = {"seconds": dict.fromkeys(("memcpy", "decode", "encode", "small"), 1e-6)}
    grown = {"results": [{"requests": count, "held_mb": 1.0} for count in range(0, 1001, 100)]}
    found = targets.targets(report.summarise({"results": results}), told, grown, SCORED)
    assert [it.words for it in found if it.found is None] == []


def test_each_target_against_a_limit_has_its_ceiling(answered):
    """What is asked is a share of the limit, and stands beside the echo with a worker and ours."""
    results = answered(suite.CEILING)
    speeds = {"limit-queue": 3000.0, "limit-worker": 2000.0, "serving-runtime": 1000.0}
    for result in results:
        result["requests_per_second"] = speeds.get(result["peer"], 1.0)
    rows = ceiling.table({"results": results}).splitlines()[2:]
    assert len(rows) == len(targets.AGAINST_LIMITS)
    last = "no-op, 64 on 1 connection: speed against Python's completion-queue echo"
    assert rows[-1] == f"| {last} | ≥ 0.5 | 1,500 | 2,000 | 0.75 | 1,000 | 0.50 |"
    assert not any(report.NOTHING in row for row in rows)
    assert report.NOTHING in ceiling.table({"results": []})


def test_batch_scoring_is_shown_beside_the_loop():
    """How many rows a second, and how many times the loop's; a wrong result has no figures."""
    rows = batch.table(SCORED).splitlines()
    assert rows[2] == "| iris, logistic regression | 10 | loop | 5 | 1.00 | 100000.00 | 50 |"
    assert rows[4].startswith(
        "| iris, logistic regression | 10 | a process for each CPU | 8 | 1.60 |"
    )
    wrong = [{**it, "problem": "other rows"} for it in SCORED["results"]]
    assert len(batch.table({"results": wrong}).splitlines()) == 2


def test_what_is_not_set_up_is_left_out_and_said(monkeypatch, capsys):
    """The rest is measured; with nothing left there is an error that says what to do."""
    monkeypatch.setattr(setup, "can_run", lambda peer, case: peer.name == "kserve")
    cases = [CASES["iris"]]
    left = cli_arguments.possible([PEERS["kserve"], PEERS["triton"]], cases)
    assert [(it.name, it.cases) for it in left] == [("kserve", ("iris",))]
    assert "left out: triton, iris: not set up" in capsys.readouterr().err
    with pytest.raises(setup.SetUpError, match="nothing is set up"):
        cli_arguments.possible([PEERS["triton"]], cases)


def test_shares_are_of_the_functions_that_samples_end_in():
    """Callers have no share of what they call."""
    stacks = "main (a.py:1);work (b.py:2) 30\nmain (a.py:1) 10\nother;work (b.py:2) 60\n"
    assert profiles.shares_of(stacks) == [("work (b.py:2)", 0.9), ("main (a.py:1)", 0.1)]


def test_the_worker_is_a_process_of_the_front():
    """Both are found from the front's process."""
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE) as parent:
        while len(measure.tree(parent.pid)) < 2:
            pass
        found = measure.front_and_worker(parent.pid)
        parent.stdin.close()
    assert found["front"] == parent.pid
    assert found["worker"] != parent.pid


def test_a_profiler_that_fails_is_told():
    """What it printed is in the message."""
    command = [sys.executable, "-c", "raise SystemExit('no permission')"]
    spy = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with pytest.raises(profiles.ProfileError, match="no permission"):
        profiles._wait(spy, 1)


def test_codec_is_measured_and_written(monkeypatch, tmp_path, capsys):
    """Each thing has its seconds."""
    monkeypatch.setattr(codec, "LARGE_TIMES", 1)
    monkeypatch.setattr(codec, "SMALL_TIMES", 1)
    assert main(["codec", "--results", str(tmp_path)]) == 0
    seconds = json.loads((tmp_path / "codec.json").read_text())["seconds"]
    assert set(seconds) == {"memcpy", "decode", "encode", "small"}
    assert all(taken > 0 for taken in seconds.values())


def test_list_says_what_there_is(capsys):
    """Cases, curves and peers."""
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert "case   iris" in printed
    assert "curve  payload" in printed
    assert "peer   triton" in printed


def test_an_environment_without_its_models_is_not_ready(monkeypatch, tmp_path):
    """What was interrupted is left out, and not started in vain."""
    monkeypatch.setattr(setup, "interpreter", lambda name: setup.Path(sys.executable))
    monkeypatch.setattr(setup, "BUILD", tmp_path)
    folder = setup.models_folder("kserve-pytorch")
    assert not setup.is_ready("kserve-pytorch")
    folder.mkdir(parents=True)
    (folder / "network.pt").touch()
    assert setup.is_ready("kserve-pytorch")
    assert not setup.is_ready("nothing")
