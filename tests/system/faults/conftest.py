from tests.support.fixtures import dial, launch, loopback_without_proxy, obedient, serve
from tests.support.targets import OTHER_NIGHTLY, TRANSPORTS

# Fixtures of this folder.
__all__ = ["dial", "launch", "loopback_without_proxy", "obedient", "serve"]

# About processes, which no transport knows: these take the one that the service would choose.
OVER_ONE_TRANSPORT = (
    "test_orphans",
    "test_start",
    "test_strays",
    "test_logs",
    "test_garbled",
    "test_memory",
    "test_small_container",
    "test_crash_loops",
    "test_swapped",
    "test_stopped",
    "test_own_log",
    "test_state_of_workers",
)
# About workers and their model, where a transport has a small part: the other one is for the night.
MOSTLY_OVER_ONE = (
    "test_clock",
    "test_concurrency",
    "test_crashes",
    "test_fork_server",
    "test_hangs",
    "test_in_process",
    "test_requests",
    "test_stateful",
    "test_stuck",
)


def pytest_generate_tests(metafunc):
    """Run each test over both transports, but for those about processes."""
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", _transports(metafunc), scope="module")


def _transports(metafunc):
    module = metafunc.module.__name__.rpartition(".")[2]
    if module in OVER_ONE_TRANSPORT:
        return TRANSPORTS[:1]
    return OTHER_NIGHTLY if module in MOSTLY_OVER_ONE else TRANSPORTS
