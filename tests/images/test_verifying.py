import os

import pytest

from tests.images.conftest import MATRIX, ROWS
from tools import docker
from tools.images import verifying

NAME = f"serving-runtime-tests/spoiled-{os.getpid()}"
# What a careless change of a Dockerfile could do, each in one line.
SPOILED = """\
FROM {image}
USER 0
RUN cp /bin/true /usr/local/bin/gcc && cp /bin/true /usr/bin/root && chmod u+s /usr/bin/root
RUN mkdir -p /root/.cache/pip && echo wheel > /root/.cache/pip/wheel
RUN pip install --no-cache-dir --no-deps peppercorn==0.6
RUN echo 'grpcio==0.0' >> "$PIP_CONSTRAINT"
LABEL io.hydrosphere.runtime.python=2.7 org.opencontainers.image.revision=""
ENTRYPOINT serving-runtime serve
HEALTHCHECK NONE
VOLUME /data
EXPOSE 80
"""


@pytest.fixture
def spoiled(tmp_path):
    """An image of the first row that breaks its promises; it is removed with the test."""
    (tmp_path / "Dockerfile").write_text(SPOILED.format(image=ROWS[0].candidate))
    docker.build("--force-rm", "--tag", NAME, str(tmp_path))
    yield NAME
    docker.output("rmi", "--force", NAME)


def test_every_broken_promise_is_told(spoiled):
    """What was found and what was expected, all at once."""
    row = ROWS[0]._replace(budget_mb=1)
    told = verifying.problems(row, MATRIX.root, spoiled)
    beginnings = [
        "user: found '0', expected '1000:0'",
        "entrypoint: found ['/bin/sh', '-c', 'serving-runtime serve']",
        "ports: found ['80/tcp', '8080/tcp', '9090/tcp']",
        "volumes: found ['/data', '/model']",
        "health check: found ['NONE']",
        "label io.hydrosphere.runtime.python: found '2.7'",
        "label org.opencontainers.image.revision: there is none",
        "size: ",
        "package peppercorn: found 0.6, expected none",
        "constraints for derived images: found",
        "setuid or setgid: /usr/bin/root",
        "builds, but serves nothing: gcc",
        "left over from the build: /root/.cache/pip/wheel",
    ]
    assert len(told) == len(beginnings), told
    assert all(line.startswith(begin) for line, begin in zip(told, beginnings, strict=True)), told
