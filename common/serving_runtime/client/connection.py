"""Connect to a service as it wants it: in the clear or by TLS, with a token or without."""

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import grpc

_UNREACHABLE = ("failed to connect", "connection refused", "dns resolution", "name resolution")
_TLS_FAILED = ("handshake failed", "verification check", "peer name", "socket closed")


class ConnectionOptions(NamedTuple):
    """How to connect; by default in the clear and without credentials.

    Args:
        tls: whether to speak TLS.
        trusted: the certificates (PEM) that the service's must come from, or be one of; None
            trusts those that grpc comes with.
        name: what the service's certificate calls it, if that is not the address.
        certificate: what this client shows (PEM), with its ``key``; None if nothing.
        token: is shown with every call; empty if there is none.
    """

    tls: bool = False
    trusted: Optional[bytes] = None
    name: str = ""
    certificate: Optional[bytes] = None
    key: Optional[bytes] = None
    token: str = ""

    def channel(
        self, address: str, options: Sequence[Tuple[str, Any]] = (), kind: Any = grpc
    ) -> Any:
        """Return a channel.

        Args:
            address: ``host:port``, or ``unix:/path``.
            options: grpc's channel arguments.
            kind: the module that makes it: ``grpc``, or ``grpc.aio``.
        """
        if not self.tls:
            return kind.insecure_channel(address, options=list(options))
        # A path is in no certificate; older grpc has taken this name by itself.
        name = self.name or ("localhost" if address.startswith("unix:") else "")
        named = [("grpc.ssl_target_name_override", name)] if name else []
        credentials = grpc.ssl_channel_credentials(self.trusted, self.key, self.certificate)
        return kind.secure_channel(address, credentials, options=[*options, *named])

    @property
    def metadata(self) -> List[Tuple[str, str]]:
        """What each call is to carry."""
        return [("authorization", f"Bearer {self.token}")] if self.token else []

    def hint(self, status: str, details: str, address: str) -> str:
        """Return what may help against a failed call, or empty."""
        if status == "UNAUTHENTICATED":
            return "show a token with --token-file FILE"
        text = details.lower()
        if not any(words in text for words in _UNREACHABLE):
            return ""
        if self.tls and any(words in text for words in _TLS_FAILED):
            return (
                "TLS failed: --tls-ca FILE is to have what signed the service's certificate, and "
                "--tls-name a name in it; it may want --tls-cert and --tls-key of its clients"
            )
        if "socket closed" in text and not self.tls:
            return f"something hangs up at {address}: if it wants TLS, give --tls-ca FILE"
        if address.startswith("unix:"):
            return (
                f"nothing answers at {address}: is the service up, is this its "
                "RUNTIME_GRPC_SOCKET, and is this user its owner, or of its group?"
            )
        return f"nothing answers at {address}: is the service up, and is this its port?"


PLAINTEXT = ConnectionOptions()
