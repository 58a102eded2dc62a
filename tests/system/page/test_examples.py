"""The page of each runtime's example, which its own library has trained."""

import json
import os
import re
import signal
import subprocess

import numpy as np
import pytest

from serving_runtime.client import Client
from tests.support.processes import wait_until
from tests.system.clients.environments import ROOT, create
from tests.system.page.served import answer, run
from tools.environments import descriptions

pytestmark = pytest.mark.nightly

DEMOS = sorted(name for name in descriptions() if name.endswith("-demo"))
TRAIN_SECONDS = 240.0
STOP_SECONDS = 60


@pytest.fixture(params=DEMOS)
def example(request, tmp_path):
    """A runtime's example, trained and served: one digit, its addresses over gRPC and HTTP."""
    python, framework = create(request.param), request.param.partition("-")[0]
    command = [str(python), "-u", str(ROOT / "examples" / "demo.py"), framework]
    output = tmp_path / "demo.txt"
    with output.open("wb") as stream:
        demo = subprocess.Popen(
            [*command, "--directory", str(tmp_path / "demo"), "--keep"],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
            env={**os.environ, "RUNTIME_HTTP_PORT": "0"},
        )  # fmt: skip
    try:
        wait_until(lambda: _is_kept(demo, output), "the example", TRAIN_SECONDS)
        assert demo.poll() is None, output.read_text()
        address = re.search(r"3. serving at (\S+)", output.read_text()).group(1)
        log = (tmp_path / "demo" / "server.log").read_text(encoding="utf-8")
        [port] = re.findall(r"listening on http://\S+:(\d+)", log)
        sample = json.loads((tmp_path / "demo" / "one-digit.json").read_text(encoding="utf-8"))
        yield sample["images"], address, f"http://127.0.0.1:{port}"
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(STOP_SECONDS)


@pytest.mark.timeout(600, func_only=True)  # it trains a model
def test_digit_is_filled_in_and_recognised(window, example):
    """A digit that is pasted as a table is answered with the numbers that gRPC has for it."""
    images, address, page = example
    with Client(address) as client:
        expected = client.predict("", {"images": images})
    window.open(page)
    window.fill("images", "\n".join(" ".join(map(str, row)) for row in images[0]))
    assert run(window).startswith("answered in ")
    for name, array in expected.items():
        shown = [float(it) for it in answer(window, name)[-array.size :]]
        np.testing.assert_allclose(shown, array.reshape(-1), rtol=1e-6)
    assert window.run("return document.querySelector('svg') !== null")


def _is_kept(demo, output):
    return demo.poll() is not None or "Ctrl-C" in output.read_text(encoding="utf-8")
