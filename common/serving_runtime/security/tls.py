"""Read the service's certificate, and who signs its clients' ones; anew when they change."""

import ssl
from typing import NamedTuple, Optional

from serving_runtime.errors import SettingError
from serving_runtime.security import files
from serving_runtime.security.reloading import Reloaded
from serving_runtime.settings import Settings


class Pem(NamedTuple):
    """The contents of the files; ``client_ca`` is None if clients need no certificate."""

    key: bytes
    chain: bytes
    client_ca: Optional[bytes]


class Certificates:
    """The service's certificate and key, and who signs those of its clients.

    Raises:
        SettingError: the files are of no use.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        paths = [settings.tls_key, settings.tls_cert, settings.tls_client_ca]
        self.files = Reloaded([path for path in paths if path], self._read)

    def _read(self) -> Pem:
        chosen = self._settings
        key = files.content("RUNTIME_TLS_KEY", chosen.tls_key)
        chain = files.content("RUNTIME_TLS_CERT", chosen.tls_cert)
        # Tried with Python's own TLS, since gRPC accepts anything, and then refuses every client.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _check_pair(context, chosen.tls_cert, chosen.tls_key)
        client_ca = None
        if chosen.tls_client_ca:
            client_ca = files.content("RUNTIME_TLS_CLIENT_CA", chosen.tls_client_ca)
            _check_ca(context, chosen.tls_client_ca)
        return Pem(key, chain, client_ca)


def _check_pair(context: ssl.SSLContext, cert: str, key: str) -> None:
    try:
        context.load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as error:
        raise SettingError(
            f"RUNTIME_TLS_CERT={cert} and RUNTIME_TLS_KEY={key} cannot be used: expected, in PEM, "
            f"a certificate (with those between it and its CA) and its key; {_reason(error)}",
            "the key must be the certificate's own, and have no password",
        ) from None


def _check_ca(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"RUNTIME_TLS_CLIENT_CA={path} cannot be used: expected, in PEM, the certificates of "
            f"those who sign the clients' certificates; {_reason(error)}"
        ) from None


def _reason(error: Exception) -> str:
    """Return OpenSSL's reason without its place in CPython's source."""
    return str(getattr(error, "strerror", None) or error).partition(" (_ssl.c")[0]
