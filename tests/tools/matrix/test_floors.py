import pytest
from packaging.version import Version

from tests.tools.conftest import TODAY
from tools.matrix import __main__, floors, floors_document
from tools.matrix.checks import problems
from tools.matrix.floors import FILE, Advisory, gaps, gaps_by_row, read
from tools.rows import MatrixError, Status, load

REAL = load(environment={})

ADVISORY = """\
grpcio:
  - cve: CVE-2031-0001
    about: a header ends the server
    source: https://example.org/1
    fixed: {fixed}
"""


def advisory(*fixed, since=None):
    """Make an advisory that is closed in those versions."""
    first = Version(since) if since else None
    return Advisory("CVE-2031-0001", "", "", tuple(map(Version, fixed)), first, {})


def floored(checkout, fixed='["1.86.0"]', more=""):
    """Write floors into the small checkout; its locks have grpcio 1.85.1."""
    checkout.write(FILE, ADVISORY.format(fixed=fixed) + more)


def accepted(*rows):
    """Write exceptions for rows, as they follow an advisory."""
    entries = "".join(f"      - row: {row}\n        reason: nobody calls it\n" for row in rows)
    return f"    accepted:\n{entries}"


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ("4.25.8", True),
        ("4.25.10", True),
        ("4.25.7", False),
        ("4.26.0", False),  # a line that got no fix
        ("3.20.3", False),
        ("5.29.4", False),
        ("5.29.5", True),
        ("5.30.0", True),
        ("6.0", True),
    ],
)
def test_fix_reaches_its_own_line_and_the_newest_all_later_ones(version, is_safe):
    """A version between two lines counts as unsafe: nobody said that it got the fix."""
    assert advisory("4.25.8", "5.29.5").spares(Version(version)) is is_safe


def test_versions_older_than_the_hole_are_safe():
    """A hole that came with a feature is none of earlier releases."""
    hole = advisory("2.7.0", since="2.6.0")
    assert hole.spares(Version("2.5.9"))
    assert not hole.spares(Version("2.6.0"))


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.0.post1", "2.13.0"])
def test_builds_of_a_version_are_that_version(version):
    """A wheel for the CPU alone has the fix of its release."""
    assert advisory("2.13.0").spares(Version(version))


def test_floor_is_the_oldest_version_without_any_of_the_holes():
    """The fix of one hole is no floor while it has another."""
    holes = (advisory("1.5.1", "2.0.1"), advisory("1.6.0"), advisory("1.9.0", since="1.8.0"))
    gap, *others = gaps({"toy": "1.4.0"}, {"toy": holes, "absent": holes})
    assert (gap.package, gap.version, gap.floor, others) == ("toy", "1.4.0", "2.0.1", [])
    assert gap.advisories == holes[:2]


def test_supported_row_below_a_floor_fails(checkout):
    """The message has all that somebody needs who never heard of the advisory."""
    floored(checkout)
    assert checkout.problems() == [
        "toy/1.10: grpcio is 1.85.1, expected 1.86.0 or newer, for CVE-2031-0001 (a header ends"
        " the server); raise it: `make lock/toy/1.10`"
    ]


def test_row_on_the_floor_passes(checkout):
    """There is nothing to say then, of no row."""
    floored(checkout, '["1.85.1"]')
    assert checkout.problems() == []
    assert gaps_by_row(checkout.load(), read(checkout.root)) == {"toy/1.9": [], "toy/1.10": []}


def test_accepted_hole_is_told_and_not_refused(checkout):
    """What a supported row cannot mend is in the document, with the reason."""
    floored(checkout, more=accepted("toy/1.10"))
    assert checkout.problems() == []
    text = floors_document.render(checkout.load())
    assert "| grpcio | 1.85.1 | 1.86.0 | CVE-2031-0001 |" in text
    assert "- CVE-2031-0001: nobody calls it.\n" in text


@pytest.mark.parametrize("row", ["toy/1.9", "toy/0.1"])
def test_exception_that_no_supported_row_needs_is_refused(checkout, row):
    """Legacy rows need none, and one that outlived its row would hide the next hole."""
    floored(checkout, more=accepted("toy/1.10", row))
    assert checkout.problems() == [
        f"{FILE}: {row} needs no exception from CVE-2031-0001; remove it"
    ]


