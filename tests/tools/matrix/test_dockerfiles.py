import os

import pytest

from tools.images import dockerfiles
from tools.rows import MatrixError, load
from tools.rows.reader import ROOT

MATRIX = load(environment={})
STEPS = sorted(path for path in (ROOT / "common" / "image").iterdir() if path.suffix != ".py")
OWN = 'LABEL org.opencontainers.image.description="Serves toys"\nRUN true\n'


@pytest.fixture
def toys(checkout):
    """A checkout whose runtime has layers of its own."""
    checkout.write(f"runtimes/toy/{dockerfiles.OWN}", OWN)
    return checkout


def matrix_of(checkout):
    """Read the checkout's matrix."""
    return load(checkout.root / "build_matrix.yaml", {})


def test_dockerfiles_are_what_the_template_and_the_frameworks_say():
    """Who changes what all images share changes it once; `make dockerfiles` does the rest."""
    assert dockerfiles.stale(MATRIX) == []


@pytest.mark.parametrize("runtime", MATRIX.runtimes)
def test_a_framework_has_its_own_layers_only(runtime):
    """User, variables, health and entrypoint are written once."""
    own = (ROOT / "runtimes" / runtime / dockerfiles.OWN).read_text()
    words = {line.split()[0] for line in own.splitlines() if line[:1].isupper()}
    assert words <= {"LABEL", "ARG", "RUN"}
    assert "/mnt/step install-lock /srv/lock.txt" in own


@pytest.mark.parametrize("runtime", MATRIX.runtimes)
def test_a_dockerfile_has_no_place_left_open(runtime):
    """Every value that the template asks for is given."""
    row = dockerfiles.default_row(MATRIX, runtime)
    assert "@" not in dockerfiles.render(row, OWN)


def test_the_default_is_the_image_that_is_tagged_latest():
    """`docker build` without arguments makes what `docker pull` without a tag gets."""
    newest = [row for row in MATRIX.rows if row.is_newest]
    assert newest == [dockerfiles.default_row(MATRIX, row.runtime) for row in newest]


def test_what_differs_is_named_and_renewed(toys, monkeypatch, capsys):
    """The check says which file, and which verb renews it; the exit code is 1."""
    monkeypatch.setattr(dockerfiles, "load", lambda environment: matrix_of(toys))
    assert dockerfiles.main(["--check"]) == 1
    assert "runtimes/toy/Dockerfile is not what" in capsys.readouterr().out
    assert dockerfiles.main([]) == 0
    assert OWN in (toys.root / "runtimes/toy/Dockerfile").read_text()
    assert dockerfiles.main(["--check"]) == 0


def test_a_runtime_without_a_latest_image_has_its_last_row(checkout):
    """A runtime whose rows are all past their end of life has a Dockerfile all the same."""
    rows = matrix_of(checkout).rows
    older = [row._replace(is_newest=False) for row in rows]
    matrix = matrix_of(checkout)._replace(rows=tuple(older))
    built = [row.version for row in older if row.is_built]
    assert dockerfiles.default_row(matrix, "toy").version == built[-1]


def test_a_framework_without_layers_is_told(checkout):
    """The message names the file that is missing."""
    with pytest.raises(MatrixError, match=r"toy: there is no runtimes/toy/Dockerfile\.framework"):
        dockerfiles.stale(matrix_of(checkout))


@pytest.mark.parametrize("script", STEPS, ids=lambda script: script.name)
def test_steps_are_programs(script):
    """Dockerfiles run the steps as they are, in any shell."""
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/sh\n# ")
    assert "\nset -eu\n" in script.read_text()
