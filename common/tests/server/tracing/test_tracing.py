import builtins

import pytest

from serving_runtime.server import tracing

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}


@pytest.mark.parametrize(
    ("environ", "is_wanted"),
    [
        ({}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "false"}, True),
        ({"OTEL_SERVICE_NAME": "x"}, False),
    ],
)
def test_spans_are_sent_where_the_variables_say_whereto(environ, is_wanted):
    """And nowhere else."""
    assert tracing.is_wanted(environ) is is_wanted


def test_without_the_library_the_log_says_so(monkeypatch, caplog):
    """The service starts all the same."""
    original = builtins.__import__

    def without(name, *arguments, **more):
        if name.startswith("opentelemetry"):
            raise ImportError(f"no {name}", name=name)
        return original(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(__import__("sys").modules, "serving_runtime.server.tracing.sdk", False)
    assert tracing.start({}, int) is None
    assert not caplog.records
    assert tracing.start(ENDPOINT, int) is None
    assert "serving-runtime[tracing]" in caplog.text
