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
    "test_metrics",
    "test_requests",
    "test_stateful",
    "test_stuck",
    "test_traces",
)
# Of the other modules: what clients' own programs do, how processes start and end, or what the
# transports' own tests show too.
TESTS_MOSTLY_OVER_ONE = (
    "test_a_bad_unload_does_not_spoil_the_end",
    "test_a_hung_call_does_not_hold_up_the_end",
    "test_a_path_that_cannot_be_used_ends_the_start",
    "test_a_second_server_is_told_that_the_socket_is_taken",
    "test_a_signal_while_loading_ends_the_service",
    "test_a_stream_tells_of_the_state_that_its_answers_are_of",
    "test_a_token_is_sent_nowhere_else_unasked",
    "test_clients_that_go_on_calling_are_served_past_a_silence",
    "test_clients_that_stay_and_call_nothing_are_not_waited_for",
    "test_health_check_of_the_image_goes_on_working",
    "test_health_check_with_client_certificates",
    "test_messages_are_refused_while_the_model_loads",
    "test_repeated_values_grow_only_so_far",
    "test_servers_behind_a_balancer_restart_in_turn_without_loss",
    "test_signals_up_to_the_very_end_change_nothing",
    "test_the_model_is_ready_by_its_names_only",
    "test_the_model_is_unloaded_once_a_worker",
    "test_tokens_are_renewed_while_it_runs",
    "test_verbs_are_told_by_flags",
    "test_what_is_of_no_use_stops_the_start",
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
