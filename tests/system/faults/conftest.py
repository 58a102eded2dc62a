from tests.support.fixtures import dial, launch, loopback_without_proxy, obedient, serve
from tests.support.targets import TRANSPORTS

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


def pytest_generate_tests(metafunc):
    """Run each test over both transports, but for those about processes."""
    if "transport" in metafunc.fixturenames:
        is_over_one = metafunc.module.__name__.rpartition(".")[2] in OVER_ONE_TRANSPORT
        names = TRANSPORTS[:1] if is_over_one else TRANSPORTS
        metafunc.parametrize("transport", names, scope="module")
