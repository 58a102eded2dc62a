import pytest

from tests.tools.conftest import TODAY
from tools.images import report
from tools.matrix.table import BEGIN, END, is_current, render, updated, write
from tools.rows import MatrixError
from tools.security import known
from tools.security.known import Known, Vulnerability


def test_rows_are_newest_first_with_what_users_may_expect(checkout):
    """A reader sees first what most should take, and why the rest is not it."""
    _, _, newest, older, oldest = render(checkout.load()).splitlines()
    assert newest == (
        "| `hydrosphere/serving-runtime-toy` | `1.10-latest`<br>`1.10-0.7.0`<br>`latest`"
        " | 3.13 | - | - | - | supported until 2029-10-31 |"
    )
    assert older.endswith("| 3.6 | - | - | - | legacy: for old toys |")
    assert "| 0.9: none |" in oldest
    assert oldest.endswith("| not built: nobody kept its wheels |")


def test_tags_that_nobody_publishes_are_not_promised(checkout):
    """An unverified row is in the table with its reason, and without tags."""
    checkout.unverify("1.9")
    older = render(checkout.load()).splitlines()[3]
    assert "| 1.9: none |" in older
    assert older.endswith("| unverified: for old toys |")


def test_packages_with_known_holes_are_counted(checkout):
    """A row with known vulnerabilities says so, and where that is explained."""
    packages = {
        name: (Vulnerability("CVE-2031-0001", "", "", (fixed,)),)
        for name, fixed in (("grpcio", "1.86"), ("typing-extensions", "4.17"))
    }
    (checkout.root / known.FILE).parent.mkdir()
    known.write(checkout.root, Known(TODAY, packages))
    _, _, newest, older, oldest = render(checkout.load()).splitlines()
    link = "](SECURITY.md#known-vulnerabilities) |"
    assert older.endswith(f"legacy: for old toys; [2 packages with known vulnerabilities{link}")
    assert "supported until 2029-10-31; [2 packages with" in newest
    assert oldest.endswith("| not built: nobody kept its wheels |")
    known.write(checkout.root, Known(TODAY, {"grpcio": packages["grpcio"]}))
    assert "; [1 package with known vulnerabilities](" in render(checkout.load())


def test_figures_are_those_that_were_measured(checkout):
    """Size, start-up and memory are in one document, and the table repeats them."""
    outcome = report.Outcome(
        checkout.load().row("toy", "1.9"), "", 219_000_000, 9, 1.04, 98_000_000
    )
    (checkout.root / "docs").mkdir()
    report.write(checkout.root / report.DOCUMENT, [outcome], checkout.load())
    _, _, newest, older, _ = render(checkout.load()).splitlines()
    assert "| 3.6 | 219 MB | 1.0 s | 98 MB | legacy" in older
    assert "| 3.13 | - | - | - | supported" in newest


def test_only_what_is_between_the_markers_changes(checkout):
    """The rest of the document belongs to its author."""
    document = updated(f"above\n{BEGIN}\nold\n{END}\nbelow\n", checkout.load())
    assert document == f"above\n{BEGIN}\n{render(checkout.load())}{END}\nbelow\n"


@pytest.mark.parametrize("document", ["", BEGIN, END, f"{END}\n{BEGIN}"])
def test_document_without_a_place_is_refused(checkout, document):
    """The message has the two lines to add."""
    with pytest.raises(MatrixError, match="no place for the table") as refusal:
        updated(document, checkout.load())
    assert f"{BEGIN}\n{END}" in str(refusal.value)


def test_drift_is_seen_and_mended(checkout):
    """A row that changed makes the table out of date until it is written again."""
    readme = checkout.root / "README.md"
    readme.write_text(f"{BEGIN}\n{END}\n")
    write(readme, checkout.load())
    assert is_current(readme, checkout.load())
    checkout.replace("build_matrix.yaml", "for old toys", "for older toys")
    assert not is_current(readme, checkout.load())
