"""Run scripts in environments of their own, which hold one client and nothing of ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
NO_INTERPRETER = 3
CREATE_SECONDS = 900
RUN_SECONDS = 240


def create(name):
    """Make an environment unless it is up to date; return its Python.

    Without the Python that it needs the tests are skipped, but never in CI.
    """
    make = [sys.executable, "-m", "tools.environments"]
    run = subprocess.run(
        [*make, "create", name], cwd=str(ROOT), check=False, timeout=CREATE_SECONDS
    )
    in_ci = os.environ.get("CI") == "true"
    if run.returncode == NO_INTERPRETER and not in_ci:
        pytest.skip(f"!!!! NOT TESTED: no Python for .venvs/{name}; see tests/environments !!!!")
    assert run.returncode == 0, f"tools.environments create {name}: exit code {run.returncode}"
    path = subprocess.run([*make, "path", name], cwd=str(ROOT), check=True, stdout=subprocess.PIPE)
    return Path(path.stdout.decode().strip()) / "bin" / "python"


def run_script(python, script, *arguments, **variables):
    """Run a script in an environment and return its output; its errors go to the test's."""
    command = [str(python), str(SCRIPTS / script), *map(str, arguments)]
    environ = {**_without_ours(), **variables}
    run = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, timeout=RUN_SECONDS, check=False
    )
    assert run.returncode == 0, f"{script} in {python}: exit code {run.returncode}"
    return run.stdout.decode()


def results_of(python, script, *arguments):
    """Run a script and return what it printed as JSON on its last line."""
    return json.loads(run_script(python, script, *arguments).splitlines()[-1])


def _without_ours():
    """Return the environment without what could bring this repository's packages along."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
