import sys

import pytest

from tests.tools.conftest import PINS
from tools import locks
from tools.locks import LockError
from tools.locks import __main__ as command
from tools.locks import resolver as resolving


@pytest.fixture
def resolver(checkout, monkeypatch):
    """Replace uv by a program that answers what a test writes, and notes what it was asked."""
    program = checkout.root / "uv.py"
    checkout.write("answer.txt", PINS)
    checkout.write(
        "uv.py",
        """\
        import sys
        from pathlib import Path
        here = Path(__file__).parent
        here.joinpath("asked.txt").write_text(
            " ".join(sys.argv[1:-1]) + "\\n" + Path(sys.argv[-1]).read_text()
        )
        sys.stdout.write(here.joinpath("answer.txt").read_text())
        # Each package can be had, but not together.
        sys.exit(here.joinpath("fail").exists() and "--no-deps" not in sys.argv)
        """,
    )
    monkeypatch.setattr(resolving, "_uv", lambda: [sys.executable, str(program)])
    return checkout


def make(checkout, version="1.10"):
    """Make a lock and return its text."""
    matrix = checkout.load()
    row = matrix.row("toy", version)
    resolving.make(matrix, row)
    return (checkout.root / row.lock).read_text()


def test_requirements_are_everybodys_but_our_own(checkout):
    """Common's, the runtime's and the row's go in; the packages of this repository do not."""
    row = checkout.load().row("toy", "1.10")
    assert locks.requirements(checkout.root, row) == ["grpcio>=1.48", "numpy<3", "toy==1.10.0"]


def test_resolver_is_asked_for_the_rows_interpreter(resolver):
    """Wheels are chosen for what is in the image, not for what runs the tool."""
    make(resolver)
    options, *wanted = (resolver.root / "asked.txt").read_text().splitlines()
    assert options == "--python-version 3.13.99 --python-platform x86_64-manylinux_2_28"
    assert wanted == ["grpcio>=1.48", "numpy<3", "toy==1.10.0"]


def test_wheels_of_the_runtime_s_own_are_found(resolver):
    """What exists as sources only is resolved like everything else, from the runtime's folder."""
    resolver.write("runtimes/toy/wheels/sources.txt", "")
    make(resolver)
    options = (resolver.root / "asked.txt").read_text().splitlines()[0]
    assert options.endswith(f" --find-links={resolver.root}/runtimes/toy/wheels")


@pytest.fixture
def fetched(monkeypatch):
    """Replace the download by one that brings nothing, and give what it was asked for."""
    asked = []

    def fetch(wanted, python, folder):
        asked.extend((line, python) for line in wanted)
        folder.mkdir(exist_ok=True)

    monkeypatch.setattr(resolving.downloads, "fetch", fetch)
    return asked


def test_builds_that_are_not_on_pypi_are_fetched_first(resolver, fetched):
    """The resolver finds them in a folder; an unverified row's lock is made like any other."""
    resolver.unverify("1.9")
    resolver.replace("build_matrix.yaml", "[toy==1.9.0]", '[toy==1.9.0+cpu, "numpy<2"]')
    make(resolver, "1.9")
    assert fetched == [("toy==1.9.0+cpu", "3.6")]
    options = (resolver.root / "asked.txt").read_text().splitlines()[0]
    assert options.endswith(f" --find-links={resolver.root}/runtimes/toy/downloads")


def test_pins_that_pypi_cannot_answer_are_known_by_their_version(checkout):
    """They keep their hashes."""
    pin = f"toy==1.10.0+cpu \\\n    --hash=sha256:{'d4' * 32}\n"
    row = checkout.load().row("toy", "1.10")
    assert locks.local_pins(checkout.root, row) == []
    checkout.append(row.lock, pin)
    assert locks.local_pins(checkout.root, row) == [pin]


def test_row_without_a_lock_is_told_how_to_make_one(checkout):
    """That is where who builds an unverified row begins."""
    checkout.unverify("1.9")
    with pytest.raises(LockError, match="no runtimes/toy/locks/1.9.txt; run `make lock/toy/1.9`"):
        locks.local_pins(checkout.root, checkout.load().row("toy", "1.9"))


