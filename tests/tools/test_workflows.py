import fnmatch
import re

import pytest
import yaml

from tools import environments
from tools.rows import Status, load
from tools.rows.reader import ROOT

FOLDER = ROOT / ".github"
FILES = {
    path.relative_to(FOLDER).as_posix(): path
    for path in sorted([*FOLDER.glob("workflows/*"), *FOLDER.glob("actions/*/*")])
}
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("workflows/*")}
SETUP = yaml.safe_load((FOLDER / "actions/setup/action.yaml").read_text())
JOBS = {
    f"{workflow}/{name}": job
    for workflow, content in WORKFLOWS.items()
    for name, job in content["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job.get("steps", [])] + SETUP["runs"]["steps"]
MAKEFILE = (ROOT / "Makefile").read_text()
PINNED = r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
OURS = r"\$/\.github/(workflows/[\w-]+\.yaml|actions/[\w-]+)"

WRITES = {
    "release/sign": {"id-token"},  # cosign signs as the workflow
    "release/announce": {"contents"},  # the release's page
    "update/propose": {"contents", "pull-requests"},  # a branch and its pull request
}
"""The only jobs that may change anything, and what."""


def text_of(name):
    """Return a file without the comments."""
    return re.sub(r"(^|\s)#.*", "", FILES[name].read_text())


@pytest.mark.parametrize("name", FILES)
def test_actions_are_pinned_by_digest(name):
    """Nobody can put another action under the same name; the version is for people to read."""
    for used in re.findall(r"uses: (.*)", FILES[name].read_text()):
        assert re.fullmatch(f"{PINNED}|{OURS}", used), used


def test_an_action_has_one_digest_everywhere():
    """An update that forgets a file is noticed."""
    used = {line for path in FILES.values() for line in re.findall(PINNED, path.read_text())}
    names = [line.split("@")[0] for line in used]
    assert sorted(names) == sorted(set(names))


def commands():
    """Yield each command of each run step."""
    for step in STEPS:
        yield from step.get("run", "").strip().splitlines()


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_step_runs_a_verb_of_the_makefile(command):
    """What CI does, anybody can do by make; only the forge's own affairs are done by its tools."""
    assigned = re.fullmatch(
        r'(\w+)=\$\((make .*)\) && echo "\1=\$\1" >> "\$GITHUB_OUTPUT"', command
    )
    words = (assigned[2] if assigned else command).replace('"', "").split()
    if words[0] in ("gh", "git"):
        return
    verb = words[2] if words[1] == "--silent" else words[1]
    targets = re.findall(r"^([\w%/.-]+):(?!=)", MAKEFILE, re.MULTILINE)
    patterns = [target.replace("%", "$*") for target in targets if "%" in target]
    assert words[0] == "make"
    assert verb in targets or any(fnmatch.fnmatch(verb, pattern) for pattern in patterns), verb


@pytest.mark.parametrize("name", [name for name, job in JOBS.items() if "steps" in job])
def test_a_job_cannot_run_forever(name):
    """Well under the forge's own six hours."""
    assert 0 < JOBS[name]["timeout-minutes"] <= 60


@pytest.mark.parametrize("name", JOBS)
def test_a_job_says_what_it_may_do(name):
    """It may read the code; the few that write are listed above."""
    permissions = dict(JOBS[name]["permissions"])
    writes = {what for what, how in permissions.items() if how == "write"}
    assert writes == WRITES.get(name, set())
    reads = {what: how for what, how in permissions.items() if what not in writes}
    assert reads in ({}, {"contents": "read"})


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_grants_nothing_by_itself(name):
    """And of those that start by themselves, two of a kind do not run side by side."""
    workflow = WORKFLOWS[name]
    triggers = workflow[True]  # to YAML 1.1, `on` is a yes
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in triggers
    assert ("concurrency" in workflow) == ("workflow_call" not in triggers)


def test_a_pull_request_sees_no_secret():
    """Whoever proposes a change cannot print a token; what it calls has none unless it is given."""
    assert "secrets" not in text_of("workflows/pull-request.yaml")
    assert not any(job.get("secrets") == "inherit" for job in JOBS.values())


def test_the_token_stays_out_of_the_checkout():
    """No tool that a build runs can find it there."""
    checkouts = [step for step in STEPS if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("name", FILES)
def test_no_file_knows_a_row(name):
    """Rows, frameworks and registries come from the matrix and from variables."""
    matrix = load(environment={})
    rows = {row.version for row in matrix.rows} if name.startswith("workflows/") else set()
    words = rows | (set(matrix.runtimes) - {"python"}) | {"serving-runtime", "docker.io", "ghcr.io"}
    text = text_of(name)
    assert not [word for word in words if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text)]


def test_statuses_are_the_matrix_own():
    """A status that is renamed there leaves no workflow that plans nothing."""
    planned = {job["with"]["status"] for job in JOBS.values() if "status" in job.get("with", {})}
    assert planned == {Status.SUPPORTED, Status.LEGACY}


def test_pythons_are_those_that_the_environments_want():
    """The clients of others say theirs; the last one, which becomes python3, is our newest.

    The Pythons of the unit tests are named nowhere: their jobs are planned by make.
    """
    (step,) = SETUP["runs"]["steps"]
    *others, newest = step["with"]["python-version"].split()
    named = map(environments.read, environments.descriptions())
    fixed = {it.python for it in named if it.requirements.parent.parent.name == "tests"}
    units = re.search(r"^UNIT_PYTHONS := (.*)", MAKEFILE, re.MULTILINE)[1].replace("py", "").split()
    clients = {python for python in fixed if not python.startswith(">=")} - {units[0], units[-1]}
    assert others == sorted(clients, key=lambda python: int(python.split(".")[1]))
    assert newest == units[-1]
