"""Put together the access control: TLS and tokens, as the settings want them."""

import ipaddress
from typing import Any, List, NamedTuple, Optional

from serving_runtime import logs, operations
from serving_runtime.errors import SettingError
from serving_runtime.security import reloading
from serving_runtime.security.reloading import Reloaded
from serving_runtime.security.tls import Certificates
from serving_runtime.security.tokens import TokenAuthenticator
from serving_runtime.settings import Settings

logger = logs.get_logger(__name__)


class Security(NamedTuple):
    """Who may call (None: everybody), and by which certificate (None: in the clear)."""

    access: Optional[TokenAuthenticator] = None
    certificates: Optional[Certificates] = None


NO_SECURITY = Security()


def from_settings(settings: Settings) -> Security:
    """Return what the settings ask for.

    Raises:
        SettingError: a file is missing, or of no use.
    """
    is_open = {row.key for row in operations.ALL if row.is_health and settings.open_health}
    is_open |= {operations.METRICS.key} if settings.open_metrics else set()
    access = TokenAuthenticator(settings.token_file, is_open) if settings.token_file else None
    return Security(access, _certificates(settings))


def watch_files(security: Security) -> None:
    """Read the files anew when they change, from now on."""
    files: List[Reloaded[Any]] = []
    if security.access is not None:
        files.append(security.access.tokens)
    if security.certificates is not None:
        files.append(security.certificates.files)
    reloading.keep(files)


def log_summary(settings: Settings) -> None:
    """Log how the service is protected, and a warning where a whole network may call the model."""
    token = _needed(settings.token_file)
    if settings.token_file and settings.open_health:
        token += ", except for health"
    tls = "on" if settings.tls_cert else "off"
    certificates = _needed(settings.tls_client_ca)
    logger.info("TLS: %s, client certificates: %s, token: %s", tls, certificates, token)
    is_open = not settings.token_file and not settings.tls_client_ca
    if is_open and not is_loopback(settings.host):
        logger.warning(
            "whoever reaches %s may call the model: RUNTIME_TOKEN_FILE asks for a token, "
            "RUNTIME_TLS_CLIENT_CA for certificates; RUNTIME_HOST=127.0.0.1 takes calls of this "
            "machine only",
            settings.host,
        )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _needed(path: str) -> str:
    return "required" if path else "not required"


def _certificates(settings: Settings) -> Optional[Certificates]:
    if settings.tls_cert and settings.tls_key:
        return Certificates(settings)
    given = [name for name, path in (
        ("RUNTIME_TLS_CERT", settings.tls_cert),
        ("RUNTIME_TLS_KEY", settings.tls_key),
        ("RUNTIME_TLS_CLIENT_CA", settings.tls_client_ca),
    ) if path]  # fmt: skip
    if given:
        raise SettingError(
            f"{' and '.join(given)} without the rest: TLS needs RUNTIME_TLS_CERT and "
            "RUNTIME_TLS_KEY, and may have RUNTIME_TLS_CLIENT_CA",
            "set both, or none of them",
        )
    return None
