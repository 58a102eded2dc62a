import pathlib
import sys

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from tiny_rest import rest_service  # noqa: F401  a fixture
from tiny_service import _no_settings, service  # noqa: F401  fixtures
