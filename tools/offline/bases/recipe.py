"""Make a base that looks to Dockerfiles like Docker Hub's: `python` and `pip` in /usr/local."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tools import docker
from tools.offline.bases import debian, interpreters
from tools.offline.bases.interpreters import Interpreter
from tools.offline.bases.names import Wanted

LABEL = "io.hydrosphere.runtime.local-base"
RECIPE_LABEL = f"{LABEL}.recipe"

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


def is_local(image: Mapping[str, Any]) -> bool:
    """Whether an image was made here."""
    return RECIPE_LABEL in (image["Config"]["Labels"] or {})


def is_current(image: Mapping[str, Any]) -> bool:
    """Whether an image is somebody else's, or was made here as it would be made now."""
    return not is_local(image) or image["Config"]["Labels"][RECIPE_LABEL] == _own_name()


def _own_name() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def make(base: Wanted) -> None:
    """Make a base of this machine's interpreter, or of Debian's if there is none.

    Raises:
        BaseError: the Debian beneath cannot be made here.
        DockerError: the build failed.
    """
    interpreter = interpreters.find(base.python)
    root = debian.bookworm() if interpreter else debian.sid_with(base.python)
    version = interpreter.version if interpreter else debian.python_version(root, base.python)
    certificates = _own_certificates()
    steps = [
        f"FROM {root}\n",
        CERTIFICATES if certificates else "",
        (COPIED if interpreter else PACKAGED).format(
            python=base.python, pip=PIP.get(base.python, "pip --version")
        ),
        SURROUNDINGS.format(version=version, label=LABEL, name=base.name, recipe=_own_name()),
    ]
    with tempfile.TemporaryFile() as context:
        _pack(context, "".join(steps), certificates, interpreter)
        docker.build("--tag", base.name, "-", context=context)


def _own_certificates() -> Path | None:
    named = [os.environ[name] for name in CERTIFICATE_VARIABLES if os.environ.get(name)]
    return Path(named[0]) if named else None


def _pack(
    context: IO[bytes], steps: str, certificates: Path | None, interpreter: Interpreter | None
) -> None:
    """Write what a build needs, ready to be read."""
    # In GNU's format: a PAX header at the beginning hides from `docker build` that this is a tar.
    with tarfile.open(fileobj=context, mode="w", format=tarfile.GNU_FORMAT) as archive:
        dockerfile = tarfile.TarInfo("Dockerfile")
        dockerfile.size = len(steps.encode())
        archive.addfile(dockerfile, io.BytesIO(steps.encode()))
        if certificates:
            archive.add(certificates.resolve(), "certificates.crt")
        if interpreter:
            interpreters.pack(interpreter, archive, "interpreter")
    context.seek(0)
