import sys

import pytest

from tools import programs
from tools.command_line import ToolError

BOTH = [
    sys.executable,
    "-c",
    "import sys; print('out', flush=True); sys.exit('err' if sys.argv[1:] else 0)",
]


def test_what_a_program_prints_is_returned():
    """Without what it complains of, which is none of its results."""
    assert programs.output(BOTH, "it failed") == "out\n"


def test_a_failure_has_the_last_words_of_the_program():
    """Its errors say why it failed; what it printed before does not."""
    with pytest.raises(ToolError, match="^it failed:\nerr$"):
        programs.output([*BOTH, "fail"], "it failed")


def test_output_and_errors_can_be_taken_in_one():
    """Programs such as apt say on either what went wrong."""
    assert programs.run([*BOTH, "fail"], in_one=True).stdout == "out\nerr\n"
    with pytest.raises(ToolError, match="^it failed:\nout\nerr$"):
        programs.output([*BOTH, "fail"], "it failed", in_one=True)
