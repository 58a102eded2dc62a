"""Our service as it was at an earlier commit, to see what a change has made of it."""

import io
import shutil
import subprocess
import tarfile

from experiments.benchmarks import setting_up
from experiments.benchmarks.peers import Peer, Setup, Start
from experiments.benchmarks.peers.serving_runtime import OURS

SOURCES = ("common", "runtimes/python", "runtimes/sklearn")


class NoCommitError(Exception):
    """This checkout does not have the commit; the message says what git said."""


def service(commit: str) -> Peer:
    """Return our service with the sources of a commit, in today's environment.

    Raises:
        NoCommitError: git does not know it, as in a shallow clone.
    """
    folder = setting_up.BUILD / "commits" / commit
    archive = subprocess.run(
        ["git", "archive", commit, "--", *SOURCES],
        cwd=setting_up.ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if archive.returncode:
        raise NoCommitError(f"commit {commit}: {archive.stderr.decode().strip()}")
    shutil.rmtree(folder, ignore_errors=True)  # a branch's name was another commit before
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    path = ":".join(str(folder / source) for source in SOURCES)

    def start(setup: Setup) -> Start:
        command, environ = OURS.start(setup)
        return Start(command, {**environ, "PYTHONPATH": path})

    return OURS._replace(start=start)
