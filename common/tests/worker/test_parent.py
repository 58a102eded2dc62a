import subprocess
import sys

import pytest

CODE = "import os\nfrom serving_runtime.worker.parent import die_with\ndie_with({})\nprint('lives')"


@pytest.mark.parametrize(
    ("parent", "expected"),
    [("os.getppid()", (0, b"lives\n")), ("os.getppid() + 1", (1, b""))],
)
def test_process_whose_front_is_gone_already_ends_at_once(parent, expected):
    """It ended before the kernel was asked, and another process has become the parent."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(parent)], stdout=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stdout) == expected


FORKED = """
import os, sys
from serving_runtime import logs
from serving_runtime.worker.parent import end_unless
process = os.getpid()
child = os.fork()
end_unless(process)
print(os.waitpid(child, 0)[1] >> 8)
"""


def test_a_fork_that_comes_back_is_ended():
    """The process that forked it goes on; the log says what to do."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
    )  # fmt: skip
    assert done.stdout == b"1\n"
    assert b"os._exit()" in done.stderr
