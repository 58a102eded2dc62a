from tests.system.faults.conftest import _no_proxy  # noqa: F401  a fixture
