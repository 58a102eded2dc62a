import json
import subprocess
from pathlib import Path

import pytest

from serving_runtime import contract
from serving_runtime.signature import Contract, Field, Signature
from tools import docker
from tools.images import __main__ as command
from tools.images import measuring, models, selection, stages, testing, verifying
from tools.rows import MatrixError, Status, load

MATRIX = load()
X = Field("x", "float64", (-1,))
BUILT = list(MATRIX.rows_of("python"))
BUILT = [row for row in BUILT if row.is_built]


@pytest.mark.parametrize(
    ("runtime", "version", "picks", "expected"),
    [
        ("python", "3.13", "", ["python/3.13"]),
        ("python", None, "", [row.name for row in BUILT]),
        ("python", None, "oldest", [BUILT[0].name]),
        ("python", None, "oldest,newest", [BUILT[0].name, BUILT[-1].name]),
        ("python", None, "newest,oldest", [BUILT[0].name, BUILT[-1].name]),
    ],
)
def test_rows_are_chosen_as_they_are_named(runtime, version, picks, expected):
    """One row, a runtime's rows, or its ends; what is not built is left out."""
    assert [row.name for row in selection.chosen(MATRIX, runtime, version, picks)] == expected


def test_rows_marked_as_proof_are_chosen_in_their_place():
    """CI can ask for more than the ends; the order is the matrix's."""
    rows = [row._replace(is_proof=row in BUILT[2:4]) for row in BUILT]
    matrix = MATRIX._replace(rows=tuple(rows))
    chosen = selection.chosen(matrix, "python", None, "newest,proof,oldest")
    assert chosen == [rows[0], rows[2], rows[3], rows[-1]]


def test_an_unverified_row_is_chosen_by_its_name_alone():
    """Who reaches its wheels builds it with the same verb; nobody builds it by accident."""
    row = BUILT[0]._replace(status=Status.UNVERIFIED)
    matrix = MATRIX._replace(rows=(row, BUILT[1]))
    assert selection.chosen(matrix, row.runtime, row.version, "") == [row]
    assert selection.chosen(matrix, None, None, "") == [BUILT[1]]


@pytest.mark.parametrize(
    ("version", "picks", "told"),
    [("3.5", "", "python/3.5 is not built: "), ("9.9", "", "9.9"), (None, "middle", "middle")],
)
def test_a_choice_that_makes_no_sense_is_refused(version, picks, told):
    """A row that is not built or not there, and an unknown pick, are named."""
    with pytest.raises(MatrixError, match=told):
        selection.chosen(MATRIX, "python", version, picks)


@pytest.fixture
def builds(monkeypatch):
    """Builds and measurements that need no engine; the names that images are given are kept."""
    served = measuring.Service(0.5, 98_000_000)
    monkeypatch.setattr(command.engine, "ensure", lambda: "20.10")
    monkeypatch.setattr(stages.bases, "ensure", lambda name: "is there")
    monkeypatch.setattr(stages.building, "build", lambda row, root, progress: 12.0)
    monkeypatch.setattr(stages.measuring, "size_bytes", lambda row: 200_000_000)
    monkeypatch.setattr(stages.measuring, "service", lambda row, root: served)
    monkeypatch.setattr(stages.verifying, "problems", lambda row, root, image: [])
    monkeypatch.setattr(stages.testing, "run", lambda rows, root: dict.fromkeys(
        [row.name for row in rows], testing.Result(7)
    ))  # fmt: skip
    named = []
    monkeypatch.setattr(stages.building, "give_names", named.append)
    return named


def ends():
    """Return the oldest and the newest Python row."""
    return [BUILT[0], BUILT[-1]]


def verify(capsys, verb="verify"):
    """Take these two rows through a verb; return its exit code and the table's lines."""
    code = command.main([verb, "python", "--rows", "oldest,newest"])
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if line[:1] == "|"]
    return code, [[cell.strip() for cell in line[1:-1]] for line in lines][2:]


