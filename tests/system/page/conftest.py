import pytest

from tests.support import browser
from tests.support.fixtures import loopback_without_proxy
from tests.system.page.served import served

# Fixtures of this folder.
__all__ = ["loopback_without_proxy"]


@pytest.fixture(scope="session")
def web(tmp_path_factory):
    """The model of ``served``, at its HTTP address."""
    with served(tmp_path_factory.mktemp("served")) as web:
        yield web


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """What drives browsers."""
    with browser.driver(tmp_path_factory.mktemp("driver")) as port:
        yield port


@pytest.fixture(scope="session")
def window(driver):
    """A window for all tests, which leave it as they like."""
    window = browser.Browser(driver)
    yield window
    window.close()
