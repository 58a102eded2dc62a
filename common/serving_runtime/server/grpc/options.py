"""Configure grpc's core: the same for both transports, asyncio's and the completion queue's."""

from typing import Tuple

from serving_runtime.settings import Settings

HANDSHAKE_MS = 5000
# grpc spreads connection ages by a tenth, and its timers are coarse.
AGE_SPREAD = 1.1
AGE_MARGIN_SECONDS = 1.0


def server_options(settings: Settings) -> Tuple[Tuple[str, int], ...]:
    """Return grpc's channel arguments for these settings. See: grpc/impl/channel_arg_names.h."""
    return (
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        # Connections are short-lived so that clients move away from a draining server in a known
        # time; the grace lets running calls end, and streams: they last as long as a call may, and
        # what was read of them by then may run as long again.
        ("grpc.max_connection_age_ms", int(settings.connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(settings.request_timeout_seconds * 2000) + 1000),
        # Core answers what it refuses itself, such as a request that is too large, only after a
        # while, and loses that answer if the connection's age runs out meanwhile.
        ("grpc.http.tarpit", 0),
        # Two servers that silently share a port would each get half of the calls.
        ("grpc.so_reuseport", 0),
        # Without it one connection that opens and resets calls as fast as it can (CVE-2023-44487)
        # fills core's list of new calls, and others are refused.
        ("grpc.max_concurrent_streams", settings.max_connection_calls),
        # Who connects and says nothing holds a descriptor; core's own patience is two minutes.
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
    )


def max_age_seconds(settings: Settings) -> float:
    """Return the age by which every connection without a running call has been closed."""
    return settings.connection_age_seconds * AGE_SPREAD + AGE_MARGIN_SECONDS
