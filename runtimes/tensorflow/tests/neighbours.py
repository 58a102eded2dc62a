"""Imports and uses TensorFlow, its serving stubs and our messages in one process, in every order.

The image tests run this inside of a row's image that holds the row's line of `neighbours.yaml` too.
"""

import itertools
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "tests/system/clients/scripts/import_orders.py"
MODULES = ("tensorflow", "tensorflow_serving.apis", "hydro_serving_grpc")

for order in itertools.permutations(MODULES):
    subprocess.run([sys.executable, str(SCRIPT), *order], check=True, stdout=subprocess.DEVNULL)
print("fine")
