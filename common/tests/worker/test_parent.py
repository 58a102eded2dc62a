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
        [sys.executable, "-c", CODE.format(parent)], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == expected
