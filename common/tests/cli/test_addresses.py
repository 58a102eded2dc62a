import socket

import pytest

from serving_runtime.contract import serialise
from serving_runtime.signature import FREE, Contract, Field, Signature

FIELD = Field("x", "float32", (FREE, 1))
CONTRACT = Contract("m", (Signature("s", (FIELD,), (FIELD,)),))


@pytest.fixture
def verbs(tmp_path):
    """Return each verb that calls a service, with what it needs beside the address."""
    contract = tmp_path / "contract.protobin"
    contract.write_bytes(serialise(CONTRACT))
    return {
        "health": [],
        "predict": ["--input", '{"x": [[1.5]]}'],
        "bench": ["--contract", contract, "--seconds", "100ms", "--concurrency", "2"],
    }


@pytest.mark.parametrize("verb", ["health", "predict", "bench"])
def test_a_service_is_called_at_its_socket(command, service, verbs, verb, monkeypatch):
    """Whichever verb calls it, and whatever proxy is set for the network."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    code, out, err = command(verb, "--address", service.socket_address, *verbs[verb])
    assert code == 0, err
    assert out


@pytest.mark.parametrize("verb", ["health", "predict", "bench"])
def test_a_socket_that_is_not_there_is_told_with_what_to_look_at(command, tmp_path, verbs, verb):
    """The setting has its name, and only some users may connect."""
    code, _, err = command(verb, "--address", f"unix:{tmp_path / 'none'}", *verbs[verb])
    assert code == 1
    assert "UNAVAILABLE" in err
    assert "RUNTIME_GRPC_SOCKET" in err


def test_a_socket_that_nobody_listens_on_is_told_likewise(command, tmp_path):
    """What a server that was killed has left."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))
    code, _, err = command("health", "--address", f"unix:{tmp_path / 'left'}")
    assert code == 1
    assert "RUNTIME_GRPC_SOCKET" in err


def test_without_an_address_it_is_the_port_of_this_container(command, service, monkeypatch):
    """Docker's HEALTHCHECK needs no argument."""
    monkeypatch.setenv("APP_PORT", service.address.rpartition(":")[2])
    code, out, err = command("health")
    assert (code, out, err) == (0, "SERVING\n", "")