def test_what_is_verified_gets_its_names(builds, capsys):
    """Built, compared, measured and tested: only then are there tags."""
    code, table = verify(capsys)
    told = ["200 MB", "12 s", "0.5 s", "98 MB", "7 tests passed"]
    assert (code, table) == (0, [[row.name, *told] for row in ends()])
    assert builds == ends()


def test_what_is_only_built_has_no_name(builds, capsys):
    """A candidate is nobody's image yet."""
    code, table = verify(capsys, "build")
    told = ["200 MB", "12 s", "-", "-", "built"]
    assert (code, table, builds) == (0, [[row.name, *told] for row in ends()], [])


def test_a_build_that_fails_does_not_stop_the_others(builds, monkeypatch, capsys):
    """The table says which row failed and why, the others are named, and the code is 1."""

    def build(row, root, progress):
        if row == BUILT[0]:
            raise docker.DockerError("Step 1/2 : RUN x\nno such wheel")
        return 12.0

    monkeypatch.setattr(stages.building, "build", build)
    code, table = verify(capsys)
    assert (code, builds) == (1, [BUILT[-1]])
    assert table[0] == [BUILT[0].name, "-", "-", "-", "-", "failed: no such wheel"]


def test_an_image_that_is_not_as_its_row_promises_gets_no_name(builds, monkeypatch, capsys):
    """Each difference is printed, the table has the first one, and it is not tested at all."""
    found = ["user: found 'root', expected '1000:0'", "size: 900 MB"]
    monkeypatch.setattr(
        stages.verifying, "problems", lambda row, root, image: found if row == BUILT[0] else []
    )
    code, table = verify(capsys)
    assert (code, builds) == (1, [BUILT[-1]])
    assert table[0][-1] == f"failed: {found[0]} (and 1 more)"
    assert table[1][-1] == "7 tests passed"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "no test ran"),
        ({BUILT[0].name: testing.Result(6, ["test_x.py::test_x: 1 != 2"])}, "1 of 7 tests failed"),
    ],
)
def test_an_image_that_fails_a_test_gets_no_name(builds, monkeypatch, capsys, told, expected):
    """Neither does one that no test was run on."""
    others = {BUILT[-1].name: testing.Result(7)}
    monkeypatch.setattr(stages.testing, "run", lambda rows, root: {**others, **told})
    code, table = verify(capsys)
    assert (code, builds) == (1, [BUILT[-1]])
    assert table[0][-1] == expected


def test_tests_that_failed_are_named_beside_the_table(builds, monkeypatch, capsys):
    """What pytest said of them may be thousands of lines further up; too many are cut."""
    failures = [f"test_x.py::test_{number}: {'x' * 9000}the reason" for number in range(1000)]
    monkeypatch.setattr(
        stages.testing, "run", lambda rows, root: {BUILT[0].name: testing.Result(6, failures)}
    )
    assert command.main(["verify", "python", "--rows", "oldest"]) == 1
    told = capsys.readouterr().out
    assert f"[{BUILT[0].name}] failed: test_x.py::test_0: xxx" in told
    assert told.count("the reason") == stages.MAX_FAILURES
    assert len(told) < 50_000


def test_an_image_that_cannot_be_built_twice_is_told(builds, monkeypatch, capsys):
    """Each file that differs has a line, and the code is 1."""
    monkeypatch.setattr(stages.building, "build", lambda *arguments, **options: 12.0)
    monkeypatch.setattr(stages.docker, "output", lambda *command: "")
    told = {BUILT[0].candidate: ["layer 3: etc/passwd: ..."], BUILT[-1].candidate: []}
    monkeypatch.setattr(stages.layers, "differences", lambda one, other: iter(told[one]))
    code, table = verify(capsys, "reproduce")
    assert (code, builds) == (1, [])
    assert [cells[-1] for cells in table] == ["failed: 1 files differ", "the same layers twice"]


