import contextlib
import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.release import __main__ as command_line
from tools.release import manifest, registering
from tools.release.manifest import Manifest, Published

TYPES = {"name": str, "version": str, "modelTypes": list, "tags": list, "configParams": dict}
TENSORFLOW = "hydrosphere/serving-runtime-tensorflow"


class HydrosphereManager(ThreadingHTTPServer):
    """The part of a manager that takes runtimes, as strict as its decoder of JSON."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Api)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.runtimes = []
        self.posts = []  # every body, whatever became of it
        self.answers = {}  # "GET" or "POST": (status, text) to give, one after the other
        self.lists = True
        self.refusal = 500  # what it refuses a second runtime of the same name with

    def create(self, body):
        """Take one, as `createRuntime` does; it answers with the pull that it has begun."""
        self.posts.append(body)
        if {key: type(value) for key, value in body.items()} != TYPES:
            return 400, "The request content was malformed"
        if not all(isinstance(text, str) for text in body["modelTypes"] + body["tags"]):
            return 400, "The request content was malformed"
        name = f"{body['name']}:{body['version']}"
        if any(f"{it['name']}:{it['version']}" == name for it in self.runtimes):
            return self.refusal, json.dumps({"message": f"Runtime {name} already exists"})
        models = {"suitableModelType": body["modelTypes"]}
        self.runtimes.append({"id": len(self.runtimes) + 1, **body, **models})
        return 200, json.dumps({"id": 1, "status": "Pending", **body})


class _Api(BaseHTTPRequestHandler):
    server: HydrosphereManager

    def do_GET(self):
        """List all runtimes."""
        lists = (200, json.dumps(self.server.runtimes)) if self.server.lists else (405, "no GET")
        self._answer("GET", lambda: lists)

    def do_POST(self):
        """Create a runtime."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        is_json = self.headers["Content-Type"] == "application/json"
        self._answer("POST", lambda: self.server.create(json.loads(sent)) if is_json else (415, ""))

    def _answer(self, method, otherwise):
        told = self.server.answers.get(method)
        status, text = (404, "") if self.path != "/api/v1/runtime" else (0, "")
        status, text = (status, text) if status else told.pop(0) if told else otherwise()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/api/v1/runtime")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def manager(monkeypatch):
    """A manager on loopback that does not keep tests waiting."""
    monkeypatch.setattr(registering, "PAUSES_SECONDS", (0, 0))
    monkeypatch.setenv("no_proxy", "*")
    with HydrosphereManager() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def published(runtime="tensorflow", version="1.7.0", status="legacy"):
    """Return what is known of a pushed image."""
    image = f"hydrosphere/serving-runtime-{runtime}"
    digest = "sha256:" + "a1" * 32
    values = dict.fromkeys(Published._fields, "")
    values.update(runtime=runtime, version=version, status=status, image=image, digest=digest)
    values.update(framework=(), size_bytes=1, release="0.7.0", revision="c0ffee")
    moving = (f"{version}-latest",)
    return Published(**{**values, "immutable_tag": f"{version}-0.7.0", "moving_tags": moving})


@pytest.fixture
def run(tmp_path, capsys):
    """Return the verb on a release of two images: arguments to exit code, output, errors."""
    images = (published(), published("python", "3.13", "supported"))
    (tmp_path / manifest.FOLDER).mkdir(parents=True)
    path = manifest.write(tmp_path, Manifest("0.7.0", "c0ffee", images))

    def run(*arguments):
        code = command_line.main(["register", "--manifest", str(path), *arguments])
        return (code, *capsys.readouterr())

    return run


def test_each_pushed_image_becomes_a_runtime(run, manager):
    """The body has the seeds' keys, and the tag that the manager's users know."""
    code, output, errors = run("--manager", manager.url)
    assert (code, errors) == (0, "")
    assert manager.posts[0] == {
        "name": TENSORFLOW,
        "version": "1.7.0-latest",
        "modelTypes": ["tensorflow:1.7.0"],
        "tags": ["tensorflow", "legacy"],
        "configParams": {},
    }
    assert output.splitlines() == [
        f"tensorflow/1.7.0: {TENSORFLOW}:1.7.0-latest: registered",
        "python/3.13: hydrosphere/serving-runtime-python:3.13-latest: registered",
        f"{manager.url}/api/v1/runtime: 2 registered",
    ]


def test_what_the_manager_has_is_not_sent_again(run, manager):
    """A second release changes nothing at the manager, and is no failure."""
    run("--manager", manager.url)
    code, output, errors = run("--manager", manager.url)
    assert (code, errors, len(manager.posts)) == (0, "", 2)
    assert output.endswith(": 2 there already\n")


@pytest.mark.parametrize("refusal", [400, 409, 500])
def test_a_manager_that_cannot_list_says_what_it_has(run, manager, refusal):
    """Its refusal, with whichever status, is taken for what it says, and is not tried again."""
    manager.lists, manager.refusal = False, refusal
    assert run("--manager", manager.url)[0] == 0
    code, output, errors = run("--manager", manager.url)
    assert (code, errors, len(manager.posts)) == (0, "", 4)
    assert output.endswith(": 2 there already\n")


