from tests.support.fixtures import loopback_without_proxy  # noqa: F401  a fixture
