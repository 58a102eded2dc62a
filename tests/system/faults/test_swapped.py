import os
import signal
from pathlib import Path

import pytest

from tests.support import forking
from tests.support.processes import wait_until
from tests.support.servers import NOT_SERVING, SERVING, assert_bit_exact

REFUSAL = "are not those that this service has loaded"


def swap(model):
    """Put another model, with other answers, where the one was that is being served."""
    path = model / "files" / "src" / "func_main.py"
    path.write_text(path.read_text().replace("x * x / 3 + 1", "x * x / 3 + 2"))


def test_a_worker_that_is_replaced_refuses_another_model(serve, obedient, dial):
    """It says what has changed, and serves again once the former files are back."""
    server = serve()
    path = obedient / "files" / "src" / "func_main.py"
    former = path.read_text()
    assert_bit_exact(dial(server))
    swap(obedient)
    os.kill(server.workers[0], signal.SIGKILL)
    wait_until(lambda: server.health() == NOT_SERVING, "NOT_SERVING")
    assert REFUSAL in server.log
    assert "files/src/func_main.py has changed" in server.log
    assert "restart the service" in server.log
    path.write_text(former)
    wait_until(lambda: server.health() == SERVING, "the recovery")
    assert_bit_exact(dial(server))


def test_a_directory_that_is_named_from_where_the_service_began_is_checked_alike(
    launch, obedient, dial
):
    """The model's files are its working directory, from which that name leads nowhere."""
    began = ("env", f"--chdir={obedient.parent}")
    server = launch(Path(obedient.name), prefix=began).wait_serving()
    assert_bit_exact(dial(server))
    assert "changed while" not in server.log
    swap(obedient)
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_log(REFUSAL)
    assert f"the files in {obedient} are not those" in server.log


@pytest.mark.parametrize("is_fork_server_gone", [False, True])
def test_several_workers_never_serve_two_models(
    serve, obedient, dial, tmp_path, is_fork_server_gone
):
    """Forked workers have the model already; without the fork server a worker refuses."""
    server = serve(RUNTIME_WORKERS="2", **forking.install(tmp_path / "packages"))
    wait_until(lambda: server.log.count(" serves ") == 2, "both workers")
    swap(obedient)
    if is_fork_server_gone:
        for pid in set(server.processes) - {server.front, *server.workers}:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(server.processes) == 3, "the fork server's end")
    os.kill(server.workers[0], signal.SIGKILL)
    awaited = REFUSAL if is_fork_server_gone else "worker-3 serves"
    server.wait_log(awaited)
    for _ in range(8):
        assert_bit_exact(dial(server))
    assert server.health() == SERVING


def test_what_the_model_writes_itself_is_no_other_model(serve, dial):
    """A log or a cache beside the model's files does not keep a worker from being replaced."""
    server = serve()
    (server.model / "files" / "cache").mkdir()
    (server.model / "files" / "cache" / "entry.bin").write_bytes(b"cached")
    (server.model / "files" / "model.log").write_text("a line\n")
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_log("worker-2 serves")
    assert_bit_exact(dial(server))