def test_lock_says_what_it_was_made_from_and_by(resolver):
    """The header has the command and the requirements, and nothing that differs tomorrow."""
    text = make(resolver)
    assert text.startswith(
        "# What serving-runtime-toy:1.10 holds beyond its base: hashed wheels for\n"
        "# Python 3.13 on Linux x86-64. Made by `make lock/toy/1.10` from\n"
        "#     grpcio>=1.48\n"
        "#     numpy<3\n"
        "#     toy==1.10.0\n"
        "\n"
        "grpcio==1.85.1 \\\n"
    )
    assert text == make(resolver)


def test_making_a_lock_mends_a_stale_one(resolver):
    """What `check` complains of, the verb that it names repairs."""
    resolver.replace("build_matrix.yaml", "toy==1.10.0", "toy==1.10.1")
    assert resolver.problems()
    make(resolver)
    assert resolver.problems() == []


def test_reading_gives_normal_names_and_versions(checkout):
    """Whoever compares with what is installed need not know how a package spells itself."""
    lock = checkout.root / "runtimes/toy/locks/1.9.txt"
    assert locks.read(lock) == {"grpcio": "1.85.1", "typing-extensions": "4.16.0"}


@pytest.mark.parametrize("stray", ["six==1.17.0", "six>=1 \\\n    --hash=sha256:00", "--pre"])
def test_line_that_is_no_hashed_pin_is_refused(checkout, stray):
    """A lock holds hashed pins and nothing else."""
    checkout.write("lock.txt", f"{PINS}{stray}\n")
    with pytest.raises(LockError, match="is not a pin with sha256 hashes"):
        locks.read(checkout.root / "lock.txt")


def test_requirements_without_a_solution_keep_the_old_lock(resolver):
    """A failed attempt leaves what was there."""
    before = (resolver.root / "runtimes/toy/locks/1.10.txt").read_text()
    resolver.write("fail", "")
    with pytest.raises(LockError, match=r"toy/1\.10: no set of wheels satisfies grpcio>=1\.48"):
        make(resolver)
    assert (resolver.root / "runtimes/toy/locks/1.10.txt").read_text() == before


def test_row_that_is_not_built_has_no_lock(resolver):
    """The reason why it is not built is the answer."""
    with pytest.raises(LockError, match="toy/0.9 is not built .*: nobody kept its wheels"):
        make(resolver, "0.9")


def test_command_line_makes_locks_and_reports(resolver, monkeypatch, capsys):
    """The exit code and standard error say how it went."""
    monkeypatch.setattr(command, "load", resolver.load)
    assert command.main(["toy/1.9", "toy/1.10"]) == 0
    assert "toy/1.10: grpcio 1.85.1" in capsys.readouterr().err
    assert command.main(["toy/7.0"]) == 1
    assert "no row toy/7.0" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["toy/1.10", "--supported"]])
def test_command_line_wants_rows_or_all_that_are_supported(arguments, capsys):
    """Neither nor both makes sense."""
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert "name rows, such as python/3.6, or give --supported" in capsys.readouterr().err


def test_all_supported_rows_can_be_renewed_at_once(resolver, monkeypatch):
    """Legacy rows keep what was there."""
    monkeypatch.setattr(command, "load", resolver.load)
    made = []
    monkeypatch.setattr(command, "make", lambda matrix, row: made.append(row.name))
    assert command.main(["--supported"]) == 0
    assert made == [row.name for row in resolver.load().rows if row.status == "supported"] != []


def test_uv_is_the_one_beside_the_interpreter(tmp_path, monkeypatch):
    """A lock does not depend on which uv somebody has on PATH, or on its configuration."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(LockError, match="there is no uv beside .*; run it by `make lock/"):
        resolving._uv()
    (tmp_path / "uv").touch()
    command = resolving._uv()
    assert command[0] == str(tmp_path / "uv")
    assert {"--no-config", "--generate-hashes", "--only-binary"} <= set(command)
