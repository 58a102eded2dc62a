import pytest

from tests.images.containers import mounted
from tools import docker


def test_the_image_s_user_is_a_number_and_not_root(image):
    """Orchestrators that forbid root need a number to see that the user is another."""
    user, _, group = docker.inspect(image)["Config"]["User"].partition(":")
    assert user.isdigit()
    assert user != "0"
    assert group == "0"


def test_the_server_is_the_first_process_and_runs_as_that_user(image, model, run):
    """Signals reach the server itself, not a shell, and it has no more rights than it needs."""
    container = run(mounted(model))
    container.wait_health("healthy")
    command = container.python("print(open('/proc/1/cmdline').read().split('\\0'))")
    assert "/usr/local/bin/serving-runtime" in command
    own = docker.inspect(image)["Config"]["User"].split(":")[0]
    assert container.python("import os; print(os.stat('/proc/1').st_uid)") == own


@pytest.mark.parametrize("user", ["12345:0", "1000190000:0"])
def test_any_user_of_group_0_serves(run, model, user):
    """OpenShift picks a user of its own, with group 0."""
    container = run(mounted(model), f"--user={user}")
    container.wait_health("healthy")
    assert container.python("import os; print(os.path.expanduser('~'))") == "/home/runtime"
    assert container.python("import getpass; print(getpass.getuser())") == "runtime"
