"""TensorFlow Serving's own stubs and TensorFlow's own tensors, in another process."""

import itertools
import subprocess

import pytest

from tests.clients.environments import ROOT, results_of, run_script
from tests.conformance.setups import models_of

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(120, func_only=True)

ORDERS = list(
    itertools.permutations(["tensorflow", "tensorflow_serving.apis", "hydro_serving_grpc"])
)


@pytest.fixture(scope="module")
def tfserving(python_of):
    """The Python that has TensorFlow and its serving stubs."""
    return python_of("tfserving")


def test_tensorflow_s_tensors_come_back_bit_for_bit(tfserving, serving):
    """Every dtype in each form that make_tensor_proto writes is read by make_ndarray again."""
    with serving(models_of("python") / "identity") as service:
        results = results_of(tfserving, "tfserving_calls.py", service.address)
    assert results["wrong"] == []
    assert results["count"] == 16 * 6 - 1


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_all_messages_live_in_one_process(tfserving, order):
    """TensorFlow, its serving stubs and ours meet in any order, and survive the collector."""
    assert run_script(tfserving, "import_orders.py", *order) == "fine\n"


@pytest.mark.timeout(600, func_only=True)
def test_tensors_are_read_as_tensorflow_reads_them(tfserving):
    """The property tests of common that compare with TensorFlow pass where it is installed."""
    tests = ROOT / "common" / "tests" / "with_tensorflow"
    command = [str(tfserving), "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    run = subprocess.run(command, cwd=str(ROOT), check=False, stdout=subprocess.PIPE)
    report = run.stdout.decode()
    assert run.returncode == 0, report
    assert "skipped" not in report
