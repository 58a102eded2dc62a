import pytest

from tests.support import browser
from tests.support.fixtures import loopback_without_proxy

# Fixtures of this folder.
__all__ = ["loopback_without_proxy"]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """What drives browsers."""
    with browser.driver(tmp_path_factory.mktemp("driver")) as port:
        yield port


@pytest.fixture(scope="module")
def window(driver):
    """A window for all tests of a module, which leave it as they like."""
    window = browser.Browser(driver)
    yield window
    window.close()
