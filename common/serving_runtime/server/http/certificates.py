"""Make TLS of the service's files: each of HTTP's connections sees the certificate of its day."""

import ssl
import sys
from typing import Optional

from serving_runtime.security.tls import Certificates
from serving_runtime.settings import Settings


class TlsContexts:
    """The context of the next connection, made anew when the files have changed.

    Args:
        certificates: None where the service speaks in the clear.
        settings: where the files are.
    """

    def __init__(self, certificates: Optional[Certificates], settings: Settings) -> None:
        self._certificates = certificates
        self._settings = settings
        self._made_of: object = None
        self._context: Optional[ssl.SSLContext] = None

    def current(self) -> Optional[ssl.SSLContext]:
        """Return the context for a connection; None for one in the clear.

        Files of no use, as those that are being written, leave the one before in force.
        """
        if self._certificates is None:
            return None
        pem = self._certificates.files.value
        if pem is not self._made_of:
            try:
                self._context = _context(self._settings, pem.client_ca)
            except (OSError, ValueError):
                if self._context is None:
                    raise
            else:
                self._made_of = pem
        return self._context


def _context(settings: Settings, client_ca: Optional[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_COMPRESSION
    _refuse_old_versions(context)
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(settings.tls_cert, settings.tls_key, password="")
    if client_ca is not None:
        context.load_verify_locations(cadata=client_ca.decode("latin-1"))
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _refuse_old_versions(context: ssl.SSLContext) -> None:
    """Refuse all before TLS 1.2, as Python itself does from 3.10 on."""
    if sys.version_info < (3, 10):
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
