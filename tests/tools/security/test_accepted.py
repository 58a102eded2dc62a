import datetime

import pytest

from tests.tools.conftest import TODAY
from tools.matrix.checks import problems
from tools.rows import Status, load
from tools.security import accepted, known
from tools.security.accepted import FILE
from tools.security.known import Known, Vulnerability

REAL = load(environment={})
DAY = datetime.date(2031, 1, 2)


def told(checkout, *fixed):
    """Write a vulnerability into the small checkout; its locks have grpcio 1.85.1."""
    hole = Vulnerability("CVE-2031-0001", "a header ends the server", "https://a.b", fixed)
    (checkout.root / known.FILE).parent.mkdir(exist_ok=True)
    known.write(checkout.root, Known(DAY, {"grpcio": (hole,)}))


def accept(checkout, *rows, since="2031-01-03"):
    """Accept the vulnerability in rows."""
    checkout.write(
        FILE,
        f"- rows: [{', '.join(rows)}]\n  package: grpcio\n  ids: [CVE-2031-0001]\n"
        f"  since: {since}\n  reason: nobody calls it\n",
    )


def test_supported_row_below_a_fix_fails(checkout):
    """The message has all that somebody needs who never heard of the advisory."""
    told(checkout, "1.86.0")
    assert checkout.problems() == [
        "toy/1.10: grpcio is 1.85.1, expected 1.86.0 or newer, for CVE-2031-0001 (a header ends"
        " the server); raise it: `make lock/toy/1.10`"
    ]


def test_supported_row_that_cannot_be_raised_fails_too(checkout):
    """What no release has closed is shipped only by a decision that says why."""
    told(checkout)
    assert checkout.problems() == [
        "toy/1.10: grpcio is 1.85.1, and no release is safe, for CVE-2031-0001 (a header ends"
        f" the server); accept it in {FILE}, with the reason"
    ]


def test_row_with_the_fix_passes(checkout):
    """There is nothing to say then, of no row."""
    told(checkout, "1.85.1")
    assert checkout.problems() == []
    assert accepted.gaps_by_row(checkout.load()) == {"toy/1.9": [], "toy/1.10": []}


def test_accepted_hole_is_listed_and_not_refused(checkout):
    """Who asks for a row gets the reason, and since when; a legacy row has its status."""
    told(checkout, "1.86.0")
    accept(checkout, "toy/1.10")
    assert checkout.problems() == []
    matrix = checkout.load()
    text = "\n".join(accepted.listing(matrix, matrix.built))
    assert text == (
        "As known on 2031-01-02; security/known.json has the sources.\n"
        "\ntoy/1.9 (legacy)\n"
        "  grpcio 1.85.1, closed in 1.86.0\n"
        "    CVE-2031-0001 (a header ends the server)\n"
        "\ntoy/1.10 (supported)\n"
        "  grpcio 1.85.1, closed in 1.86.0\n"
        "    CVE-2031-0001 (a header ends the server)\n"
        "      accepted since 2031-01-03: nobody calls it"
    )


def test_rows_without_holes_are_listed_as_such(checkout):
    """No line would leave open whether anybody looked; without a lock nobody could."""
    checkout.unverify("1.9")
    matrix = checkout.load()
    text = "\n".join(accepted.listing(matrix, matrix.rows_of("toy")[1:]))
    assert "toy/1.10 (supported): none is known" in text
    assert "toy/1.9 (unverified): has no lock to look into" in text


@pytest.mark.parametrize("row", ["toy/1.9", "toy/0.1"])
def test_entry_that_no_supported_row_needs_is_refused(checkout, row):
    """Legacy rows need none, and one that outlived its row would hide the next hole."""
    told(checkout, "1.86.0")
    accept(checkout, "toy/1.10", row)
    assert checkout.problems() == [
        f"{FILE}: {row} does not need CVE-2031-0001 of grpcio accepted; remove it"
    ]


def test_entry_that_is_no_longer_needed_is_refused(checkout):
    """A lock that was raised takes its entry with it."""
    told(checkout, "1.85.0")
    accept(checkout, "toy/1.10")
    assert checkout.problems() == [
        f"{FILE}: toy/1.10 does not need CVE-2031-0001 of grpcio accepted; remove it"
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("reason:", "why:", "expected entries of rows, package, ids, since, reason"),
        ("- rows:", "- [", "expected entries of"),
    ],
)
def test_malformed_list_is_refused(checkout, old, new, reason):
    """A mistake in the file is a problem of the check, with the place."""
    told(checkout, "1.86.0")
    accept(checkout, "toy/1.10")
    checkout.replace(FILE, old, new)
    (problem,) = checkout.problems()
    assert problem.startswith(f"{FILE}: ")
    assert reason in problem


def test_unreadable_data_is_one_problem(checkout):
    """The other checks go on."""
    checkout.write(known.FILE, "{")
    (problem,) = checkout.problems()
    assert problem.startswith(f"{known.FILE}: not as ")


def test_missing_lock_is_told_by_the_other_checks_alone(checkout):
    """One mistake is one problem."""
    told(checkout, "1.0")
    (checkout.root / "runtimes/toy/locks/1.10.txt").unlink()
    assert [problem.split(";")[0] for problem in checkout.problems()] == [
        "toy/1.10: there is no runtimes/toy/locks/1.10.txt"
    ]


def test_repository_has_no_other_holes_than_those_accepted():
    """Supported rows are above the fixes of all that is known."""
    assert "grpcio" in known.read(REAL.root).packages
    assert list(accepted.problems(REAL)) == []


def test_repository_is_checked(monkeypatch):
    """`make matrix-check` says it when a supported row falls short."""
    hole = Vulnerability("CVE-2031-0001", "", "", ("9999.0",))
    monkeypatch.setattr(known, "read", lambda _: Known(DAY, {"grpcio": (hole,)}))
    refused = [problem for problem in problems(REAL, TODAY) if "expected 9999.0" in problem]
    assert len(refused) == sum(row.status is Status.SUPPORTED for row in REAL.built)
