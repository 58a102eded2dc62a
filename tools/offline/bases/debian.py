"""Make the small Debians beneath local bases, once for each suite."""

import subprocess
import tempfile

from tools import docker
from tools.offline import packages
from tools.offline.bases.names import BaseError

IMAGE = "serving-runtimes/debian"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"

# What docker-library's slim images have beside Debian's minimum: the interpreter's libraries.
LIBRARIES = (
    "libbz2-1.0", "libexpat1", "libffi8", "libgdbm6", "liblzma5", "libncursesw6", "libnsl2",
    "libreadline8", "libsqlite3-0", "libssl3", "libuuid1", "zlib1g",
)  # fmt: skip
EVERYWHERE = ("ca-certificates", "netbase", "tzdata")

_EMPTIED = ("dev", "proc", "sys", "usr/share/doc", "usr/share/info", "usr/share/locale",
            "usr/share/man", "var/cache", "var/lib/apt/lists")  # fmt: skip


def bookworm() -> str:
    """Return the image beneath copied interpreters: made for glibc 2.35 or newer and OpenSSL 3.

    Raises:
        BaseError: it cannot be made here.
    """
    return _image("bookworm", "bookworm", (*EVERYWHERE, *LIBRARIES))


def sid_with(python: str) -> str:
    """Return an image with Debian's own package of a Python, which only sid has for new ones.

    Raises:
        BaseError: it cannot be made here.
    """
    wanted = (*EVERYWHERE, f"python{python}", f"python{python}-venv")
    return _image(f"sid-python{python}", "sid", wanted)


def python_version(image: str, python: str) -> str:
    """Return the full version of an image's Python."""
    return docker.output("run", "--rm", image, f"python{python}", "--version").split()[-1]


def _image(tag: str, suite: str, wanted: tuple[str, ...]) -> str:
    name = f"{IMAGE}:{tag}"
    if docker.inspect(name):
        return name
    try:
        packages.ensure(["debootstrap"], ["debootstrap"], "to make local bases")
    except packages.NotDebianError as error:
        raise BaseError(str(error)) from None
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # /tmp may forbid programs
        _bootstrap(suite, wanted, folder)
        _import(folder, name)
    return name


def _bootstrap(suite: str, wanted: tuple[str, ...], root: str) -> None:
    program = str(packages.find("debootstrap"))
    run = subprocess.run(
        [program, "--variant=minbase", f"--include={','.join(wanted)}", suite, root],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode:
        raise BaseError(f"debootstrap of {suite} failed:\n{run.stdout[-2000:]}")


def _import(root: str, name: str) -> None:
    excluded = [f"--exclude=./{folder}/*" for folder in _EMPTIED]
    command = ["tar", "--create", "--numeric-owner", "--directory", root, *excluded, "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
        change = f"ENV PATH={PATH}"
        docker.output("import", "--change", change, "-", name, stdin=archive.stdout)
    if archive.returncode:
        raise BaseError(f"tar of {name} failed")