def test_an_image_that_is_being_pulled_is_there(run, manager):
    """The manager lists a runtime only when it has its image."""
    manager.answers["POST"] = [(500, '{"message": "Image x:1 is already creating"}')]
    code, output, _ = run("--manager", manager.url)
    assert (code, output.splitlines()[-1].split(": ")[-1]) == (0, "1 there already, 1 registered")


def test_images_can_be_registered_by_the_tag_that_never_moves(run, manager):
    """Each release is then a runtime of its own."""
    assert run("--manager", manager.url, "--tag", "immutable")[0] == 0
    assert [body["version"] for body in manager.posts] == ["1.7.0-0.7.0", "3.13-0.7.0"]


def test_an_image_without_moving_tags_goes_by_its_own():
    """There is always a tag that was pushed."""
    image = published()._replace(moving_tags=())
    assert registering.body(image, "latest")["version"] == "1.7.0-0.7.0"


def test_dry_run_prints_the_bodies_and_sends_nothing(run):
    """It needs no manager; each line can be sent by hand."""
    code, output, errors = run("--dry-run")
    assert (code, errors) == (0, "")
    bodies = [json.loads(line) for line in output.splitlines()]
    assert [body["modelTypes"] for body in bodies] == [["tensorflow:1.7.0"], ["python:3.13"]]


def test_the_manager_can_be_a_variable(run, manager, monkeypatch):
    """CI says it once; a slash at the end does no harm."""
    monkeypatch.setenv("HYDROSPHERE_MANAGER", f"{manager.url}/")
    assert run()[0] == 0
    assert len(manager.runtimes) == 2


def test_a_row_that_fails_does_not_stop_the_others(run, manager):
    """Its line says what the manager said, in one line, and the exit code counts it."""
    manager.answers["POST"] = [(400, "The request content was malformed:\nat line 1")]
    code, output, errors = run("--manager", manager.url)
    assert errors == (
        f"tensorflow/1.7.0: {TENSORFLOW}:1.7.0-latest: {manager.url}/api/v1/runtime"
        " answered 400: The request content was malformed:\n"
    )
    assert (code, output.splitlines()[-1].split(": ")[-1]) == (1, "1 failed, 1 registered")


def test_a_manager_that_is_at_fault_is_asked_again(run, manager):
    """Status 502 from whatever is in front of it passes."""
    manager.answers = {"GET": [(502, "")], "POST": [(503, ""), (500, "")]}
    assert run("--manager", manager.url)[0] == 0
    assert len(manager.runtimes) == 2


def test_a_manager_that_stays_at_fault_fails(run, manager):
    """After three times, with what it said."""
    manager.answers["POST"] = [(500, "")] * 2 + [(500, "out of disk")]
    code, _, errors = run("--manager", manager.url)
    assert (code, "answered 500: out of disk" in errors) == (1, True)


def test_a_manager_that_cannot_be_reached_is_named(run, manager):
    """Nobody listens there: the address and the reason are told, and that it was tried again."""
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, output, errors = run("--manager", url)
    assert (code, output, errors.count("trying again")) == (1, "", 2)
    assert re.search(r"/api/v1/runtime cannot be reached: .*refused", errors.splitlines()[-1])


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"GET": [(200, "<html>Hydrosphere</html>\n")]}, "with '<html>Hydrosphere</html>', expec"),
        ({"GET": [(200, "{}")]}, "expected a list as JSON: is this the address of the manager?"),
        ({"GET": [(403, "who are you?")]}, "answered 403: who are you?"),
        ({"POST": [(200, "fine")]}, "with 'fine', expected an object as JSON"),
        ({"POST": [(302, "")]}, "expected an object as JSON"),
    ],
)
def test_what_is_no_manager_is_noticed(run, manager, answers, message):
    """A page of something else, or a redirect that turns a POST into a GET, registers nothing."""
    manager.answers = answers
    code, _, errors = run("--manager", manager.url)
    assert (code, message in errors) == (1, True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:8080", "'localhost:8080', expected one like http://localhost:8080"),
        ("", "with --manager or HYDROSPHERE_MANAGER"),
        ("http://", "expected one like"),
        ("http://me:secret@localhost:8080", "holds a password"),
    ],
)
def test_an_address_that_is_none_is_refused(run, monkeypatch, url, message):
    """Before anything is sent; a password is not repeated."""
    monkeypatch.delenv("HYDROSPHERE_MANAGER", raising=False)
    code, output, errors = run("--manager", url)
    assert (code, output, message in errors, "secret" in errors) == (1, "", True, False)


def test_a_manifest_that_is_not_there_is_named(run, tmp_path):
    """Whoever has not pushed is told how to make one."""
    missing = tmp_path / "none.json"
    code, _, errors = run("--manifest", str(missing))
    assert (code, errors.startswith(f"there is no {missing}")) == (1, True)
