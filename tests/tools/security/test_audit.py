import datetime
import json
import subprocess

import pytest

from tools.command_line import ToolError
from tools.security import audit, known
from tools.security.audit import CANARY, merged, renew, trusted
from tools.security.known import Vulnerability

TODAY = datetime.date(2031, 1, 9)
HOLE = {
    "id": "PYSEC-2031-7",
    "aliases": ["GHSA-aaaa-bbbb-cccc", "CVE-2031-0007"],
    "description": "A long story\nabout a header.",
    "fix_versions": ["1.86.0"],
}
OLD = Vulnerability("CVE-2031-0007", "in our words", "https://a.b", ("1.86.0",), "1.80")


def answered(*, canary=(HOLE,), skipped=()):
    """Make pip-audit's answer to a question about grpcio and the canary."""
    found = [
        {"name": CANARY[0], "version": CANARY[1], "vulns": list(canary)},
        {"name": "grpcio", "version": "1.85.1", "vulns": [HOLE]},
    ]
    left_out = [{"name": name, "skip_reason": "not found"} for name in skipped]
    kept = [it for it in found if it["name"] not in skipped]
    return json.dumps({"dependencies": [*kept, *left_out], "fixes": []})


ASKED = [("grpcio", "1.85.1"), CANARY]


def test_an_answer_with_the_canary_is_trusted():
    """The canary itself is nobody's package."""
    assert trusted(answered(), "", ASKED) == {("grpcio", "1.85.1"): [HOLE]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (answered(canary=()), "it has not reached its vulnerability service"),
        (answered(skipped=["grpcio"]), "skipped grpcio==1.85.1"),
        (answered(skipped=["django"]), "skipped django==2.0"),
        ('{"dependencies": [], "fixes": []}', "skipped grpcio==1.85.1, django==2.0"),
        ("", "gave no answer:\nno route"),
        ("No known vulnerabilities found", "gave no answer"),
        ("[]", "gave no answer"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(text, told):
    """Where no service is reached, all would seem to be well."""
    with pytest.raises(ToolError, match=told):
        trusted(text, "no route\n", ASKED)


def test_a_new_hole_is_taken_over():
    """By its CVE, in the service's words, closed where the service says."""
    (hole,) = merged({}, {("grpcio", "1.85.1"): [HOLE]})["grpcio"]
    assert hole == Vulnerability(
        "CVE-2031-0007",
        "A long story about a header.",
        "https://osv.dev/vulnerability/PYSEC-2031-7",
        ("1.86.0",),
    )


def test_a_hole_starts_at_the_oldest_version_that_has_it():
    """An older version of another row, of which the service says nothing, stays without it."""
    found = {("grpcio", "1.48.2"): [], ("grpcio", "1.80.0"): [HOLE], ("grpcio", "1.85.1"): [HOLE]}
    (hole,) = merged({}, found)["grpcio"]
    assert hole.since == "1.80.0"


def test_what_agrees_stays_as_it_was():
    """Words and sources that somebody chose are not replaced every week."""
    assert merged({"grpcio": (OLD,)}, {("grpcio", "1.85.1"): [HOLE]}) == {"grpcio": (OLD,)}


def test_what_disagrees_is_replaced():
    """A version that was taken for safe, and is not."""
    wrong = OLD._replace(since="1.85.2")
    (hole,) = merged({"grpcio": (wrong,)}, {("grpcio", "1.85.1"): [HOLE]})["grpcio"]
    assert (hole.since, hole.about) == ("", "A long story about a header.")


def test_holes_that_are_closed_stay_known_while_the_package_is_shipped():
    """No lock may go back to them; what nobody ships is dropped."""
    before = {"grpcio": (OLD,), "gone": (OLD,)}
    assert merged(before, {("grpcio", "1.90.0"): []}) == {"grpcio": (OLD,)}


def test_each_version_that_is_shipped_is_asked_for_once(checkout):
    """Local versions are asked for by the release that they are builds of."""
    checkout.replace("runtimes/toy/locks/1.10.txt", "grpcio==1.85.1", "grpcio==1.85.2+cpu")
    asked = []

    def ask(pins):
        asked.extend(pins)
        return {pin: [HOLE] if pin[0] == "grpcio" else [] for pin in pins}

    found = renew(checkout.load(), TODAY, ask)
    assert asked == [("grpcio", "1.85.1"), ("typing-extensions", "4.16.0"), ("grpcio", "1.85.2")]
    assert (found.renewed, list(found.packages)) == (TODAY, ["grpcio"])


@pytest.fixture
def command(checkout, monkeypatch):
    """Run the command on the small checkout, with a pip-audit that prints what it is given."""
    calls = []

    def run(arguments, **_):
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 1, stdout=run.text, stderr="")

    monkeypatch.setattr(audit, "load", checkout.load)
    monkeypatch.setattr(subprocess, "run", run)
    (checkout.root / known.FILE).parent.mkdir()
    run.calls = calls
    return run


def test_the_command_writes_what_it_learnt(checkout, command, capsys):
    """Packages that are skipped make pip-audit fail."""
    content = json.loads(answered())
    content["dependencies"].append({"name": "typing-extensions", "version": "4.16.0", "vulns": []})
    command.text = json.dumps(content)
    assert audit.main() == 0
    assert "1 vulnerabilities" in capsys.readouterr().out
    assert list(known.read(checkout.root).packages) == ["grpcio"]
    assert "--strict" in command.calls[0]


def test_the_command_keeps_what_there_is_if_it_learnt_nothing(checkout, command, capsys):
    """An empty answer is no news."""
    command.text = '{"dependencies": [], "fixes": []}'
    assert audit.main() == 1
    assert "stays as it was" in capsys.readouterr().err
    assert not (checkout.root / known.FILE).exists()
