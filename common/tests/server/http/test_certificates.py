import ssl

import pytest

from serving_runtime import security
from serving_runtime.server.http.certificates import TlsContexts
from tests.support.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def files(authority, tmp_path):
    """Return settings that switch TLS on; the files are the test's own."""
    pair = authority.issue("localhost")
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    pair.cert.rename(cert)
    pair.key.rename(key)
    return {"tls_cert": str(cert), "tls_key": str(key)}


def trusting(authority, pair=None):
    """Return a client's context."""
    context = ssl.create_default_context(cafile=str(authority.cert))
    if pair:
        context.load_cert_chain(str(pair.cert), str(pair.key))
    return context


def test_a_client_that_trusts_the_ca_is_served(serve, settings, authority, files, dial):
    """And who speaks in the clear is not; one's failure is nothing to others."""
    protected = security.from_settings(settings(**files))

    async def scenario(client, transport):
        client.get()
        assert await client.is_over()
        for _ in range(2):
            one = await dial(transport.port, ssl=trusting(authority), server_hostname="localhost")
            one.post(b"x" * 100000)
            assert (await one.answer()).body == b"x" * 100000
            one.post(b"x", "Connection: close")
            assert (await one.answer()).status == 200
            assert await one.is_over()

    serve(scenario, security=protected, **files)


def test_old_versions_of_tls_are_refused(settings, files):
    """Less than 1.2."""
    chosen = settings(**files)
    context = TlsContexts(security.from_settings(chosen).certificates, chosen).current()
    is_off = bool(context.options & ssl.OP_NO_TLSv1_1)
    assert is_off or context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_renewed_certificate_is_shown_to_who_comes_then(serve, settings, authority, files, dial):
    """Those that are connected stay so."""
    protected = security.from_settings(settings(**files))

    async def serial(transport):
        client = await dial(transport.port, ssl=trusting(authority), server_hostname="localhost")
        shown = client.writer.get_extra_info("peercert")["serialNumber"]
        client.get()
        assert (await client.answer()).status == 200
        return shown, client

    async def scenario(client, transport):
        first, stays = await serial(transport)
        pair = authority.issue("localhost")
        pair.key.replace(files["tls_key"])
        pair.cert.replace(files["tls_cert"])
        protected.certificates.files.refresh()
        second, _ = await serial(transport)
        assert first != second
        stays.get()
        assert (await stays.answer()).status == 200

    serve(scenario, security=protected, **files)


def test_clients_may_have_to_show_a_certificate(serve, settings, authority, files, dial):
    """One that the CA has signed."""
    files["tls_client_ca"] = str(authority.cert)
    protected = security.from_settings(settings(**files))
    known = trusting(authority, authority.issue("client"))

    async def scenario(client, transport):
        one = await dial(transport.port, ssl=known, server_hostname="localhost")
        one.get()
        assert (await one.answer()).status == 200
        with pytest.raises((OSError, EOFError)):
            await refused(transport.port)

    async def refused(port):
        other = await dial(port, ssl=trusting(authority), server_hostname="localhost")
        other.get()
        await other.answer()

    serve(scenario, security=protected, **files)


def test_files_of_no_use_leave_the_last_ones_in_force(settings, authority, files):
    """They may be half written; at the start they stop it."""
    chosen = settings(**files)
    protected = security.from_settings(chosen)
    contexts = TlsContexts(protected.certificates, chosen)
    before = contexts.current()
    assert contexts.current() is before
    with open(files["tls_cert"], "w", encoding="ascii") as cert:
        cert.write("half")
    protected.certificates.files.value = protected.certificates.files.value._replace(chain=b"half")
    assert contexts.current() is before
    with pytest.raises(ssl.SSLError):
        TlsContexts(protected.certificates, chosen).current()


def test_without_files_there_is_no_tls(settings):
    """The connections are in the clear."""
    assert TlsContexts(None, settings()).current() is None
