import pathlib
import sys

import pytest

from serving_runtime.cli import main

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tiny_rest import rest_service  # noqa: F401  a fixture
from tiny_service import _no_settings, service  # noqa: F401  fixtures


@pytest.fixture
def command(capsys):
    """Run the command line in process; returns its exit code, output and error output."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
