import grpc
import pytest

from serving_runtime import security
from serving_runtime.server.grpc.credentials import server_credentials
from tests.support.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def made(monkeypatch):
    """Return the arguments of all credentials that are made, in order."""
    made = []
    monkeypatch.setattr(grpc, "dynamic_ssl_server_credentials", lambda *given: made.append(given))
    return made


def test_a_port_in_the_clear_has_none(made):
    """Which is what grpc takes for it."""
    assert server_credentials(None) is None
    assert made == []


@pytest.mark.parametrize("wants_certificates", [True, False])
def test_renewed_files_are_handed_over_once(settings, authority, made, wants_certificates):
    """Before each handshake grpc asks what has changed: nothing, as a rule."""
    pair = authority.issue("localhost")
    chosen = {"tls_cert": str(pair.cert), "tls_key": str(pair.key)}
    if wants_certificates:
        chosen["tls_client_ca"] = str(authority.cert)
    certificates = security.from_settings(settings(**chosen)).certificates
    server_credentials(certificates)
    [(_, renewed, requires_certificates)] = made
    assert requires_certificates is wants_certificates
    assert renewed() is None
    authority.issue("localhost")  # into the same files
    certificates.files.refresh()
    assert isinstance(renewed(), grpc.ServerCertificateConfiguration)
    assert renewed() is None
