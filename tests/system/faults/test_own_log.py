"""A model that configures logging for itself: its lines are as it wants, and ours are all there."""

import signal

import pytest

from tests.support import models
from tests.support.forms import by_day
from tests.support.servers import failure, request

CONFIGURE = """
import logging, logging.config

def configure():
    logging.config.dictConfig({
        "version": 1,
        "formatters": {"f": {"format": "MINE %(levelname)s %(message)s"}},
        "handlers": {"c": {"class": "logging.StreamHandler", "formatter": "f"}},
        "root": {"handlers": ["c"], "level": "INFO"},
    })
"""
WHERE = {
    "import": "configure()\ndef change(): pass",
    "load()": "def load(): configure()\ndef change(): pass",
    "call": "def change(): configure()",
}
FUNCTIONS = """
def infer(what, x):
    change()
    logging.getLogger().info("called")
    raise ValueError("told you")

def table(rows, weights, count):
    return {"y": rows[:, 0]}
"""


@pytest.mark.parametrize("where", by_day(WHERE, "import"))
def test_a_traceback_is_in_the_log_whatever_the_model_configures(launch, tmp_path, dial, where):
    """Clients that get no details are sent to the log, so the reason must be there."""
    model = models.write(tmp_path / "model", f"{CONFIGURE}\n{WHERE[where]}\n{FUNCTIONS}")
    server = launch(model, RUNTIME_ERROR_DETAIL="none").wait_serving()
    for calls in (1, 2):
        assert "told you" not in failure(dial(server), request()).details
        assert server.log.count("\nValueError: told you\n") == calls
        assert server.log.count("ERROR   worker-1 serving_runtime.worker.replies") == calls
        assert server.log.count("MINE INFO called\n") == calls
    assert 'function "infer": arrays style' in server.log
    assert "MINE ERROR" not in server.log


def test_a_model_in_the_fronts_own_process_silences_it_neither(launch, tmp_path, dial):
    """With RUNTIME_WORKERS=0 all lines are the front's, those of calls and of the end too."""
    code = f"{CONFIGURE}\n{WHERE['import']}\n{FUNCTIONS}\nimport sys; sys.stderr = None\n"
    server = launch(models.write(tmp_path / "model", code), RUNTIME_WORKERS="0").wait_serving()
    failure(dial(server), request())
    assert server.log.count("\nValueError: told you\n") == 1
    server.signal(signal.SIGINT)
    assert server.wait() == 0
    assert "INFO    front serving_runtime.server.server: stopped" in server.log
    assert "status=INTERNAL" in server.log


def test_lines_of_a_model_that_configures_nothing_have_the_form_of_ours(launch, tmp_path, dial):
    """Which process they are of, and which call, is in each."""
    code = f"import logging\ndef change(): pass\n{FUNCTIONS}"
    server = launch(models.write(tmp_path / "model", code)).wait_serving()
    failure(dial(server), request())
    assert server.log.count("INFO    worker-1 root: called id=") == 1
