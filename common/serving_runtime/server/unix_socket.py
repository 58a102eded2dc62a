"""Listen on a Unix domain socket, without taking one that somebody else listens on.

grpc's core removes what it finds at a socket's path, also what another server is reached by, and
again when it ends. So whoever serves listens at a path of its own beside it, which is then renamed:
clients find a socket that answers, with the permissions that it should have, or none.
"""

import contextlib
import os
import socket
import stat
from typing import Iterator, Optional, Tuple

from serving_runtime.errors import StartError

# Only the owner and the group may connect.
UMASK = 0o777 & ~0o660
CONNECT_SECONDS = 1.0
_OTHER = "choose another path (RUNTIME_GRPC_SOCKET or --grpc-socket, RUNTIME_HTTP_SOCKET likewise)"


class UnixSocket:
    """The socket at a path.

    Attributes:
        bound_path: where core has bound it; what the kernel calls it for as long as it is open.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.bound_path = f"{path}.{os.getpid()}"
        self._identity: Optional[Tuple[int, int]] = None

    @property
    def address(self) -> str:
        """Where core is to listen."""
        return f"unix:{self.bound_path}"

    @contextlib.contextmanager
    def placing(self) -> Iterator[None]:
        """Put the socket into its place once core listens.

        Raises:
            StartError: the path is not free, or cannot be used; nothing was changed then.
        """
        _check_folder(self._path)
        _check_free(self._path)
        before = os.umask(UMASK)
        try:
            yield
        finally:
            os.umask(before)
        try:
            self._identity = _identity(self.bound_path)
            os.rename(self.bound_path, self._path)
        except OSError as error:
            raise refused(self._path, error.strerror or repr(error)) from None

    def remove(self) -> None:
        """Remove the socket, unless another server has taken its place."""
        with contextlib.suppress(OSError):
            if self._identity is not None and _identity(self._path) == self._identity:
                os.unlink(self._path)


def refused(path: str, why: str, fix: str = _OTHER) -> StartError:
    """Return the error that a path cannot be listened on."""
    return StartError(f"cannot listen on the socket {path}: {why}", fix)


def _check_folder(path: str) -> None:
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise refused(path, f"there is no folder {folder}", "create it, or mount a volume there")
    if not os.access(folder, os.W_OK | os.X_OK):
        who = f"user {os.geteuid()}, group {os.getegid()}"
        raise refused(path, f"{folder} is not writable by {who}", "make it so, or " + _OTHER)


def _check_free(path: str) -> None:
    """Check that nothing is there, or a socket whose server has ended."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise refused(path, "what is there is no socket", "remove it, or " + _OTHER)
    if _is_in_use(path):
        raise refused(path, "another server listens there", "stop it, or " + _OTHER)


def _is_in_use(path: str) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # busy, or not ours to connect to: somebody's in any case
            return True
    return True


def _identity(path: str) -> Tuple[int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino
