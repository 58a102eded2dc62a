import ssl

import pytest

from serving_runtime.bench import level, load
from serving_runtime.client import CallFailed, connect
from serving_runtime.client.connection import ConnectionOptions
from tests.support.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def secured(authority, rest_service):
    """Return a function by which the tiny service speaks TLS, with a certificate for names."""

    def secure(names="DNS:localhost,IP:127.0.0.1", wants_clients=False):
        pair = authority.issue("server", names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if hasattr(ssl, "PROTOCOL_TLS_SERVER")
                                 else ssl.PROTOCOL_TLS)  # fmt: skip
        context.load_cert_chain(str(pair.cert), str(pair.key))
        if wants_clients:
            context.load_verify_locations(str(authority.cert))
            context.verify_mode = ssl.CERT_REQUIRED
        rest_service.speak_tls(context)
        return pair

    return secure


def doubled(url, **options):
    """Call the service once, by TLS."""
    with connect(url, ConnectionOptions(tls=True, **options)) as client:
        return client.predict("", {"x": 1}, deadline_seconds=5)["x"].item()


def test_what_the_ca_has_signed_is_trusted(secured, authority, rest_service):
    """So is the service's own certificate, whoever has signed it."""
    pair = secured()
    for trusted in (authority.cert, pair.cert):
        assert doubled(rest_service.address, trusted=trusted.read_bytes()) == 2


def test_what_another_ca_has_signed_is_not(secured, rest_service, tmp_path):
    """The failure says what to look at; the system's authorities do not know ours either."""
    secured()
    other = Authority(tmp_path / "other").cert.read_bytes()
    for options in ({"trusted": other}, {}):
        with pytest.raises(CallFailed) as caught:
            doubled(rest_service.address, **options)
        assert caught.value.status == "UNAVAILABLE"
        assert "certificate" in caught.value.details.lower()
        assert "--tls-ca" in caught.value.hint


def test_a_certificate_may_be_for_another_name(secured, authority, rest_service):
    """Where that name is given."""
    secured("DNS:inner.example")
    trusted = authority.cert.read_bytes()
    with pytest.raises(CallFailed):
        doubled(rest_service.address, trusted=trusted)
    assert doubled(rest_service.address, trusted=trusted, name="inner.example") == 2


def test_a_client_shows_its_certificate(secured, authority, rest_service):
    """Where the service wants one; without it there is no answer."""
    secured(wants_clients=True)
    pair = authority.issue("client")
    trusted = authority.cert.read_bytes()
    shown = {"certificate": pair.cert.read_bytes(), "key": pair.key.read_bytes()}
    assert doubled(rest_service.address, trusted=trusted, **shown) == 2
    with pytest.raises(CallFailed):
        doubled(rest_service.address, trusted=trusted)


def test_bench_speaks_tls_too(secured, authority, rest_service):
    """Each of its connections, by the same rules."""
    secured()
    options = ConnectionOptions(tls=True, trusted=authority.cert.read_bytes())
    body = b'{"inputs": []}'
    path = "/v2/models/t/infer"
    wanted = load.Load(rest_service.address, body, 0.1, 10.0, options=options, path=path)
    found = level.measure(wanted, 2, lambda *told: None)
    assert found.answered
    assert not found.errors
