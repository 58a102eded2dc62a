import pytest

from tests.support.fixtures import dial, launch, loopback_without_proxy, obedient, serve
from tests.support.targets import TRANSPORTS

# Fixtures of this folder.
__all__ = ["dial", "launch", "loopback_without_proxy", "obedient", "serve"]


@pytest.fixture(scope="session")
def transport():
    """The one that the service would choose: what is counted is the same with the other."""
    return TRANSPORTS[0]
