from serving_runtime.server.grpc.options import max_age_seconds, server_options


def test_ages_fit_into_grpcs_integers(settings):
    """The longest times that settings allow are below 32 bits of milliseconds."""
    options = dict(
        server_options(
            settings(connection_age_seconds=24 * 3600.0, request_timeout_seconds=24 * 3600.0)
        )
    )
    assert options["grpc.max_connection_age_ms"] == 24 * 3600 * 1000
    assert all(-1 <= value < 2**31 for value in options.values())


def test_the_oldest_connection_is_older_than_the_setting(settings):
    """By grpc's own spread, and by what its timers and the last answers take."""
    chosen = settings(connection_age_seconds=10.0)
    assert 11.0 < max_age_seconds(chosen) < 15.0
