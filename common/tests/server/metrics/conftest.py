import pathlib
import sys

# Modules beside the tests: pytest's importlib mode leaves the path alone.
sys.path.insert(0, str(pathlib.Path(__file__).parent))
