from tests.support.fixtures import dial, launch, loopback_without_proxy, obedient, serve
from tests.support.targets import OTHER_NIGHTLY, TRANSPORTS

# Fixtures of this folder.
__all__ = ["dial", "launch", "loopback_without_proxy", "obedient", "serve"]

# About processes, which no transport knows: these take the one that the service would choose.
OVER_ONE_TRANSPORT = (
    "test_http",
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
# Of the other modules: what clients' own programs do, or what the transports' own tests show too.
TESTS_MOSTLY_OVER_ONE = (
    "test_clients_that_go_on_calling_are_served_past_a_silence",
    "test_clients_that_stay_and_call_nothing_are_not_waited_for",
    "test_health_check_of_the_image_goes_on_working",
    "test_health_check_with_client_certificates",
    "test_servers_behind_a_balancer_restart_in_turn_without_loss",
    "test_verbs_are_told_by_flags",
)


def pytest_generate_tests(metafunc):
    """Run each test over both transports, but for those about processes."""
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", _transports(metafunc), scope="module")


def _transports(metafunc):
    module = metafunc.module.__name__.rpartition(".")[2]
    if module in OVER_ONE_TRANSPORT:
        return TRANSPORTS[:1]
    is_mostly_over_one = metafunc.function.__name__ in TESTS_MOSTLY_OVER_ONE
    return OTHER_NIGHTLY if is_mostly_over_one or module in MOSTLY_OVER_ONE else TRANSPORTS
