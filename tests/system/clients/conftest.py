import functools

import pytest

from tests.support.targets import ServerOnLoopback
from tests.system.clients import environments


@pytest.fixture(scope="session")
def python_of():
    """Return an environment's Python, made if need be; once a session."""
    return functools.lru_cache(maxsize=None)(environments.create)


@pytest.fixture(scope="session")
def serving():
    """Serve a model directory of the Python runtime, in a ``with`` statement."""
    target = ServerOnLoopback(workers=1)
    return lambda model_dir, **settings: target.start("python", model_dir, settings)
