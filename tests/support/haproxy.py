"""HAProxy before servers of HTTP, as Debian has it: it sends requests where readiness says yes."""

import csv
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.processes import wait_until
from tools.offline import packages

PROGRAM = "haproxy"
CONFIG = """\
global
    stats socket {folder}/admin level admin
defaults
    mode http
    option redispatch
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{port}
    default_backend servers
backend servers
    option httpchk GET /readyz
    default-server check inter 50ms fall 1 rise 1
"""


class Proxy:
    """HAProxy; use it in ``with``.

    Args:
        ports: of the servers.
        port: where it listens.
    """

    def __init__(self, ports: Sequence[int], port: int) -> None:
        self.servers = [f"s{place}" for place in range(len(ports))]
        self.address = f"127.0.0.1:{port}"
        self._ports, self._port = ports, port

    def __enter__(self) -> "Proxy":
        packages.ensure([PROGRAM], [PROGRAM], "for restarts behind a proxy of HTTP")
        self._folder = tempfile.TemporaryDirectory()
        config = Path(self._folder.name, "haproxy.cfg")
        lines = [
            f"    server {it} 127.0.0.1:{port}\n" for it, port in zip(self.servers, self._ports)
        ]
        text = CONFIG.format(folder=self._folder.name, port=self._port) + "".join(lines)
        config.write_text(text, encoding="utf-8")
        self._process = subprocess.Popen([packages.find(PROGRAM) or PROGRAM, "-db", "-f", config])
        wait_until(self._is_up, "HAProxy")
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def is_used(self, server: str) -> bool:
        """Return whether requests may go to a server."""
        rows = csv.DictReader(self._ask("show stat").splitlines())
        return any(row["svname"] == server and row["status"] == "UP" for row in rows)

    def _is_up(self) -> bool:
        assert self._process.poll() is None, "HAProxy has ended"
        return Path(self._folder.name, "admin").exists()

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(Path(self._folder.name, "admin")))
            connection.sendall(f"{command}\n".encode())
            with connection.makefile(encoding="utf-8") as answer:
                return answer.read()
