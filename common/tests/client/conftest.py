from common.tests.cli.conftest import _no_settings, service  # noqa: F401  fixtures