@pytest.mark.parametrize(("budget_mb", "told"), [(100, 1), (300, 0), (0, 0)])
def test_only_a_row_with_a_budget_is_held_to_it(budget_mb, told):
    """Who reaches the wheels of an unverified row can verify it, though nobody knows its size."""
    row = BUILT[0]._replace(budget_mb=budget_mb)
    assert len(list(verifying._sized(row, 200_000_000))) == told


def test_a_model_without_a_contract_is_asked_through_its_image(tmp_path, monkeypatch):
    """A contract is read where there is one; else the image infers it, whatever it prints first."""
    asked = Contract("", (Signature("predict", (X,), (X,)),))

    def output(*command):
        assert command[-1] == BUILT[0].runtime
        return f"a framework's greeting\n{contract.serialise(asked).hex()}"

    monkeypatch.setattr(models.docker, "output", output)
    assert models.contract_of(BUILT[0], tmp_path) == asked
    written = tmp_path / "written"
    written.mkdir()
    named = asked._replace(model_name="mine")
    (written / "contract.protobin").write_bytes(contract.serialise(named))
    assert models.contract_of(BUILT[0], written) == named


def test_memory_is_that_of_all_processes(monkeypatch):
    """Pages that processes share count once, as the kernel divides them."""
    told = "Rss: 900 kB\nPss: 600 kB\nPss_Anon: 100 kB\nRss: 9 kB\nPss: 424 kB\n"
    monkeypatch.setattr(measuring.docker, "output", lambda *command: told)
    assert measuring._memory_bytes("a container") == 1024 * 1024


@pytest.mark.parametrize(
    ("clients", "chosen"),
    [
        ({"new": ("28.2.2", False), "old": ("20.10.24", False)}, "old"),
        ({"new": ("28.2.2", True), "old": ("20.10.24", False)}, "new"),
    ],
)
def test_images_are_built_by_a_client_that_can(tmp_path, monkeypatch, clients, chosen):
    """Of several clients on PATH the first that has BuildKit is taken."""
    for name, (version, has_plugin) in clients.items():
        client = tmp_path / name / "docker"
        client.parent.mkdir()
        client.write_text(
            f'#!/bin/sh\n[ "$1" = version ] && echo {version} && exit\n'
            f"{'echo buildx' if has_plugin else 'exit 1'}\n"
        )
        client.chmod(0o755)
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name) for name in clients) + ":/bin")
    assert docker._builder.__wrapped__() == str(tmp_path / chosen / "docker")


def test_no_client_that_can_build_is_an_error(tmp_path, monkeypatch):
    """The message names what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(docker.DockerError, match="install its plug-in, docker-buildx"):
        docker._builder.__wrapped__()


def test_results_are_told_by_row(monkeypatch, tmp_path):
    """A row with a failed test has failed, and one without any test has not passed."""
    counted = {
        BUILT[0].name: {"passed": 3, "failures": []},
        BUILT[1].name: {"passed": 2, "failures": ["test_x.py::test_x: 1 != 2"]},
    }
    rowless = []

    def run(command, env, **others):
        rowless.append(env["IMAGE_ROWLESS"])
        own = {name: it for name, it in counted.items() if name in env["IMAGE_ROWS"].split(",")}
        Path(env["IMAGE_RESULTS"]).write_text(json.dumps(own))
        return subprocess.CompletedProcess(command, 0, stdout="")

    monkeypatch.setattr(testing.subprocess, "run", run)
    told = testing.run(BUILT[:3], tmp_path)
    assert {name: str(result) for name, result in told.items()} == {
        BUILT[0].name: "3 tests passed",
        BUILT[1].name: "1 of 3 tests failed",
    }
    assert list(told[BUILT[1].name].failures) == ["test_x.py::test_x: 1 != 2"]
    assert rowless.count("1") == 1
    assert len(rowless) > 1