def test_exception_that_is_no_longer_needed_is_refused(checkout):
    """A lock that was raised takes its exception with it."""
    floored(checkout, '["1.85.0"]', accepted("toy/1.10"))
    assert checkout.problems() == [
        f"{FILE}: toy/1.10 needs no exception from CVE-2031-0001; remove it"
    ]


def test_package_that_no_image_has_is_refused(checkout):
    """Floors go with the last lock that has their package, and a wrong name guards nothing."""
    floored(checkout, '["1.0"]')
    checkout.replace(FILE, "grpcio:", "GRPCIO:")
    assert checkout.problems() == [f"{FILE}: GRPCIO is in no lock; remove it or mend its name"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("fixed:", "closed:", "grpcio: expected cve, about, source, fixed"),
        ('["1.86.0"]', "[1.86]", "versions in quotes"),
        ('["1.86.0"]', '["soon"]', "soon"),
        ('["1.86.0"]', "[]", "fixed of CVE-2031-0001 is empty"),
        ("CVE-2031-0001", "CVE-1", "cve is 'CVE-1'"),
        ("    about:", "    cve: CVE-2031-0002\n    about:", "has cve twice"),
        ("grpcio:\n", "", str(FILE)),
    ],
)
def test_malformed_floors_are_refused(checkout, old, new, told):
    """A mistake in the file is a problem of the check, with the place."""
    floored(checkout)
    checkout.replace(FILE, old, new)
    (problem,) = checkout.problems()
    assert problem.startswith(f"{FILE}: ")
    assert told in problem


def test_missing_lock_is_told_by_the_other_checks_alone(checkout):
    """One mistake is one problem."""
    floored(checkout, '["1.0"]')
    (checkout.root / "runtimes/toy/locks/1.10.txt").unlink()
    assert [problem.split(";")[0] for problem in checkout.problems()] == [
        "toy/1.10: there is no runtimes/toy/locks/1.10.txt"
    ]


def test_document_tells_what_each_row_lacks(checkout):
    """Each row has a section that other documents link to, and each floor its source."""
    floored(checkout)
    text = floors_document.render(checkout.load())
    assert "### toy 1.9\n\nLegacy.\n" in text
    assert floors_document.section(checkout.load().row("toy", "1.9")) == "toy-19"
    told = "| [CVE-2031-0001](https://example.org/1) | a header ends the server | 1.86.0 |"
    assert f"| grpcio {told}" in text


def test_builds_of_one_framework_share_their_lines(checkout):
    """The same advisories under two names are told once."""
    floored(checkout, more="typing-extensions: *shared\n")
    checkout.replace(FILE, "grpcio:", "grpcio: &shared")
    text = floors_document.render(checkout.load())
    assert text.count("(https://example.org/1)") == 1
    assert "| grpcio, typing-extensions | [CVE-2031-0001]" in text


def test_drift_of_the_document_is_seen_and_mended(checkout):
    """A lock or a floor that changed makes it out of date until it is written again."""
    floored(checkout)
    with pytest.raises(MatrixError, match="out of date; run `make matrix-floors`"):
        floors_document.check(checkout.load())
    floors_document.write(checkout.load())
    floors_document.check(checkout.load())
    checkout.replace(FILE, "a header ends", "a long header ends")
    with pytest.raises(MatrixError, match="out of date"):
        floors_document.check(checkout.load())


def test_command_writes_the_document_or_only_looks(checkout, monkeypatch, capsys):
    """`make matrix-floors` mends what `make matrix-drift` refuses."""
    floored(checkout)
    monkeypatch.setattr(__main__, "load", checkout.load)
    assert __main__.main(["floors", "--check"]) == 1
    assert "out of date; run `make matrix-floors`" in capsys.readouterr().err
    assert __main__.main(["floors"]) == 0
    assert __main__.main(["floors", "--check"]) == 0


def test_floors_of_the_repository_are_kept():
    """Supported rows keep to them, and users can read what is there today."""
    assert "grpcio" in read(REAL.root)
    assert list(floors.problems(REAL)) == []
    floors_document.check(REAL)


def test_repository_checks_its_floors(monkeypatch):
    """`make matrix-check` says it when a supported row falls short."""
    floor = {"grpcio": (advisory("9999.0"),)}
    monkeypatch.setattr(floors, "read", lambda _: floor)
    refused = [problem for problem in problems(REAL, TODAY) if "expected 9999.0" in problem]
    assert len(refused) == sum(row.status is Status.SUPPORTED for row in REAL.built)
