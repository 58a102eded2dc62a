"""Provide the images that Dockerfiles begin with, from a registry or, without one, made here.

What is made here stands for Docker Hub's `python:<version>-slim-<suite>` under the same name, so
that Dockerfiles, arguments and tags are the same everywhere: `python` and `pip` in /usr/local, of
an interpreter of this machine or else of Debian's. Its label says what it is.
"""

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import IO

from tools import command_line, docker, interpreters, programs, rows
from tools.command_line import ToolError
from tools.interpreters import Interpreter
from tools.offline import engine, packages

PULL_SECONDS = 180
LABEL = "io.hydrosphere.runtime.local-base"
RECIPE_LABEL = f"{LABEL}.recipe"

DEBIAN = "serving-runtimes/debian"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
# What docker-library's slim images have beside Debian's minimum: the interpreter's libraries.
LIBRARIES = (
    "libbz2-1.0", "libexpat1", "libffi8", "libgdbm6", "liblzma5", "libncursesw6", "libnsl2",
    "libreadline8", "libsqlite3-0", "libssl3", "libuuid1", "zlib1g",
)  # fmt: skip
EVERYWHERE = ("ca-certificates", "netbase", "tzdata")
EMPTIED = ("dev", "proc", "sys", "usr/share/doc", "usr/share/info", "usr/share/locale",
           "usr/share/man", "var/cache", "var/lib/apt/lists")  # fmt: skip

# docker-library/python leaves these out too; pip is installed anew.
BALLAST = ("__pycache__", "test", "tests", "idle_test", "site-packages")
PROGRAM = r"(python|pydoc)[\d.m]*"

# A network with certificates of its own says so in these; only then they go into the base.
CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CERTIFICATES = f"""\
COPY certificates.crt {BUNDLE}
ENV PIP_CERT={BUNDLE}
"""

COPIED = """\
COPY interpreter /usr/local
RUN ldconfig && python{python} -m ensurepip --default-pip && {pip}
"""
# The last pip for 3.6; its own knows no wheel made after 2018.
PIP = {"3.6": "pip install --no-cache-dir pip==21.2.4 setuptools==57.5.0 wheel==0.37.1"}

# In an environment Debian's Python has the usual layout, lib/python3.X/site-packages; and with the
# system's packages `pip install --user` goes on working.
PACKAGED = """\
RUN python{python} -m venv --copies --system-site-packages /usr/local
"""

# As docker-library/python has it.
SURROUNDINGS = """\
ENV LANG=C.UTF-8 PYTHON_VERSION={version}
CMD ["python3"]
LABEL {label}="local equivalent of {name}" {label}.recipe="{recipe}"
"""


def ensure(name: str) -> str:
    """Provide a base such as `python:3.13-slim-bookworm`; return in a few words how it came."""
    image = docker.inspect(name)
    label = (image["Config"]["Labels"] or {}).get(RECIPE_LABEL) if image else None
    if image and not label:
        return "is there"
    if label == _recipe():
        return "is there (local equivalent)"
    began = time.monotonic()
    if not image and _is_pulled(name):
        return f"pulled in {time.monotonic() - began:.0f} s"
    try:
        _make(name, python_of(name))
    except docker.DockerError as error:
        raise ToolError(f"{name}: {error}") from None
    return f"made in {time.monotonic() - began:.0f} s (local equivalent)"


def python_of(name: str) -> str:
    """Return the Python that a base's name on Docker Hub promises, if it can be made here."""
    found = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", name)
    if not found:
        raise ToolError(
            f"{name}: no registry gives it, and only python:3.X-slim-SUITE can be made here"
        )
    return found[1]


