import logging
import os

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as example_settings

from serving_runtime.logs import loggers
from serving_runtime.settings import Settings

# Tests start processes beside gRPC's threads, as the front does; see service.run. gRPC reads it
# when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# A busy machine is no failure: pytest's own timeout bounds each test.
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
example_settings.register_profile("short", max_examples=30, **UNHURRIED)
example_settings.register_profile("nightly", max_examples=100, **UNHURRIED)


def pytest_configure(config):
    """Try more examples by night."""
    is_short = "not nightly" in config.option.markexpr
    example_settings.load_profile("short" if is_short else "nightly")


@pytest.fixture(autouse=True)
def _own_logging():
    """Put the logging of the tests back after one has configured its own."""
    roots = (logging.root, loggers.root)
    before = [(root.handlers[:], root.level, root.propagate) for root in roots]
    yield
    for root, (handlers, level, propagate) in zip(roots, before):
        root.handlers[:], root.propagate = handlers, propagate
        root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def settings():
    """Return a function that gives the default settings with changes."""
    return lambda **changes: Settings.from_env({})._replace(**changes)
