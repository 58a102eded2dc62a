import json
import os
import stat
import subprocess
import sys

import pytest

# Stands for Docker's client: notes its calls, and answers as the files beside it say.
DOCKER = """\
#!{python}
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
words = sys.argv[1:]
verb = "image-" + words[1] if words[0] == "image" else words[0]
stdin = sys.stdin.read() if "-" in words else ""
variables = {{name: os.environ.get(name) for name in ("BUILDKIT_PROGRESS", "PIP_INDEX_URL")}}
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps([verb, words, stdin, variables]) + "\\n")
path = os.path.join(folder, verb + ".json")
code, out, err = json.load(open(path)) if os.path.exists(path) else (0, "", "")
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""
ENTRYPOINT = ["/usr/local/bin/serving-runtime", "serve", "--runtime", "python"]
CONTRACT = """\
name: infer
model_name: sums
inputs: {x: {shape: [-1, 2], type: double}, name: {shape: scalar, type: string}}
outputs: {y: {shape: [-1], type: double}}
"""
CLASSIC = """\
Step 1/3 : FROM some/base
 ---> 6f29dae3161d
Step 2/3 : ARG PIP_INDEX_URL
Step 3/3 : COPY --chown=1000:0 [".", "/model/"]
"""
BUILDKIT = """\
#3 [internal] load metadata for registry.example/some/base
#4 [1/2] FROM registry.example/some/base
#7 [packages 2/3] RUN ["pip", "install"]
#7 sha256:8a8e

#7 0.5 Collecting numpy
#7 [packages 2/3] RUN ["pip", "install"]
"""
LISTING = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
BUILD = ("--runtime", "python:3.13", "--tag", "my/model:1")
BASE = "hydrosphere/serving-runtime-python:3.13-latest"


class FakeDocker:
    """A client on PATH that does nothing, and says what it was shown to say."""

    def __init__(self, folder):
        self._folder = folder
        program = folder / "docker"
        program.write_text(DOCKER.format(python=sys.executable))
        program.chmod(0o755)
        self.answer("image-inspect", out=json.dumps([described(ENTRYPOINT)]))

    def answer(self, verb, code=0, out="", err=""):
        """Set how a verb ends."""
        (self._folder / f"{verb}.json").write_text(json.dumps([code, out, err]))

    @property
    def calls(self):
        """The verbs that were called, in order."""
        return [verb for verb, _, _, _ in self._noted()]

    def call(self, verb):
        """The arguments, standard input and variables of the last call of a verb."""
        return [rest for it, *rest in self._noted() if it == verb][-1]

    def _noted(self):
        path = self._folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def described(entrypoint):
    """What the engine knows of an image."""
    return {"Config": {"Entrypoint": entrypoint}, "Size": 220400000}


@pytest.fixture(autouse=True)
def docker(tmp_path, monkeypatch):
    """Put a client on PATH, and keep the caller's variables out."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("OWNER", "REGISTRY", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"):
        monkeypatch.delenv(name, raising=False)
    return FakeDocker(folder)