def _recipe() -> str:
    """Name how bases are made now: those that were made otherwise are made anew."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def _is_pulled(name: str) -> bool:
    """Fetch a base; False if no registry gives it in time."""
    try:
        docker.output("pull", "--quiet", name, timeout_seconds=PULL_SECONDS)
    except docker.DockerError:
        return False
    return True


def _make(name: str, python: str) -> None:
    """Make a base of this machine's interpreter, or of Debian's if there is none."""
    interpreter = find_interpreter(python)
    if interpreter:
        # Copied ones are made for glibc 2.35 or newer and OpenSSL 3.
        root = _debian("bookworm", "bookworm", (*EVERYWHERE, *LIBRARIES))
        version = ".".join(map(str, interpreter.version))
    else:
        # Only sid has packages of new ones.
        wanted = (*EVERYWHERE, f"python{python}", f"python{python}-venv")
        root = _debian(f"sid-python{python}", "sid", wanted)
        version = docker.output("run", "--rm", root, f"python{python}", "--version").split()[-1]
    named = [os.environ[it] for it in CERTIFICATE_VARIABLES if os.environ.get(it)]
    steps = [
        f"FROM {root}\n",
        CERTIFICATES if named else "",
        (COPIED if interpreter else PACKAGED).format(
            python=python, pip=PIP.get(python, "pip --version")
        ),
        SURROUNDINGS.format(version=version, label=LABEL, name=name, recipe=_recipe()),
    ]
    with tempfile.TemporaryFile() as context:
        _pack("".join(steps), Path(named[0]) if named else None, interpreter, context)
        docker.build("--tag", name, "-", context=context)


def find_interpreter(python: str) -> Interpreter | None:
    """Find an interpreter with a prefix of its own: a distribution's holds the whole system."""
    found = interpreters.installed(python)
    return next((it for it in found if it.prefix != Path("/usr")), None)


def _pack(
    dockerfile: str, certificates: Path | None, interpreter: Interpreter | None, to: IO[bytes]
) -> None:
    """Write what a build needs, ready to be read."""
    # In GNU's format: a PAX header at the beginning hides from `docker build` that this is a tar.
    with tarfile.open(fileobj=to, mode="w", format=tarfile.GNU_FORMAT) as archive:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile.encode())
        archive.addfile(entry, io.BytesIO(dockerfile.encode()))
        if certificates:
            archive.add(certificates.resolve(), "certificates.crt")
        if interpreter:
            pack_interpreter(interpreter.prefix, archive, "interpreter")
    to.seek(0)


def pack_interpreter(prefix: Path, archive: tarfile.TarFile, folder: str) -> None:
    """Add what a base needs of an interpreter, in the layout of /usr/local."""
    for program in sorted((prefix / "bin").iterdir()):
        if re.fullmatch(PROGRAM, program.name):
            archive.add(program, f"{folder}/bin/{program.name}", filter=_without_ballast)
    for part in ("include", "lib"):
        archive.add(prefix / part, f"{folder}/{part}", filter=_without_ballast)


def _without_ballast(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = Path(entry.name)
    if path.name in BALLAST or path.suffix == ".a":
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _debian(tag: str, suite: str, wanted: tuple[str, ...]) -> str:
    """Provide the small Debian beneath bases, which is made once."""
    name = f"{DEBIAN}:{tag}"
    if docker.inspect(name):
        return name
    packages.ensure(["debootstrap"], ["debootstrap"], "to make local bases")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as root:  # /tmp may forbid programs
        made = ["--variant=minbase", f"--include={','.join(wanted)}", suite, root]
        command = [str(packages.find("debootstrap")), *made]
        programs.output(command, f"debootstrap of {suite} failed", in_one=True)
        _import(root, name)
    return name


def _import(root: str, name: str) -> None:
    excluded = [f"--exclude=./{folder}/*" for folder in EMPTIED]
    command = ["tar", "--create", "--numeric-owner", "--directory", root, *excluded, "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive:
        change = f"ENV PATH={PATH}"
        docker.output("import", "--change", change, "-", name, stdin=archive.stdout)
    if archive.returncode:
        raise ToolError(f"tar of {name} failed")


@command_line.program
def main(arguments: list[str] | None = None) -> int:
    """Provide the bases of all rows that are built, and return the exit code."""
    command_line.parser("tools.offline.bases", __doc__).parse_args(arguments)
    engine.ensure()
    failures = 0
    for name in dict.fromkeys(row.base for row in rows.load().built):
        print(f"[{name}] …", flush=True)
        try:
            print(f"[{name}] {ensure(name)}", flush=True)
        except ToolError as error:
            print(f"[{name}] {error}", file=sys.stderr, flush=True)
            failures += 1
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
