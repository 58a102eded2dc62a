import datetime
import json

import pytest
from packaging.version import Version

from tools.rows import MatrixError
from tools.security import known
from tools.security.known import FILE, Known, Vulnerability, gaps

HOLE = {"id": "CVE-2031-0001", "about": "a header", "source": "https://a.b", "fixed": ["1.86.0"]}


def hole(*fixed, since="", number="CVE-2031-0001"):
    """Make a hole that is closed in those versions."""
    return Vulnerability(number, "", "", fixed, since)


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
    assert hole("4.25.8", "5.29.5").spares(Version(version)) is is_safe


def test_versions_older_than_the_hole_are_safe():
    """A hole that came with a feature is none of earlier releases, with a fix or without one."""
    for it in (hole("2.7.0", since="2.6.0"), hole(since="2.6.0")):
        assert it.spares(Version("2.5.9"))
        assert not it.spares(Version("2.6.0"))


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.0.post1", "2.13.0"])
def test_builds_of_a_version_are_that_version(version):
    """A wheel for the CPU alone has the fix of its release."""
    assert hole("2.13.0").spares(Version(version))


def test_floor_is_the_oldest_version_without_any_of_the_holes():
    """The fix of one hole is no floor while it has another."""
    holes = (hole("1.5.1", "2.0.1"), hole("1.6.0"), hole("1.9.0", since="1.8.0"))
    gap, *others = gaps({"toy": "1.4.0"}, {"toy": holes, "absent": holes})
    assert (gap.package, gap.version, gap.floor, others) == ("toy", "1.4.0", "2.0.1", [])
    assert gap.open == holes[:2]


def test_what_no_release_closes_has_no_floor():
    """Raising the package would not help, and the message must not ask for it."""
    (gap,) = gaps({"toy": "1.4.0"}, {"toy": (hole("1.5.0"), hole())})
    assert gap.floor == ""


def test_what_is_written_is_read_again_in_order(tmp_path):
    """Packages by name and holes by age, so that a renewal shows what is new."""
    holes = (hole("2", number="CVE-2031-10000"), hole("2", number="CVE-2031-9999"))
    path = tmp_path / FILE
    path.parent.mkdir()
    known.write(tmp_path, Known(datetime.date(2031, 1, 2), {"b": holes, "a": holes[:1]}))
    written = known.read(tmp_path)
    assert written.renewed == datetime.date(2031, 1, 2)
    assert list(written.packages) == ["a", "b"]
    assert written.packages["b"] == holes[::-1]
    assert path.read_text().count("CVE-2031-9999") == len(
        [line for line in path.read_text().splitlines() if "CVE-2031-9999" in line]
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fixed": ["soon"]}, "soon"),
        ({"since": "soon"}, "soon"),
        ({"id": "1"}, "id is '1'"),
        ({"closed": "1"}, "closed"),
    ],
)
def test_malformed_data_is_refused(tmp_path, change, told):
    """The message names the file and what is wrong in it."""
    path = tmp_path / FILE
    path.parent.mkdir()
    packages = {"grpcio": [{**HOLE, **change}]}
    path.write_text(json.dumps({"renewed": "2031-01-02", "packages": packages}))
    with pytest.raises(MatrixError, match=f"{FILE}: not as .*{told}"):
        known.read(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"renewed": "soon", "packages": {}}'])
def test_a_file_that_is_no_data_is_refused(tmp_path, text):
    """Nothing that cannot be read counts as nothing that is known."""
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(text)
    with pytest.raises(MatrixError, match="not as `make vulnerabilities-renew` writes it"):
        known.read(tmp_path)
