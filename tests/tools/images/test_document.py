import pytest

from tests.tools.conftest import TODAY
from tools.images import document
from tools.images.report import Outcome
from tools.rows import MatrixError
from tools.security import known
from tools.security.known import Known, Vulnerability


def lines_of(checkout):
    """Return the document's rows, as it is made without measurements."""
    text = document.render(checkout.load(), {})
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def outcome(checkout, version, result="12 tests passed"):
    """Make an outcome of a row that was measured."""
    row = checkout.load().row("toy", version)
    return Outcome(row, result, 219_000_000, 10.2, 1.04, 98_000_000)


def test_rows_are_newest_first_with_what_users_may_expect(checkout):
    """A reader sees first what most should take, and why the rest is not it."""
    newest, older, oldest = lines_of(checkout)
    assert newest == (
        "| toy/1.10 | `1.10-latest`<br>`1.10-0.7.0`<br>`latest` | 3.13 | - | - | - | - | -"
        " | supported until 2029-10-31 |"
    )
    assert older.endswith("| 3.6 | - | - | - | - | - | legacy: for old toys |")
    assert oldest.startswith("| toy/0.9 | none |")
    assert oldest.endswith("| not built: nobody kept its wheels |")


def test_tags_that_nobody_publishes_are_not_promised(checkout):
    """An unverified row is in the table with its reason, and without tags."""
    checkout.unverify("1.9")
    older = lines_of(checkout)[1]
    assert older.startswith("| toy/1.9 | none |")
    assert older.endswith("| unverified: for old toys |")


def test_packages_with_known_vulnerabilities_are_counted(checkout):
    """A row that has some says so, and where that is explained."""
    packages = {
        name: (Vulnerability("CVE-2031-0001", "", "", (fixed,)),)
        for name, fixed in (("grpcio", "1.86"), ("typing-extensions", "4.17"))
    }
    (checkout.root / known.FILE).parent.mkdir()
    known.write(checkout.root, Known(TODAY, packages))
    newest, older, oldest = lines_of(checkout)
    link = "](../SECURITY.md#known-vulnerabilities) |"
    assert older.endswith(f"legacy: for old toys; [2 packages with known vulnerabilities{link}")
    assert "supported until 2029-10-31; [2 packages with" in newest
    assert oldest.endswith("| not built: nobody kept its wheels |")
    known.write(checkout.root, Known(TODAY, {"grpcio": packages["grpcio"]}))
    assert "; [1 package with known vulnerabilities](" in lines_of(checkout)[0]


def test_a_run_over_some_rows_renews_only_those(checkout):
    """What was measured before stays, and is not lost where only the matrix changed."""
    document.write(checkout.load(), [outcome(checkout, "1.9"), outcome(checkout, "1.10", "built")])
    document.write(checkout.load(), [outcome(checkout, "1.10", "9 tests passed")])
    document.write(checkout.load())
    figures = document.read(checkout.root)
    assert figures["toy/1.9"]["Result"] == "12 tests passed"
    assert figures["toy/1.10"]["Result"] == "9 tests passed"
    text = (checkout.root / document.DOCUMENT).read_text()
    assert "| 3.6 | 219 MB | 10 s | 1.0 s | 98 MB | 12 tests passed | legacy" in text


def test_a_row_that_is_gone_goes(checkout):
    """Nobody takes its figures for those of an image that exists."""
    checkout.write(document.DOCUMENT, "| Row | Size |\n| --- | --- |\n| toy/0.1 | 3 MB |\n")
    document.write(checkout.load())
    assert "toy/0.1" not in (checkout.root / document.DOCUMENT).read_text()


def test_drift_is_seen_and_mended(checkout):
    """A row that changed makes the document out of date until it is written again."""
    with pytest.raises(MatrixError, match="out of date; run `make matrix-table`"):
        document.check(checkout.load())
    document.write(checkout.load())
    document.check(checkout.load())
    checkout.replace("build_matrix.yaml", "for old toys", "for older toys")
    with pytest.raises(MatrixError, match="out of date"):
        document.check(checkout.load())
