"""TensorFlow Serving's own stubs and TensorFlow's own tensors, in another process."""

import functools
import itertools
import json
import os
import subprocess

import pytest

from tests.conformance.setups import models_of
from tests.support.targets import OTHER_NIGHTLY, TRANSPORTS
from tests.system.clients.environments import ROOT, results_of, run_script

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

ASKED_FOR = {
    "metadata of": ["asked", "version", 7, ""],
    "nothing asked": [
        "INVALID_ARGUMENT",
        "GetModelMetadataRequest must specify at least one metadata_field",
    ],
    "other asked": ["INVALID_ARGUMENT", "Metadata field assets is not supported"],
}
# What TensorFlow Serving itself says to the same requests.
REFUSALS = {
    "unknown output": "output tensor alias not found in signature: smu "
    "Outputs expected to be in the set {sum}.",
    "output twice": "duplicate output tensor alias: sum",
    "missing": "input size does not match signature: 1!=2 len({a}) != len({a,b}). "
    "Sent extra: {}. Missing but required: {b}.",
    "misspelt": "input tensor alias not found in signature: c. "
    "Inputs expected to be in the set {a,b}.",
}
# Ours last and first; those between are for the night.
FIRST, *BETWEEN, LAST = itertools.permutations(
    ["tensorflow", "tensorflow_serving.apis", "hydro_serving_grpc"]
)
ORDERS = [FIRST, *(pytest.param(order, marks=pytest.mark.nightly) for order in BETWEEN), LAST]


@pytest.fixture(scope="module")
def tfserving(python_of):
    """The Python that has TensorFlow and its serving stubs."""
    return python_of("tfserving")


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_tensorflow_s_tensors_come_back_bit_for_bit(tfserving, serving, transport):
    """Every dtype in each form that make_tensor_proto writes is read by make_ndarray again."""
    with serving(models_of("python") / "identity", RUNTIME_GRPC_TRANSPORT=transport) as service:
        results = results_of(tfserving, "tfserving_calls.py", service.address)
    assert results["wrong"] == []
    assert results["count"] == 16 * 6 - 1


@pytest.fixture(scope="module")
def told(tfserving, serving):
    """Return what a served model tells a client that asks it for metadata and predictions.

    The client imports TensorFlow, which takes seconds: the same is asked once.
    """

    @functools.lru_cache(maxsize=None)
    def ask(model, **settings):
        with serving(models_of("python") / model, **settings) as service:
            return results_of(tfserving, "tfserving_metadata.py", service.address, model)

    return ask


@pytest.mark.parametrize(("model", "count"), [("identity", 21), ("summator", 2), ("defaults", 2)])
def test_metadata_is_what_tensorflow_would_write(told, model, count):
    """Each signature unpacks to the SignatureDef that TensorFlow makes of the same tensors."""
    results = told(model)
    assert results["metadata"] == {"differ": [], "equal": count}
    assert {name: results[name] for name in ASKED_FOR} == ASKED_FOR


def test_replies_name_the_model_if_they_shall(told):
    """With the setting replies say who answered, and whose default; without it they do not."""
    telling = {"RUNTIME_REPLY_MODEL_SPEC": "1"}
    assert told("summator", **telling)["answered by"] == ["asked", "version", 7, "add"]
    assert told("defaults", **telling)["answered by"] == ["asked", "version", 7, "serving_default"]
    assert told("defaults")["answered by"] == ["", None, 0, ""]


@pytest.mark.parametrize("chosen", [{}, {"RUNTIME_GRPC_TRANSPORT": TRANSPORTS[1]}], ids=str)
def test_outputs_are_filtered_and_refusals_end_in_known_words(told, chosen):
    """A client that matches on TensorFlow Serving's words finds them at the end of ours."""
    results = told("summator", **chosen)
    assert results["filtered"] == {"sum": 3}
    for case, words in REFUSALS.items():
        status, details = results[case]
        assert (status, details[-len(words) - 2 :]) == ("INVALID_ARGUMENT", f"; {words}")


def test_estimators_are_called_as_with_tensorflow_serving(tfserving):
    """Their export is waited for, classifies and gives numbers, alone and several at a time."""
    packages = [str(ROOT / "common"), str(ROOT / "runtimes" / "tensorflow")]
    path = {"PYTHONPATH": os.pathsep.join(packages)}
    found = json.loads(run_script(tfserving, "tfserving_examples.py", **path).splitlines()[-1])
    before, *after = found.pop("states")
    assert before in ([], ["LOADING"])
    assert after == ["AVAILABLE", 5, 0]
    rows = [[["west", 0.5], ["größer", 2.0]], [["west", -1.0], ["größer", 8.25]]]
    assert found.pop("not a classifier")[0] == "INVALID_ARGUMENT"
    assert found.pop("reload")[0] == "UNIMPLEMENTED"
    assert found == {
        "classes": rows,
        "answered by": ["estimator", "serving_default"],
        "numbers": [2.5, 7.25],
        "both": [rows, [2.5, 7.25]],
        "exit code": 0,
    }


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