@pytest.fixture
def model(tmp_path):
    """Make a model directory."""
    root = tmp_path / "a-model"
    (root / "files" / "src").mkdir(parents=True)
    (root / "contract.yaml").write_text(CONTRACT)
    (root / "files" / "src" / "func_main.py").write_text("def infer(x, name): ...\n")
    for path in (root, *root.glob("**/*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return root


@pytest.fixture
def build(command, model):
    """Run `image build` on the model."""
    return lambda *options, base=BUILD: command("image", "build", model, *base, *options)


@pytest.fixture
def dockerfile(build):
    """Return the lines of the Dockerfile that would be built."""

    def lines(*options, base=BUILD):
        code, out, err = build("--dry-run", *options, base=base)
        assert (code, err) == (0, "")
        return out.splitlines()

    return lines


def test_a_model_becomes_an_image_that_was_tried_before_it_got_its_tag(build, docker, model):
    """The engine is asked for, the image built, tried, tagged, and its first name taken away."""
    code, out, err = build()
    assert (code, err) == (0, "")
    assert docker.calls == [
        *("version", "build", "image-inspect", "run", "tag", "image-rm", "image-inspect")
    ]
    words, stdin, variables = docker.call("build")
    candidate = words[words.index("--tag") + 1]
    assert words == ["build", "--tag", candidate, "--file", "-", str(model)]
    assert stdin.splitlines()[:2] == [f"FROM {BASE}", 'COPY --chown=1000:0 [".", "/model/"]']
    assert variables["BUILDKIT_PROGRESS"] == "plain"
    assert docker.call("run")[0] == [
        *("run", "--rm", "--network", "none", "--entrypoint", ENTRYPOINT[0], candidate),
        *("validate", "/model", "--runtime", "python"),
    ]
    assert docker.call("tag")[0] == ["tag", candidate, "my/model:1"]
    assert docker.call("image-rm")[0] == ["image", "rm", candidate]


def test_what_can_be_done_with_the_image_is_shown(build):
    """Its size, and two commands to paste: one that serves it, one that calls it."""
    out = build()[1]
    assert "my/model:1: 220 MB\n" in out
    assert "docker run --rm -p 9090:9090 my/model:1\n" in out
    assert """serving-runtime predict --input '{"x": [[0.0, 0.0]], "name": ""}'\n""" in out


@pytest.mark.parametrize(
    ("contract", "shown"),
    [
        ("", "predict --input inputs.json"),
        (CONTRACT.replace("double}, n", "complex64}, n"), "predict --input inputs.npz"),
        (CONTRACT.replace("[-1, 2]", "[-1, 999]"), "predict --input inputs.npz"),
        (
            "signatures:\n"
            "- {name: a, inputs: {x: {shape: [1], type: bool}}, outputs: {y: {type: bool}}}\n"
            "- {name: b, inputs: {x: {type: bool}}, outputs: {y: {type: bool}}}\n",
            """predict --signature a --input '{"x": [false]}'""",
        ),
    ],
    ids=["none", "complex", "large", "several"],
)
def test_the_call_that_is_shown_fits_the_contract(build, model, contract, shown):
    """It names a file where the inputs are unknown, too many, or no JSON."""
    (model / "contract.yaml").write_text(contract)
    if not contract:
        (model / "contract.yaml").unlink()
    code, out, err = build()
    assert (code, err) == (0, "")
    assert shown in out


@pytest.mark.parametrize(
    ("printed", "steps"),
    [
        (CLASSIC, ["  FROM some/base", '  COPY --chown=1000:0 [".", "/model/"]']),
        (BUILDKIT, ["  FROM registry.example/some/base", '  RUN ["pip", "install"]']),
    ],
    ids=["classic", "BuildKit"],
)
def test_steps_are_shown_as_they_begin(build, docker, printed, steps):
    """Each step of either builder is shown once; what it prints is not."""
    docker.answer("build", out=printed)
    out = build()[1]
    assert [line for line in out.splitlines() if line.startswith("  ")] == steps


def test_without_validation_nothing_is_run(build, docker):
    """--no-validate tags what was built."""
    code, _, _ = build("--no-validate")
    assert code == 0
    assert "run" not in docker.calls
    assert "tag" in docker.calls


def test_a_model_that_is_not_served_gets_no_tag(build, docker):
    """The image's own words come up, the exit code is 1, and no image stays behind."""
    docker.answer("run", code=1, out="signature a\n", err="error: it is broken\n")
    code, _, err = build()
    assert code == 1
    assert err.startswith("serving-runtime image: the image does not serve the model (exit code 1)")
    assert "signature a\nerror: it is broken\n" in err
    assert "tag" not in docker.calls
    assert docker.calls[-1] == "image-rm"


@pytest.mark.parametrize("entrypoint", [None, ["python3"]])
def test_an_image_that_is_no_runtime_is_refused(build, docker, entrypoint):
    """Any image can be named; one that does not serve is shown by its entrypoint."""
    docker.answer("image-inspect", out=json.dumps([described(entrypoint)]))
    code, _, err = build(base=("--image", "python:3.13", "--tag", "my/model:1"))
    assert code == 1
    assert "no serving runtime: its entrypoint is" in err
    assert "tag" not in docker.calls


@pytest.mark.parametrize(
    ("options", "variables", "base"),
    [
        (
            ("--runtime", "tensorflow:1.7.0"),
            {},
            "hydrosphere/serving-runtime-tensorflow:1.7.0-latest",
        ),
        (
            ("--runtime", "tensorflow:1.7.0", "--release", "0.1.0"),
            {},
            "hydrosphere/serving-runtime-tensorflow:1.7.0-0.1.0",
        ),
        (("--runtime", "python:latest"), {}, "hydrosphere/serving-runtime-python:latest"),
        (("--runtime", "python:3.6-0.1.0"), {}, "hydrosphere/serving-runtime-python:3.6-0.1.0"),
        (("--runtime", "python:3.6"), {"OWNER": "me"}, "me/serving-runtime-python:3.6-latest"),
        (
            ("--runtime", "python:3.6"),
            {"REGISTRY": "localhost:5000"},
            "localhost:5000/hydrosphere/serving-runtime-python:3.6-latest",
        ),
        (("--runtime", "localhost:5000/a/b:1"), {}, "localhost:5000/a/b:1"),
        (("--image", "mine:1"), {"OWNER": "me"}, "mine:1"),
    ],
)
def test_the_image_to_build_on(dockerfile, monkeypatch, options, variables, base):
    """A framework and version name an image of the project; a full name is taken as it is."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    lines = dockerfile(base=(*options, "--tag", "my/model"))
    assert lines[0] == f"FROM {base}"
    assert f'LABEL org.opencontainers.image.base.name="{base}"' in lines


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--tag", "m"), "one of the arguments --runtime --image is required"),
        (("--runtime", "python:3.6"), "required: -t/--tag"),
        (
            ("--runtime", "python", "--tag", "m"),
            "'python' is no runtime: expected FRAMEWORK:VERSION",
        ),
        (("--runtime", "a:1", "--image", "b", "--tag", "m"), "not allowed with"),
        (("--image", "a/b:1", "--release", "1", "--tag", "m"), "a/b:1 has a tag already"),
        (("--runtime", "a:1-2", "--release", "1", "--tag", "m"), "a:1-2 has a tag already"),
        (("--runtime", "a:1", "--tag", "My/Model"), "'My/Model' is no name of an image"),
        (("--runtime", "a:1", "--tag", "m", "--pul"), 'did you mean "--pull"?'),
    ],
)
def test_arguments_that_make_no_sense(build, docker, options, shown):
    """They are usage errors, shown before anything is built."""
    code, _, err = build(base=options)
    assert code == 2
    assert shown in err
    assert docker.calls == []


def test_an_action_is_required(command):
    """`image` alone is a usage error that names its action."""
    code, _, err = command("image")
    assert code == 2
    assert "expected an action: build MODEL_DIR" in err


def test_options_of_docker_are_passed_on(build, docker, monkeypatch):
    """The platform counts for the trial as well; an index goes by its variable's name alone."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.test/simple")
    _, out, _ = build("--platform", "linux/arm64", "--no-cache", "--pull")
    words, _, variables = docker.call("build")
    assert words[1:-5] == [
        *("--no-cache", "--pull", "--build-arg", "PIP_INDEX_URL", "--platform", "linux/arm64")
    ]
    assert variables["PIP_INDEX_URL"] == "https://user:secret@index.test/simple"
    assert docker.call("run")[0][4:6] == ["--platform", "linux/arm64"]
    assert "docker run --rm -p 9090:9090 --platform linux/arm64 my/model:1" in out


@pytest.mark.parametrize("place", ["requirements.txt", "files/requirements.txt"])
def test_requirements_are_installed_below_the_model(dockerfile, model, place):
    """A stage of their own keeps the index out of the history, and a new model installs nothing."""
    (model / place).write_text("peppercorn==0.6\n")
    folder = os.path.dirname(f"/tmp/requirements/{place}")
    assert dockerfile()[:-3] == [
        f"FROM {BASE} AS packages",
        *("ARG PIP_INDEX_URL", "ARG PIP_EXTRA_INDEX_URL", "ARG PIP_TRUSTED_HOST"),
        f'COPY --chown=1000:0 ["{place}", "/tmp/requirements/{place}"]',
        f"WORKDIR {folder}",
        'RUN ["pip", "install", "--user", "-r", "requirements.txt"]',
        "",
        f"FROM {BASE}",
        'COPY --from=packages --chown=1000:0 ["/home/runtime/.local", "/home/runtime/.local"]',
        'COPY --chown=1000:0 [".", "/model/"]',
    ]


def test_requirements_from_elsewhere(dockerfile, tmp_path, model):
    """Their lines are in the Dockerfile, whatever is in them; the model's own do not count."""
    (model / "requirements.txt").write_text("other\n")
    given = tmp_path / "given.txt"
    given.write_text("a==1 \\\n  --hash=sha256:00\n# $HOME 'and' \"so\"\nb\n")
    text = "\n".join(dockerfile("--requirements", given))
    run = text[text.index("RUN [") + len("RUN ") : text.index("\nWORKDIR")].replace(" \\\n", "")
    assert json.loads(run)[4:] == given.read_text().splitlines()
    assert "other" not in text


def test_what_requirements_refer_to_comes_along(dockerfile, model):
    """Files and folders that pip finds from the file are where it looks for them."""
    (model / "wheels").mkdir()
    (model / "wheels" / "a.whl").write_text("")
    (model / "more.txt").write_text("-c more.txt\nb\n")
    (model / "files" / "requirements.txt").write_text(
        "-r ../more.txt\n--find-links=../wheels\n../wheels/a.whl[extra] ; python_version>'3'\n"
        "-r https://index.test/r.txt\n--index-url https://index.test/simple\n"
    )
    copied = [line for line in dockerfile() if '"/tmp/requirements' in line]
    names = ["files/requirements.txt", "more.txt", "wheels", "wheels/a.whl"]
    assert copied == [
        f'COPY --chown=1000:0 ["{name}", "/tmp/requirements/{name}"]' for name in names
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-r ../../elsewhere.txt", "are not all in the model directory"),
        ("./missing.whl", "which is not there"),
        ("-e .", "an image has no folder to use a package from"),
    ],
)
def test_requirements_that_no_image_can_have(build, tmp_path, model, text, shown):
    """What pip would not find, or not keep, is shown before the build."""
    (tmp_path / "elsewhere.txt").write_text("a\n")
    (model / "files" / "requirements.txt").write_text(text)
    code, _, err = build("--dry-run")
    assert code == 1
    assert shown in err


def test_two_files_of_requirements(build, model):
    """Which of them counts is not guessed."""
    (model / "requirements.txt").write_text("a\n")
    (model / "files" / "requirements.txt").write_text("b\n")
    code, _, err = build("--dry-run")
    assert code == 1
    assert "has requirements.txt and files/requirements.txt: expected one of them" in err
    assert build("--dry-run", "--requirements", model / "requirements.txt")[0] == 0


def test_requirements_that_cannot_be_read(build, tmp_path):
    """A file that is named and is not there is shown."""
    code, _, err = build("--requirements", tmp_path / "no.txt")
    assert code == 1
    assert "no.txt cannot be read: No such file or directory" in err


@pytest.mark.parametrize("name", ["files/src/func_main.py", "files/src"])
def test_what_only_its_owner_can_read_is_readable_in_the_image(dockerfile, model, name):
    """A model of a strict umask serves for any user: a stage mends its modes."""
    path = model / name
    path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    lines = dockerfile()
    assert lines[1:3] == [
        'COPY --chown=1000:0 [".", "/tmp/model/"]',
        'RUN ["chmod", "-R", "u+rX,g+rX", "/tmp/model"]',
    ]
    assert 'COPY --from=model --chown=1000:0 ["/tmp/model", "/model"]' in lines


def test_which_files_were_private_is_shown(build, model):
    """Three are named, and how many more there are."""
    for number in range(5):
        (model / f"{number}.bin").write_text("")
        (model / f"{number}.bin").chmod(0o600)
    assert "in the image: 0.bin, 1.bin, 2.bin and 2 more\n" in build()[1]


def test_a_link_that_leads_out_is_refused(build, tmp_path, model):
    """Caches of models link to files elsewhere, which an image would not have."""
    (tmp_path / "weights").write_text("")
    (model / "files" / "inside").symlink_to("src")
    assert build("--dry-run")[0] == 0
    (model / "files" / "weights").symlink_to(os.path.join("..", "..", "weights"))
    code, _, err = build("--dry-run")
    assert code == 1
    assert "files/weights is a link to ../../weights" in err
    assert "cp -rL" in err


@pytest.mark.parametrize(
    ("break_it", "shown"),
    [
        (lambda model: (model / "contract.yaml").write_text("inputs: 3"), "contract.yaml"),
        (
            lambda model: (model / "contract.yaml").rename(model / "files/contract.yaml"),
            "move it up",
        ),
        (lambda model: model.rename(model.parent / "gone"), "name the model's own directory"),
    ],
    ids=["contract", "layout", "missing"],
)
def test_a_directory_that_is_no_model(build, docker, model, break_it, shown):
    """The server's own messages come before the build, with a fix that fits."""
    break_it(model)
    code, _, err = build()
    assert code == 1
    assert shown in err
    assert "docker run" not in err
    assert docker.calls == []


def test_labels_say_what_is_inside(dockerfile, model):
    """The model's name, and a hash of its files that standard tools print as well."""
    (model / "a b").write_text("c")
    printed = subprocess.check_output(
        ["/bin/sh", "-c", LISTING], cwd=str(model), env={"PATH": "/usr/bin:/bin"}
    )
    digest = printed.decode().split()[0]
    lines = dockerfile()
    assert 'LABEL org.opencontainers.image.title="sums"' in lines
    assert f'LABEL io.hydrosphere.model.sha256="{digest}"' in lines


def test_a_model_without_a_name_has_its_directory_s(dockerfile, model):
    """A name's own signs are no signs of the Dockerfile's."""
    (model / "contract.yaml").unlink()
    model.rename(model.parent / "kept")
    (model.parent / "kept").rename(model)
    assert 'LABEL org.opencontainers.image.title="a-model"' in dockerfile()
    (model / "contract.yaml").write_text(CONTRACT.replace("sums", "'$a\"'"))
    assert 'LABEL org.opencontainers.image.title="\\$a\\""' in dockerfile()


def test_with_an_ignore_file_there_is_no_hash(dockerfile, model):
    """What docker leaves out is not known here, so nothing is said of it."""
    (model / ".dockerignore").write_text("link\n")
    (model / "link").symlink_to("/usr/bin/python3")
    assert not any("sha256" in line for line in dockerfile())


def test_docker_is_missing(build, docker, tmp_path):
    """What to install is shown, and what works without."""
    (tmp_path / "bin" / "docker").unlink()
    code, _, err = build()
    assert code == 1
    assert "docker cannot be run: No such file or directory" in err
    assert "--dry-run" in err


def test_the_engine_does_not_run(build, docker):
    """Docker's own words are shown."""
    docker.answer("version", code=1, err="Cannot connect to the Docker daemon at unix:///x\n")
    code, _, err = build()
    assert code == 1
    assert "docker has no engine: Cannot connect to the Docker daemon" in err
    assert "build" not in docker.calls


def test_the_image_to_build_on_is_nowhere(build, docker):
    """Those that are here are shown, the nearest first; else how to make it."""
    docker.answer("build", code=1, out="pull access denied\n")
    docker.answer("image-inspect", code=1)
    code, _, err = build()
    assert code == 1
    assert f"the image {BASE} is not here, and docker cannot fetch it: pull access denied" in err
    assert "make image/python/3.13" in err
    here = BASE.replace("3.13", "3.12")
    docker.answer("image-ls", out=f"{here}\n{BASE.split(':', maxsplit=1)[0]}:<none>\n")
    shown = f"of {BASE.split(':', maxsplit=1)[0]} there are here: 3.12-latest: did you mean"
    assert f'{shown} "{here}"?\n' in build()[2]
    assert docker.call("image-ls")[0][-1] == BASE.split(":", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("The user requested (constraint) grpcio==1.48.2", "a version that the image has"),
        ("ERROR: No matching distribution found for nowhere", "images have no compiler"),
        ("something else", "something else"),
    ],
)
def test_a_build_that_fails_is_shown_with_the_last_words(build, docker, words, shown):
    """Pip's words come up, and what they mean here."""
    docker.answer("build", code=1, out="noise\n" * 30 + BUILDKIT + words)
    code, _, err = build()
    assert code == 1
    assert words in err
    assert shown in err
    assert err.count("noise") == 25 - (len(BUILDKIT.splitlines()) - 2) - 1
    assert docker.calls[-1] == "image-rm"


def test_a_dry_run_needs_no_docker(dockerfile, docker):
    """The Dockerfile is printed and nothing is called."""
    assert dockerfile()
    assert docker.calls == []


def test_a_tag_that_docker_refuses(build, docker):
    """Docker's own words are shown, and the exit code is 1."""
    docker.answer("tag", code=1, err="no space left on device\n")
    code, _, err = build()
    assert code == 1
    assert err.endswith("failed: no space left on device\n")


def test_a_file_that_cannot_be_read(build, model, monkeypatch):
    """It is named before anything is built."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    # Tests may run as root, who can read everything.
    monkeypatch.setattr(type(model), "open", refuse)
    (model / "contract.yaml").unlink()
    code, _, err = build()
    assert code == 1
    assert f"{model}/files/src/func_main.py cannot be read: Permission denied" in err
