"""Read by which certificates and token a service is called, for the verbs that call one.

Without an address it is the service of this container: its own settings then say how.
"""

import argparse
import os
from typing import TYPE_CHECKING, Any, Dict

from serving_runtime import settings
from serving_runtime.errors import SettingError
from serving_runtime.security import files

if TYPE_CHECKING:
    from serving_runtime.client.connection import ConnectionOptions

SYSTEM = "system"
_OURS = ("tls_cert", "tls_key", "tls_client_ca", "token_file")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the flags for TLS and the token to ``parser``."""
    flags = parser.add_argument_group(
        "TLS and token (without an address, as RUNTIME_TLS_CERT and RUNTIME_TOKEN_FILE say)"
    )
    for flag, metavar, meaning in (
        ("--tls-ca", "FILE", f"speak TLS and trust the certificates in FILE; `{SYSTEM}` trusts "
         "those that grpc comes with"),
        ("--tls-name", "NAME", "what the service's certificate calls it, if not by the address"),
        ("--tls-cert", "FILE", "the certificate to show"),
        ("--tls-key", "FILE", "its private key"),
        ("--token-file", "FILE", "show the token in the first line of FILE"),
    ):  # fmt: skip
        flags.add_argument(flag, metavar=metavar, default="", help=meaning)


def of(arguments: argparse.Namespace) -> "ConnectionOptions":
    """Return how to connect to the service that the arguments mean.

    Raises:
        SettingError: a file cannot be read, or a flag is without the one that it needs.
    """
    from serving_runtime.client.connection import PLAINTEXT

    # A token is for this container's service alone: it is sent nowhere else unasked.
    base = PLAINTEXT if arguments.address else _own()
    options = base._replace(**_flagged(arguments))
    if options.tls or not (arguments.tls_name or arguments.tls_cert or arguments.tls_key):
        return options
    raise SettingError(
        "--tls-name, --tls-cert and --tls-key are for TLS", "switch it on with --tls-ca FILE"
    )


def _flagged(arguments: argparse.Namespace) -> Dict[str, Any]:
    """Return what the flags set, by the fields of ConnectionOptions."""
    fields: Dict[str, Any] = {}
    if arguments.tls_ca:
        fields.update(tls=True, trusted=None, name="")
    if arguments.tls_ca not in ("", SYSTEM):
        fields["trusted"] = files.content("--tls-ca", arguments.tls_ca)
    if arguments.tls_name:
        fields["name"] = arguments.tls_name
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise SettingError("--tls-cert and --tls-key need each other", "give both, or none")
    if arguments.tls_cert:
        fields["certificate"] = files.content("--tls-cert", arguments.tls_cert)
        fields["key"] = files.content("--tls-key", arguments.tls_key)
    if arguments.token_file:
        fields["token"] = _first_token("--token-file", arguments.token_file)
    return fields


def _own() -> "ConnectionOptions":
    """Return how the service of this container is called, by its own settings."""
    from serving_runtime.client.connection import ConnectionOptions

    wanted = tuple(setting for setting in settings.SETTINGS if setting.attribute in _OURS)
    own = settings.read(wanted, os.environ)
    token = _first_token("RUNTIME_TOKEN_FILE", own["token_file"]) if own["token_file"] else ""
    if not own["tls_cert"]:
        return ConnectionOptions(token=token)
    certificate = files.content("RUNTIME_TLS_CERT", own["tls_cert"])
    # Where clients must show a certificate, the service's own is the only one there is here.
    key = files.content("RUNTIME_TLS_KEY", own["tls_key"]) if own["tls_client_ca"] else None
    return ConnectionOptions(
        tls=True,
        trusted=certificate,  # this very one, whichever CA has signed it
        name=_name_in(own["tls_cert"]),
        certificate=certificate if key else None,
        key=key,
        token=token,
    )


def _name_in(path: str) -> str:
    """Return a name that a certificate is good for: it need not be ``localhost``."""
    import _ssl  # no public function decodes a certificate that is in a file

    try:
        decoded = _ssl._test_decode_cert(path)  # type: ignore[attr-defined, unused-ignore]
    except (OSError, ValueError):  # the connection will fail, with the reason
        return ""
    names = [
        name for kind, name in decoded.get("subjectAltName", ()) if kind in ("DNS", "IP Address")
    ]
    subject = [value for entry in decoded.get("subject", ()) for key, value in entry
               if key == "commonName"]  # fmt: skip
    return str((names + subject + [""])[0]).replace("*", "any")


def _first_token(origin: str, path: str) -> str:
    return files.tokens(origin, path)[0].decode()
