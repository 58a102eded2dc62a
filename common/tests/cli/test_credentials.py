import argparse

import grpc
import pytest

from serving_runtime.cli import credentials
from serving_runtime.client import CallFailed, Client
from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from serving_runtime.errors import SettingError
from tests.support.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def pair(authority):
    """Make a certificate that is good for two names."""
    return authority.issue("service", "DNS:*.example.com,DNS:localhost")


@pytest.fixture
def tokens(tmp_path):
    """Write two tokens."""
    path = tmp_path / "tokens"
    path.write_text("\nfirst\nsecond\n", encoding="ascii")
    return path


def read(*flags, address=""):
    """Return how the flags say to connect."""
    parser = argparse.ArgumentParser()
    parser.set_defaults(address=address)
    credentials.add(parser)
    return credentials.of(parser.parse_args([str(flag) for flag in flags]))


@pytest.fixture
def own(monkeypatch, pair, tokens):
    """Set what a container's service has."""
    monkeypatch.setenv("RUNTIME_TLS_CERT", str(pair.cert))
    monkeypatch.setenv("RUNTIME_TLS_KEY", str(pair.key))
    monkeypatch.setenv("RUNTIME_TOKEN_FILE", str(tokens))


def test_nothing_said_is_in_the_clear():
    """As ever, with or without an address."""
    assert read() == read(address="somewhere:1") == PLAINTEXT
    assert PLAINTEXT.metadata == []


def test_the_containers_own_service_is_known_by_its_settings(own, pair):
    """Its very certificate is trusted, by a name that it is good for; its first token is shown."""
    trusted = pair.cert.read_bytes()
    assert read() == ConnectionOptions(
        tls=True, trusted=trusted, name="any.example.com", token="first"
    )
    assert read().metadata == [("authorization", "Bearer first")]


def test_its_certificate_is_shown_where_one_must_be(own, pair, monkeypatch, authority):
    """There is no other in a container."""
    monkeypatch.setenv("RUNTIME_TLS_CLIENT_CA", str(authority.cert))
    found = read()
    assert (found.certificate, found.key) == (pair.cert.read_bytes(), pair.key.read_bytes())


def test_another_service_is_sent_nothing(own):
    """Whoever is at an address that was given gets no token unasked."""
    assert read(address="localhost:9090") == PLAINTEXT


def test_flags_say_all(authority, pair, tokens):
    """What to trust, what to show, and what the service is called."""
    found = read(
        "--tls-ca", authority.cert, "--tls-cert", pair.cert, "--tls-key", pair.key,
        "--tls-name", "models", "--token-file", tokens, address="somewhere:1",
    )  # fmt: skip
    assert found == ConnectionOptions(
        True, authority.cert.read_bytes(), "models",
        pair.cert.read_bytes(), pair.key.read_bytes(), "first",
    )  # fmt: skip


def test_flags_go_before_settings(own, authority):
    """Whoever names a CA wants the service's name checked against the address."""
    found = read("--tls-ca", authority.cert)
    assert (found.trusted, found.name) == (authority.cert.read_bytes(), "")
    assert found.token == "first"


def test_the_cas_of_grpc_can_be_trusted():
    """For certificates that public CAs have signed."""
    assert read("--tls-ca", "system", address="a:1") == ConnectionOptions(tls=True, trusted=None)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--tls-name", "x"], "are for TLS"),
        (["--tls-ca", "system", "--tls-cert", "x"], "need each other"),
        (["--tls-ca", "system", "--tls-key", "x"], "need each other"),
        (["--tls-ca", "/nothing"], "--tls-ca=/nothing cannot be read"),
        (["--token-file", "/nothing"], "--token-file=/nothing cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused(flags, told):
    """With the flag that is wrong."""
    with pytest.raises(SettingError, match=told):
        read(*flags, address="a:1")


def test_a_verb_tells_it_in_a_line(command, tmp_path):
    """Exit code 1, and no traceback."""
    code, _, err = command("health", "--token-file", tmp_path / "nothing")
    assert code == 1
    assert "cannot be read: No such file" in err


def test_a_garbled_certificate_has_no_name(own, monkeypatch, tokens):
    """The connection will say what is wrong."""
    monkeypatch.setenv("RUNTIME_TLS_CERT", str(tokens))
    assert read().name == ""


def test_the_token_comes_with_every_call(service):
    """Beside what a call has of its own."""
    with Client(service.address, ConnectionOptions(token="t0ken")) as client:
        for call in (
            client.health,
            client.status,
            lambda: client.predict("", {"x": 1.0}, reset_state=True),
        ):
            call()
            assert service.metadata["authorization"] == "Bearer t0ken"
    assert service.metadata["x-reset-state"] == "1"


def test_a_missing_token_is_shown_with_a_hint(service):
    """Which flag shows one."""
    service.failure = (grpc.StatusCode.UNAUTHENTICATED, "there is no bearer token")
    with Client(service.address) as client, pytest.raises(CallFailed) as caught:
        client.health()
    assert "--token-file" in caught.value.hint


def test_tls_to_a_service_in_the_clear_is_shown_with_a_hint(service, authority):
    """It is there, but does not speak TLS, or has not this CA's certificate."""
    options = ConnectionOptions(tls=True, trusted=authority.cert.read_bytes())
    with Client(service.address, options) as client, pytest.raises(CallFailed) as caught:
        client.health(deadline_seconds=30)
    assert "--tls-ca" in caught.value.hint
