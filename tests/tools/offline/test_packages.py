import os

import pytest

from tools.offline import packages


def test_missing_packages_are_named_where_they_cannot_be_installed(monkeypatch):
    """Who may not install is told what to install, and what for."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(packages.NotDebianError, match=r"no-such-program needed to fly.*a-package"):
        packages.ensure(["no-such-program"], ["a-package"], "to fly")


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An apt that installs nothing, and fails so many times first; returns what it was told."""

    def make(failures):
        log = tmp_path / "log"
        (tmp_path / "apt-get").write_text(
            f'#!/bin/sh\necho "$*" >> {log}\n[ "$3" = update ] && exit\n'
            f"[ $(grep -c install {log}) -gt {failures} ] || {{ echo no mirror; exit 100; }}\n"
        )
        (tmp_path / "apt-get").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(packages, "PAUSES_SECONDS", (0, 0))
        return log

    return make


def test_a_mirror_that_stumbles_is_asked_again(apt):
    """Its lists too: what they name may be gone from it meanwhile."""
    log = apt(failures=2)
    packages.ensure(["no-such-program"], ["a-package"], "to fly")
    verbs = [line.split()[2] for line in log.read_text().splitlines()]
    assert verbs == ["update", "install"] * 3


def test_packages_that_cannot_be_installed_are_told_with_what_apt_said(apt):
    """Not for ever: a name may be wrong."""
    apt(failures=3)
    with pytest.raises(packages.NotDebianError, match="a-package` failed:\nno mirror"):
        packages.ensure(["no-such-program"], ["a-package"], "to fly")
