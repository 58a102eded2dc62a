import itertools
import subprocess
import sys

import pytest

# Of protobuf's own: what it keeps weakly must not be collected while a message is used.
SCRIPT = """
import gc, importlib, sys

for module in sys.argv[1:]:
    importlib.import_module(module)
    gc.collect()

import tensorflow as tf
import hydro_serving_grpc as hs

make, read = getattr(tf, "make_tensor_proto"), getattr(tf, "make_ndarray")
for _ in range(3):
    gc.collect()
    theirs = make([[1.5, 2.5]])
    ours = hs.TensorProto.FromString(theirs.SerializeToString())
    assert ours.dtype == hs.DT_FLOAT
    assert [dim.size for dim in ours.tensor_shape.dim] == [1, 2]
    back = type(theirs).FromString(ours.SerializeToString())
    assert read(back).tolist() == [[1.5, 2.5]]
print("fine")
"""
# TensorFlow first and last; those between are for the night.
FIRST, *BETWEEN, LAST = itertools.permutations(
    ["tensorflow", "hydro_serving_grpc", "serving_runtime.worker.predictor"]
)
ORDERS = [FIRST, *(pytest.param(order, marks=pytest.mark.nightly) for order in BETWEEN), LAST]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_our_messages_live_beside_tensorflow_s(order):
    """In each order of imports both kinds work, and go on to after garbage collections."""
    command = [sys.executable, "-c", SCRIPT, *order]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (run.stdout, run.returncode) == (b"fine\n", 0), run.stderr.decode()
