"""One convolutional network in each form answers as the library itself does."""

import numpy as np
import pytest
import torch

from pytorch_runtime import loader
from runtimes.pytorch.tests import networks
from runtimes.pytorch.tests.conftest import CONVOLUTION
from serving_runtime.client import Client
from serving_runtime.signature import Contract
from tests.support.targets import ServerOnLoopback

BATCHES = (1, 7, 64)
TOLERANCE = 1e-6


def images(rows):
    """Return random pictures."""
    return np.random.RandomState(rows).rand(rows, 8, 8).astype(np.float32)


def own(batch):
    """Return what the library says."""
    with torch.no_grad():
        label, scores = networks.convolution()(torch.from_numpy(batch))
    return label.numpy(), scores.numpy()


def check(answer, batch):
    """Compare an answer with the library's own."""
    label, scores = own(batch)
    assert np.array_equal(answer["label"], label)
    np.testing.assert_allclose(answer["scores"], scores, rtol=0, atol=TOLERANCE)


def test_the_loader_answers_as_the_library(convolution):
    """Labels are equal and scores within 1e-6, whatever the form and the number of rows."""
    model = loader.load(convolution / "files", Contract("", (CONVOLUTION,)))
    for rows in BATCHES:
        check(model.predict("predict", {"images": images(rows)}), images(rows))
    model.close()


@pytest.mark.timeout(240)  # PyTorch takes seconds to import on a busy machine
def test_a_server_answers_as_the_library(convolution):
    """The same over the wire, from a server with a worker of its own."""
    served = ServerOnLoopback(workers=1).start("pytorch", convolution, {})
    with served as server, Client(server.address) as client:
        for rows in BATCHES:
            check(client.predict("predict", {"images": images(rows)}), images(rows))


def test_the_form_is_told_in_one_line(convolution, caplog):
    """The log says which file is served, what it is, and where it runs."""
    caplog.set_level("INFO")
    loader.load(convolution / "files", Contract("", (CONVOLUTION,))).close()
    lines = [record.getMessage() for record in caplog.records if ", on cpu" in record.getMessage()]
    (path,) = [path for path in (convolution / "files").iterdir() if path.is_file()]
    assert len(lines) == 1
    assert lines[0].startswith(f"{path.name} is ")
