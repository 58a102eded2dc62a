"""The calls that the page writes for others' clients: each script runs as it is."""

import subprocess

import pytest

from tests.system.clients.environments import RUN_SECONDS, create
from tests.system.page.served import choose, code_of

pytestmark = pytest.mark.nightly

LARGE = 2**63 - 1
CLIENTS = [
    ("Hydrosphere's client", "stock-0.2.3"),
    ("Hydrosphere's client", "stock-2.4.0"),
    ("TensorFlow Serving's client", "tfserving"),
    ("Triton's client", "triton"),
]


@pytest.fixture
def page(window, web):
    """The page with a call filled in that has a number of 64 bits, texts and booleans."""
    window.open(web.address)
    window.labelled("images")
    choose(window, "mixed")
    window.fill("x", "1.5 2 3 4")
    window.fill("n", str(LARGE))
    window.fill("is_on", "true")
    window.fill("note", 'it\'s "größer"')
    return window


@pytest.fixture
def environment(request):
    """A client's environment, made if need be: its Python."""
    return create(request.param)


@pytest.mark.parametrize(("client", "environment"), CLIENTS, indirect=["environment"])
def test_script_of_each_client_runs(page, web, tmp_path, client, environment):
    """Pasted into a file and run, it prints what the model answers."""
    script = code_of(page, client).replace("GRPC_PORT", web.grpc_port)
    answer = output_of(environment, script, tmp_path)
    assert "10.5" in answer
    assert str(LARGE) in answer


@pytest.mark.parametrize(("client", "environment"), CLIENTS, indirect=["environment"])
def test_script_of_a_long_call_reads_its_file(page, web, tmp_path, client, environment):
    """What is too long to read is saved beside the script, which sends it all."""
    page.fill("x", "1.5 2 3 4\n" * 400)
    page.fill("n", f"{LARGE}\n" * 400)
    page.fill("is_on", "true\n" * 400)
    script = code_of(page, client).replace("GRPC_PORT", web.grpc_port)
    (tmp_path / "request.json").write_text(page.run("return bodyOf(true)"), encoding="utf-8")
    assert "größer" not in script
    answer = output_of(environment, script, tmp_path)
    assert "10.5" in answer
    assert str(LARGE) in answer


def output_of(python, script, folder):
    """Return what a script prints."""
    (folder / "call.py").write_text(script, encoding="utf-8")
    ended = subprocess.run(
        [str(python), "call.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=str(folder),
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"{script}\n{ended.stderr.decode()}"
    return ended.stdout.decode()
