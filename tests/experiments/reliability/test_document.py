import argparse
import json
import re

import pytest

from experiments.reliability import document, isolation, plots
from experiments.reliability.__main__ import RESULTS
from experiments.reliability.experiment import Experiment, Goal
from experiments.reliability.registry import EXPERIMENTS
from experiments.reliability.soak_samples import Sample

MACHINE = {"commit": "abcdef0", "cores": "2"}


def goal(what, measured, **bounds):
    """Return a goal as a result tells it."""
    it = Goal(what, measured, **bounds)
    return {**it._asdict(), "is_met": it.is_met}


def result(*goals, **figures):
    """Return what an experiment writes."""
    return {"command": "python -m experiments.reliability thing",
            "date": "2026-01-02", "seconds": 90,
            "machine": MACHINE, "counts": {"kills": 1000, "requests": 52341, "odd_ones": 3},
            "goals": list(goals), "figures": figures}  # fmt: skip


TEMPLATE_TEXT = """# Title

{{verdicts}}

{{table}}

## Soak

{{soak}}

{{others}}
"""


@pytest.fixture
def promised(monkeypatch, tmp_path_factory):
    """Two experiments, of which the template knows one."""
    known, other = (
        Experiment(name, f"{name} keeps on", argparse.ArgumentParser.format_help, print)
        for name in ("soak", "new-thing")
    )
    monkeypatch.setattr(document, "EXPERIMENTS", (known, other))
    template = tmp_path_factory.mktemp("template") / "template.md"
    template.write_text(TEMPLATE_TEXT)
    monkeypatch.setattr(document, "TEMPLATE", template)


@pytest.fixture
def told():
    """Results of a soak: one goal is met, one is not."""
    samples = {name: [1, 2, 3] for name in Sample._fields}
    met = goal("wrong answers", 0, at_most=0)
    missed = goal("memory that grows", 10.04, unit="MB", at_most=10)
    return {"soak": result(met, missed, samples=samples, requests_per_second=1234)}


def test_document_has_what_was_measured(promised, told):
    """Counts, the command, the commit, and each goal with its bound and its verdict."""
    text = document.text(told)
    assert "**Promised:** Soak keeps on." in text
    assert (
        "**Tried:** `python -m experiments.reliability thing` on 2026-01-02, commit abcdef0, "
        "2 cores, 90 seconds: 1,000 kills, 52,341 requests, 3 odd ones." in text
    )
    assert "| wrong answers | at most 0 | 0 | met |" in text
    assert "| memory that grows | at most 10 | 10.04 MB | **not met** |" in text
    assert "![Soak](reliability/soak.svg)" in text
    assert "Goals: 1 met, 1 not met; 1 of 2 experiments not run yet." in text
    assert "| Soak: Soak keeps on. | 1,000 kills, 52,341 requests | **1 of 2** |" in text


def test_document_says_what_was_not_run(promised):
    """Nothing that was not tried has a figure, and what the template does not know is there too."""
    text = document.text({})
    assert text.count(document.NOTHING) == 4  # in the table and in the sections
    assert "## New thing\n\n**Promised:** New-thing keeps on." in text
    assert "not met |" not in text
    assert ".svg" not in text


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (Goal("gap", 99.5, "ms", at_most=100), "gap: 99.5 ms (at most 100)"),
        (Goal("kills", 1000, at_least=1000, at_most=2000),
         "kills: 1,000 (at least 1,000 and at most 2,000)"),
        (Goal("gap", float("nan"), "ms", at_most=100), "gap: nan ms (at most 100)"),
    ],
)  # fmt: skip
def test_goals_in_words(of, words):
    """Whole numbers have all of their digits."""
    assert document.in_words(of) == words


def test_template_has_each_experiment_once_and_in_order():
    """The sections that are told in words come in the order of the registry."""
    places = document.PLACE.findall(document.TEMPLATE.read_text(encoding="utf-8"))
    names = [name for name in places if name not in ("table", "verdicts", "others")]
    assert names == [it.name for it in EXPERIMENTS if it.name in names]


def test_document_in_the_repository_is_what_its_json_makes():
    """Nobody writes figures by hand."""
    written = document.ROOT / RESULTS.with_suffix(".md")
    if not written.exists():
        pytest.skip("no reliability document yet")
    text = written.read_text(encoding="utf-8")
    assert text == document.text(document.read(document.ROOT / RESULTS))
    for picture in re.findall(r"\((reliability/[^)]+)\)", text):
        assert (written.parent / picture).exists(), picture


def test_report_is_the_same_every_time(promised, told, tmp_path):
    """The document and its plots depend on the results alone."""
    pytest.importorskip("matplotlib")
    folder = tmp_path / "reliability"
    folder.mkdir()
    (folder / "soak.json").write_text(json.dumps(told["soak"]))
    made = []
    for _ in range(2):
        assert document.write(folder) == tmp_path / "reliability.md"
        made.append({path.name: path.read_bytes() for path in tmp_path.rglob("*.*")})
    assert set(made[0]) == {"reliability.md", "soak.json", "soak.png", "soak.svg"}
    assert made[0] == made[1]


def test_document_is_written_without_matplotlib(promised, told, tmp_path, monkeypatch):
    """Where plots cannot be drawn, the words are written, and the plots stay as they were."""
    monkeypatch.setattr(plots, "can_draw", lambda: False)
    folder = tmp_path / "reliability"
    folder.mkdir()
    (folder / "soak.json").write_text(json.dumps(told["soak"]))
    written = document.write(folder).read_text(encoding="utf-8")
    assert written == document.text(told)
    assert [path.name for path in folder.iterdir()] == ["soak.json"]


def test_isolation_wants_all_tests_of_all_images():
    """A test that failed, an image whose tests did not run: neither is a success."""
    good, bad, none = ({"passed": 9, "failed": 0}, {"passed": 8, "failed": 1},
                       {"passed": 0, "failed": 0})  # fmt: skip
    verdicts = [
        all(it.is_met for it in isolation.findings({"a": good, "b": other}).goals)
        for other in (good, bad, none)
    ]
    assert verdicts == [True, False, False]
    assert isolation.findings({"a": good, "b": bad}).counts == {"tests": 18, "images": 2}
