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
    script = code_of(page, client, "größer").replace("GRPC_PORT", web.grpc_port)
    (tmp_path / "call.py").write_text(script, encoding="utf-8")
    ended = subprocess.run(
        [str(environment), str(tmp_path / "call.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"{script}\n{ended.stderr.decode()}"
    answer = ended.stdout.decode()
    assert "10.5" in answer
    assert str(LARGE) in answer
