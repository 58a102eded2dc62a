import logging

import pytest

from serving_runtime import operations, security
from serving_runtime.errors import NotAuthenticated, SettingError

OPEN = "may call the model"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"tls_cert": "c"}, "RUNTIME_TLS_CERT without"),
        ({"tls_key": "k"}, "RUNTIME_TLS_KEY without"),
        ({"tls_client_ca": "a"}, "RUNTIME_TLS_CLIENT_CA without"),
        ({"tls_key": "k", "tls_client_ca": "a"}, "RUNTIME_TLS_KEY and RUNTIME_TLS_CLIENT_CA"),
    ],
)
def test_half_of_tls_stops_the_start(settings, given, named):
    """Who wants TLS and forgets a part must not serve in the clear."""
    with pytest.raises(SettingError, match=named):
        security.from_settings(settings(**given))


def test_nothing_is_on_by_default(settings):
    """As Hydrosphere's runtimes always were."""
    assert security.from_settings(settings()) == security.NO_SECURITY == (None, None)


def test_page_is_open_and_health_may_be(settings, tmp_path):
    """The page's files tell nothing of the model; its calls need a token like all others."""
    tokens = tmp_path / "tokens"
    tokens.write_text("secret")
    tokens.chmod(0o600)
    chosen = settings(token_file=str(tokens), open_health=False)
    access = security.from_settings(chosen).access
    for row in operations.PAGE_FILES:
        access.check(row.key, None)
    for row in (operations.REST_PREDICT, operations.PAGE_NUMBERS, operations.ROOT):
        with pytest.raises(NotAuthenticated):
            access.check(row.key, None)


def logged(settings, caplog, **changes):
    """Return the levels and texts of what is logged."""
    with caplog.at_level(logging.INFO):
        security.log_summary(settings(**changes))
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "TLS: off, client certificates: not required, token: not required"),
        ({"tls_cert": "c"}, "TLS: on, client certificates: not required, token: not required"),
        (
            {"tls_cert": "c", "tls_client_ca": "a", "token_file": "t"},
            "TLS: on, client certificates: required, token: required, except for health",
        ),
        (
            {"token_file": "t", "open_health": False},
            "TLS: off, client certificates: not required, token: required",
        ),
    ],
)
def test_the_log_says_what_is_on(settings, caplog, given, line):
    """In one line, whatever it is."""
    assert ("INFO", line) in logged(settings, caplog, **given)


@pytest.mark.parametrize("host", ["[::]", "0.0.0.0", "10.1.2.3", "models.example.com"])
@pytest.mark.parametrize("given", [{}, {"tls_cert": "c"}])
def test_an_open_service_is_warned_of(settings, caplog, host, given):
    """Whoever reaches it may call: TLS alone keeps nobody out."""
    level, text = logged(settings, caplog, host=host, **given)[-1]
    assert level == "WARNING"
    assert OPEN in text
    assert host in text
    assert "RUNTIME_TOKEN_FILE" in text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost"])
def test_a_service_of_this_machine_is_not_warned_of(settings, caplog, host):
    """Only this machine reaches it."""
    assert OPEN not in str(logged(settings, caplog, host=host))


@pytest.mark.parametrize("given", [{"token_file": "t"}, {"tls_cert": "c", "tls_client_ca": "a"}])
def test_a_closed_service_is_not_warned_of(settings, caplog, given):
    """A token or a client's certificate keeps strangers out."""
    assert OPEN not in str(logged(settings, caplog, **given))
