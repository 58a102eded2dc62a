import os
import re
import signal

import pytest

from tests.support import models
from tests.support.forms import by_day
from tests.support.processes import wait_until
from tests.support.servers import NOT_SERVING, SERVING, assert_bit_exact, failure, request

NEXT_TRY = re.compile(r"the next try is in ([0-9.]+) s")
# Loads once; later it ends, raises or hangs as the file says that somebody puts beside it.
LOADS_ONCE = """
import os, time
if os.path.exists("harm"):
    exec(open("harm").read())
def infer(what, x):
    return {"y": x * x / 3 + 1}
def table(rows, weights, count):
    return {"y": rows[:, 0]}
"""
HARM = ["os._exit(3)", "raise ValueError('no')"]


@pytest.mark.parametrize("harm", by_day(HARM, "os._exit(3)"))
def test_a_model_that_cannot_be_loaded_again_is_tried_ever_less_often(launch, tmp_path, dial, harm):
    """Meanwhile health and calls say that there is no worker; and it recovers by itself."""
    server = launch(models.write(tmp_path / "model", LOADS_ONCE)).wait_serving()
    assert_bit_exact(dial(server))
    server.note("harm").write_text(harm)
    os.kill(server.workers[0], signal.SIGKILL)
    wait_until(lambda: server.health() == NOT_SERVING, "NOT_SERVING")
    status, details = failure(dial(server), request())
    assert (status, details.startswith("no worker:")) == ("UNAVAILABLE", True)
    wait_until(lambda: len(delays(server)) >= 2, "the second delay")
    assert delays(server)[1] == 2 * delays(server)[0] > 0
    server.note("harm").unlink()
    wait_until(lambda: server.health() == SERVING, "the recovery")
    assert_bit_exact(dial(server))


def test_a_model_that_every_call_ends_is_tried_ever_less_often(serve, dial):
    """After so many in a row that ended on calls, and answered none, it is the model's fault."""
    server = serve()
    connection = dial(server)
    statuses = set()
    for number in range(100):
        statuses.add(failure(connection, request("exit 3", [float(number)])).status)
        if delays(server):
            break
    assert delays(server), "no worker was ever delayed"
    assert statuses <= {"INTERNAL", "UNAVAILABLE"}
    assert "before it had answered a call" in server.log
    wait_until(lambda: server.health() == SERVING, "another worker")
    assert_bit_exact(connection)


def delays(server):
    """Return the delays that were told, in seconds, but for the first try at once."""
    return [float(text) for text in NEXT_TRY.findall(server.log) if float(text)]
