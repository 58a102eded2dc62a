import pytest

from serving_runtime import security
from serving_runtime.errors import SettingError
from tests.support.authority import Authority, openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Make a CA, once."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def tls(authority):
    """Return settings that switch TLS on."""
    pair = authority.issue("localhost")
    return {"tls_cert": str(pair.cert), "tls_key": str(pair.key)}


def test_files_are_read_as_they_are(settings, tls, authority):
    """What a transport makes of them is its own business."""
    pem = security.from_settings(settings(**tls)).certificates.files.value
    with open(tls["tls_key"], "rb") as key, open(tls["tls_cert"], "rb") as chain:
        assert pem == (key.read(), chain.read(), None)
    trusting = settings(tls_client_ca=str(authority.cert), **tls)
    pem = security.from_settings(trusting).certificates.files.value
    assert pem.client_ca == authority.cert.read_bytes()


@pytest.mark.parametrize("spoil", ["cert", "key", "pair", "password", "ca"])
def test_files_of_no_use_stop_the_start(settings, tls, authority, tmp_path, spoil):
    """The message names the settings and what they should have."""
    path = tmp_path / "spoilt"
    path.write_bytes(b"nonsense")
    named = {"cert": "tls_cert", "key": "tls_key", "pair": "tls_key", "password": "tls_key",
             "ca": "tls_client_ca"}[spoil]  # fmt: skip
    if spoil == "pair":
        path.write_bytes(authority.issue("other").key.read_bytes())
    if spoil == "password":
        openssl("ec", "-aes128", "-passout", "pass:x", "-in", tls["tls_key"], "-out", path)
    with pytest.raises(SettingError) as caught:
        security.from_settings(settings(**{**tls, named: str(path)}))
    assert f"RUNTIME_{named.upper()}={path}" in str(caught.value)
    assert "_ssl.c" not in str(caught.value)
