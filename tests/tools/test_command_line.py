import re

import pytest

from tools import command_line
from tools.command_line import ToolError


@command_line.program
def main(arguments=None):
    """Fail as a tool does where it is asked to."""
    if arguments == ["fail"]:
        raise ToolError("no wheel; make one")
    return 7


def test_what_is_wrong_is_a_message_and_an_exit_code(capsys):
    """A user gets the message on standard error, without a traceback."""
    assert main(["fail"]) == 1
    assert capsys.readouterr() == ("", "no wheel; make one\n")


def test_an_exit_code_is_the_program_s_own():
    """What a program returns is handed over."""
    assert main() == 7


def test_a_fault_of_the_tool_is_no_message():
    """What nobody has thought of keeps its traceback."""

    @command_line.program
    def broken(arguments=None):
        raise KeyError("x")

    with pytest.raises(KeyError):
        broken()


def test_progress_has_the_time_and_the_row(capsys):
    """Lines of rows that are built side by side can be told apart."""
    command_line.progress("toy/1.9", "built")
    assert re.fullmatch(r"\d\d:\d\d:\d\d \[toy/1\.9\] built\n", capsys.readouterr().out)
