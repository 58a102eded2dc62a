"""Stock HTTP clients of Open Inference, in other processes: Triton's, KServe's, MLServer's."""

import pytest

from tests.conformance.setups import models_of
from tests.system.clients.environments import results_of

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

REFUSALS = {
    "another model": ("404", 'there is no model "other" here'),
    "another version": ("404", 'has no version "9"'),
    "classes": ("501", 'output "y" asks for classification'),
    "shared memory": ("501", 'input "x" has "shared_memory_byte_size"'),
    "a timeout": ("504", "the deadline passed"),
    "maps": ("400", 'the model has no signature "nothing"'),
    "infinity": ("400", 'output "y": [0] is Infinity, which JSON cannot hold: ask for it in bina'),
    "load": ("404", "there is no /v2/repository/models/identity/load here"),
}


@pytest.fixture(scope="module")
def triton(python_of):
    """The Python that has Triton's client."""
    return python_of("triton")


def test_triton_s_client_gets_back_what_it_sends(triton, serving):
    """Every datatype in each shape and form, packed or not; refusals are told by name."""
    with serving(models_of("python") / "identity") as service:
        address = service.url.partition("//")[2]
        results = results_of(triton, "triton_rest_calls.py", address, "all")
    assert results["wrong"] == []
    assert results["count"] == 11 * 4 * 6 + 4 * 3
    for name, (status, words) in REFUSALS.items():
        told_status, told_words = results["refusals"][name]
        assert told_status == status, told_words
        assert words in told_words
    assert results["answered"] >= results["count"]
    assert (results["live"], results["ready"], results["other"]) == (True, [True, True], False)
    assert "binary_tensor_data" in results["server"]["extensions"]
    assert results["config"]["name"] == results["metadata"]["name"] == "identity"
    [listed] = results["index"]
    assert (listed["name"], listed["state"]) == ("identity", "READY")


def test_triton_s_client_sends_bfloat16(triton, serving):
    """As arrays of ml_dtypes."""
    with serving(models_of("python") / "later_dtypes", MODEL_NAME="later") as service:
        address = service.url.partition("//")[2]
        results = results_of(triton, "triton_rest_calls.py", address, "later")
    assert results["bfloat16"] == [1.5, -2]


@pytest.mark.nightly  # KServe, and below MLServer, are large
def test_kserve_s_client_gets_back_what_it_sends(python_of, serving):
    """In JSON and in binary; it shows the service's own words of a refusal."""
    with serving(models_of("python") / "identity") as service:
        results = results_of(python_of("benchmarks-kserve"), "kserve_rest_calls.py", service.url)
    assert results["wrong"] == []
    assert (results["live"], results["ready"]) == (True, [True, True])
    assert 'there is no model "other" here' in results["refusal"]


@pytest.mark.nightly
def test_mlserver_s_types_read_every_answer(python_of, serving):
    """With its codecs, as its users write requests."""
    with serving(models_of("python") / "identity") as service:
        results = results_of(
            python_of("benchmarks-mlserver"), "mlserver_rest_calls.py", service.url
        )
    assert results == {"wrong": [], "name": "identity", "inputs": 1}
