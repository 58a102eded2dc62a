"""A running server gives many callers what scikit-learn itself gives, or stops with one message."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from runtimes.sklearn.tests.pipelines import PIPELINES, ROWS
from serving_runtime.client import Client
from tests.support.targets import ServerOnLoopback, environment

CALLERS = 32
ROUNDS = 4
# BLAS sums in another order for another number of rows.
STACKED = 1e-12


def slices():
    """Return the rows of each call: one to three, a few calls for each caller."""
    starts = range(0, CALLERS * ROUNDS)
    return [slice(start % (ROWS - 3), start % (ROWS - 3) + 1 + start % 3) for start in starts]


def ask(address, sample, method):
    """Send all calls from as many threads as there are callers, and return the answers."""
    barrier = threading.Barrier(CALLERS)

    def call(client, rows):
        inputs = {name: array[rows] for name, array in sample.inputs.items()}
        return client.predict(method, inputs)[method]

    def caller(own):
        with Client(address) as client:
            barrier.wait()
            return [call(client, rows) for rows in own]

    shares = [slices()[index::CALLERS] for index in range(CALLERS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(zip(shares, pool.map(caller, shares)))


def expected(sample, method, rows):
    """Return scikit-learn's own answer to the same rows."""
    inputs = {name: array[rows] for name, array in sample.inputs.items()}
    return getattr(sample.estimator, method)(sample.native(inputs))


@pytest.mark.parametrize("batch", ["64", "1"])
@pytest.mark.parametrize("name", PIPELINES)
def test_answers_are_scikit_learn_s_own(tmp_path, files, save, name, batch):
    """Labels exactly; probabilities bit for bit alone, and to 1e-12 where rows were stacked."""
    sample = PIPELINES[name]()
    save(sample.estimator, "model.joblib")
    server = ServerOnLoopback(workers=1)
    # Waiting a little makes sure that calls do meet.
    settings = {"RUNTIME_MAX_BATCH_SIZE": batch, "RUNTIME_BATCH_DELAY": "5ms"}
    with server.start("sklearn", tmp_path, settings) as service:
        labels = ask(service.address, sample, "predict")
        probabilities = ask(service.address, sample, "predict_proba")
    for shares, answers in labels:
        for rows, answer in zip(shares, answers):
            assert _texts(answer) == _texts(expected(sample, "predict", rows))
    for shares, answers in probabilities:
        for rows, answer in zip(shares, answers):
            own = expected(sample, "predict_proba", rows)
            if batch == "1":
                assert answer.tobytes() == own.tobytes()
            np.testing.assert_allclose(answer, own, rtol=STACKED, atol=0)


def _texts(labels):
    return [it.decode() if isinstance(it, bytes) else it for it in np.asarray(labels).tolist()]


class Canary:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        """Return the call by which pickle makes the file."""
        return open, (str(self._path), "w")


def test_a_file_that_is_refused_stops_the_start(tmp_path, save):
    """Exit code 1 and one message, and nothing of the file was run."""
    save(Canary(tmp_path / "canary"))
    command = [sys.executable, "-m", "serving_runtime.cli", "serve", str(tmp_path),
               "--runtime", "sklearn", "--port", "0", "--allow-pickle", "0"]  # fmt: skip
    run = subprocess.run(
        command, env=environment({}), stderr=subprocess.PIPE, universal_newlines=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.count("RUNTIME_ALLOW_PICKLE is off") == 1
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "canary").exists()
