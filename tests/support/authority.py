"""Make certificates with OpenSSL's command: a CA of the test's own, and what it signs."""

import subprocess
from pathlib import Path
from typing import NamedTuple

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Pair(NamedTuple):
    """A certificate and its key: files in PEM."""

    cert: Path
    key: Path


class Authority:
    """A CA whose files are in a folder.

    Args:
        folder: where its files, and those of what it signs, are written.
        name: what it is called; two of one name are still two.
    """

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pair = self._pair(name)
        openssl("req", "-x509", *CURVE, "-days", "2", "-subj", f"/CN={name}",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                 "-keyout", self.pair.key, "-out", self.pair.cert)  # fmt: skip

    @property
    def cert(self) -> Path:
        """The CA's certificate."""
        return self.pair.cert

    def issue(self, name: str, names: str = "DNS:localhost,IP:127.0.0.1", usage: str = "") -> Pair:
        """Sign a certificate.

        Args:
            name: of its files, and its subject's common name.
            names: its subjectAltName, as OpenSSL writes it.
            usage: its extendedKeyUsage, or empty for none.
        """
        pair = self._pair(name)
        asked, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        lines = [f"subjectAltName={names}", "authorityKeyIdentifier=keyid"]
        if usage:
            lines.append(f"extendedKeyUsage={usage}")
        extensions.write_text("\n".join(lines), encoding="ascii")
        openssl("req", *CURVE, "-subj", f"/CN={name}", "-keyout", pair.key, "-out", asked)
        openssl("x509", "-req", "-days", "2", "-in", asked, "-out", pair.cert,
                 "-CA", self.pair.cert, "-CAkey", self.pair.key, "-CAcreateserial",
                 "-extfile", extensions)  # fmt: skip
        return pair

    def _pair(self, name: str) -> Pair:
        return Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")


def openssl(*arguments: object) -> None:
    """Run OpenSSL's command."""
    command = ["openssl", *map(str, arguments)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert ended.returncode == 0, ended.stdout.decode()
