import sys

import grpc
import pytest

from serving_runtime.errors import StartError, Status
from serving_runtime.server.front_lock import FrontLock
from serving_runtime.server.grpc import auto, cygrpc
from serving_runtime.server.grpc.asyncio_transport import AsyncioTransport
from serving_runtime.server.grpc.completion_queue_transport import CompletionQueueTransport
from serving_runtime.server.transport import Reply, Routes

NO_ROUTES = Routes({}, {})


@pytest.fixture
def choose(run, settings):
    """Return a function that chooses a transport by the setting's value."""
    return lambda name: run(auto.choose(NO_ROUTES, settings(grpc_transport=name), FrontLock()))


@pytest.fixture(params=["not there", "raises", "answers something else", "does not answer"])
def broken(request, monkeypatch):
    """Break the completion queue, in one way after another."""
    if request.param == "not there":
        monkeypatch.setitem(
            sys.modules, "serving_runtime.server.grpc.completion_queue_transport", None
        )
    elif request.param == "raises":
        monkeypatch.setattr(cygrpc, "CoreServer", None)
    elif request.param == "answers something else":
        other = Reply(Status.OK, "", b"something else")
        rightly = cygrpc.answer
        monkeypatch.setattr(cygrpc, "answer", lambda call, *_: rightly(call, other, ()))
    else:
        monkeypatch.setattr(auto, "TRIAL_SECONDS", 0.1)
        monkeypatch.setattr(cygrpc, "answer", lambda *_: None)


@pytest.mark.parametrize("name", ["auto", "completion_queue"])
def test_the_completion_queue_works_with_the_installed_grpcio(choose, name, caplog):
    """On every row: the trial call succeeds, and nothing is said."""
    assert isinstance(choose(name), CompletionQueueTransport)
    assert caplog.records == []


def test_the_public_server_can_be_asked_for(choose, broken):
    """Then nothing private to grpcio is touched."""
    assert isinstance(choose("asyncio"), AsyncioTransport)


def test_the_public_server_stands_in(choose, broken, caplog):
    """A grpcio whose internals have changed costs speed, not the service."""
    assert isinstance(choose("auto"), AsyncioTransport)
    assert f"grpcio {grpc.__version__} cannot be driven" in caplog.text


def test_one_that_was_asked_for_must_work(choose, broken):
    """Who asks for one and no other is told why not."""
    with pytest.raises(StartError, match="cannot be driven") as caught:
        choose("completion_queue")
    assert "RUNTIME_GRPC_TRANSPORT" in caught.value.fix
