import tarfile

import pytest

from tools import docker
from tools.command_line import ToolError
from tools.offline import bases


@pytest.mark.parametrize("name", ["python:3.6-slim-bullseye", "python:3.14-slim-trixie"])
def test_docker_hub_s_names_say_which_python(name):
    """The version is in the name; the suite is not, since any will do."""
    assert bases.python_of(name) == name[7:].split("-")[0]


@pytest.mark.parametrize("name", ["debian:bookworm", "python:3.13", "python:2.7-slim-buster"])
def test_other_bases_are_refused(name):
    """What cannot be made here is refused by name, with what could be."""
    with pytest.raises(ToolError, match=rf"^{name}: .*python:3\.X-slim-SUITE"):
        bases.python_of(name)


def test_an_interpreter_is_packed_without_ballast(tmp_path):
    """A base gets programs and library, and neither tests nor anybody's packages."""
    for path in (
        "bin/python3.13", "bin/python3.13-config", "bin/idle3", "include/python3.13/Python.h",
        "lib/libpython3.13.a", "lib/libpython3.13.so", "lib/python3.13/os.py",
        "lib/python3.13/__pycache__/os.pyc", "lib/python3.13/test/test_os.py",
        "lib/python3.13/site-packages/own.pth",
    ):  # fmt: skip
        (tmp_path / "from" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / path).touch()
    with tarfile.open(tmp_path / "tar", "w") as archive:
        bases.pack_interpreter(tmp_path / "from", archive, "to")
        packed = {entry.name for entry in archive if entry.isfile()}
        owners = {entry.uid for entry in archive}
    assert owners == {0}
    assert packed == {
        "to/bin/python3.13",
        "to/include/python3.13/Python.h",
        "to/lib/libpython3.13.so",
        "to/lib/python3.13/os.py",
    }


def test_an_interpreter_that_is_nowhere_is_not_found(monkeypatch, tmp_path):
    """Without one, a base is made of the distribution's own package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bases.find_interpreter("3.99") is None


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("#7 [stage-1 3/9] RUN --mount=type=bind,source=a,target=/b   /b/c d\n", "RUN /b/c d"),
        ("#7 [stage-1 3/9] COPY a b\n", "COPY a b"),
        (
            "#5 [packages 1/5] FROM registry.example/python:3.13\n",
            "FROM registry.example/python:3.13",
        ),
        ("#8 [stage-1 4/9] WORKDIR /x\n", None),
        ("#7 0.312 Collecting numpy\n", None),
    ],
)
def test_the_steps_of_a_build_are_told(line, step):
    """Progress shows what a builder begins to do, but not what takes no time."""
    found = docker.STEP.match(line)
    assert (found and found[1] + found[2]) == step


@pytest.mark.parametrize(
    ("labels", "is_pulled", "expected", "made"),
    [
        ({}, False, "is there", False),
        ({bases.RECIPE_LABEL: bases._recipe()}, False, "is there (local equivalent)", False),
        ({bases.RECIPE_LABEL: "an older one"}, True, "made in 0 s (local equivalent)", True),
        (None, True, "pulled in 0 s", False),
        (None, False, "made in 0 s (local equivalent)", True),
    ],
)
def test_a_base_is_made_only_where_none_is_to_be_had(
    monkeypatch, labels, is_pulled, expected, made
):
    """One that was made by an older recipe is made anew, and never replaced by somebody's."""
    image = None if labels is None else {"Config": {"Labels": labels}}
    calls = []
    monkeypatch.setattr(bases.docker, "inspect", lambda name: image)
    monkeypatch.setattr(bases, "_is_pulled", lambda name: is_pulled)
    monkeypatch.setattr(bases, "_make", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(bases.time, "monotonic", lambda: 0.0)
    assert bases.ensure("python:3.13-slim-bookworm") == expected
    assert calls == ([("python:3.13-slim-bookworm", "3.13")] if made else [])
