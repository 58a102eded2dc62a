"""Make grpc's credentials of TLS files: each connection sees the certificate of its day."""

from typing import Optional

import grpc

from serving_runtime.security.tls import Certificates, Pem


def server_credentials(certificates: Optional[Certificates]) -> Optional[grpc.ServerCredentials]:
    """Return the credentials for one port, None for one in the clear.

    Connections that are made later see renewed certificates.
    """
    if certificates is None:
        return None
    given = certificates.files.value

    def renewed() -> Optional[grpc.ServerCertificateConfiguration]:
        """Return what has changed since; called by grpc before each handshake."""
        nonlocal given
        if certificates.files.value is given:
            return None
        given = certificates.files.value
        return _configuration(given)

    return grpc.dynamic_ssl_server_credentials(
        _configuration(given),
        renewed,  # type: ignore[arg-type]  # its stubs do not know of "no change"
        given.client_ca is not None,
    )


def _configuration(pem: Pem) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pem.key, pem.chain)], pem.client_ca)
