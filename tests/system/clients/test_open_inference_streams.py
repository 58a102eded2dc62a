"""Triton's own client, from another process: its streams, and what it asks before it calls."""

import pytest

from tests.conformance.setups import models_of
from tests.support.targets import TRANSPORTS
from tests.system.clients.environments import results_of

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

MESSAGES = 500


@pytest.fixture(scope="module")
def triton(python_of):
    """The Python that has Triton's client."""
    return python_of("triton")


@pytest.mark.parametrize("by_socket", [False, True], ids=["port", "socket"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stream_is_answered_in_order(triton, serving, tmp_path, transport, by_socket):
    """Five hundred messages under way at once; the one that is wrong fails alone."""
    socket = tmp_path / "model.sock"
    settings = {"RUNTIME_GRPC_TRANSPORT": transport, "MODEL_NAME": "sums"}
    with serving(
        models_of("python") / "summator", RUNTIME_GRPC_SOCKET=str(socket), **settings
    ) as service:
        address = f"unix:{socket}" if by_socket else service.address
        results = results_of(triton, "triton_streams.py", address, "sums")
    [[place, error]] = results["stream"]["errors"]
    assert place == 7
    assert "INT8" in error
    assert results["stream"]["answered"] == [
        [str(number), number % 60 + 1] for number in range(MESSAGES) if number != 7
    ]
    assert [results[asked] for asked in ("live", "ready", "model", "version")] == [True] * 4
    status, words = results["other"]
    assert status == "StatusCode.NOT_FOUND"
    assert '"sums"' in words
    assert results["server"] == "serving-runtime"
    assert not socket.exists()
