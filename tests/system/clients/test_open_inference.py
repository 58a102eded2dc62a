"""Triton's and KServe's own clients of Open Inference, each in another process."""

import pytest

from tests.conformance.setups import models_of
from tests.support.targets import OTHER_NIGHTLY
from tests.system.clients.environments import results_of

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

REFUSALS = {
    "another model": ("NOT_FOUND", 'there is no model "other" here'),
    "another version": ("NOT_FOUND", 'has no version "9"'),
    "classes": ("UNIMPLEMENTED", 'output "y" asks for classification'),
    "shared memory": ("UNIMPLEMENTED", 'input "x" has "shared_memory_byte_size"'),
    "a timeout": ("DEADLINE_EXCEEDED", "the deadline passed"),
    "maps": ("INVALID_ARGUMENT", 'the model has no signature "nothing"'),
    "load": ("UNIMPLEMENTED", "RepositoryModelLoad is not served"),
    "regions": ("UNIMPLEMENTED", "SystemSharedMemoryStatus is not served"),
    "trace": ("UNIMPLEMENTED", "TraceSetting is not served"),
    "log": ("UNIMPLEMENTED", "LogSettings is not served"),
}


@pytest.fixture(scope="module")
def triton(python_of):
    """The Python that has Triton's client."""
    return python_of("triton")


@pytest.mark.parametrize("transport", OTHER_NIGHTLY)
def test_triton_s_client_gets_back_what_it_sends(triton, serving, transport):
    """Every datatype in each shape, one by one and all at once; refusals are told by name."""
    with serving(models_of("python") / "identity", RUNTIME_GRPC_TRANSPORT=transport) as service:
        results = results_of(triton, "triton_calls.py", service.address, "all")
    assert (results["wrong"], results["wrong by asyncio"]) == ([], [])
    assert results["count"] == 11 * 4
    for name, (status, words) in REFUSALS.items():
        told_status, told_words = results["refusals"][name]
        assert told_status == f"StatusCode.{status}"
        assert words in told_words
    assert results["answered"] == 2 * results["count"]
    assert results["config"] == results["metadata"]["name"] == "identity"
    assert results["index"]["models"] == [{"name": "identity", "version": "1", "state": "READY"}]


def test_triton_s_client_sends_bfloat16(triton, serving):
    """As arrays of ml_dtypes."""
    with serving(models_of("python") / "later_dtypes") as service:
        results = results_of(triton, "triton_calls.py", service.address, "later")
    assert results["bfloat16"] == [1.5, -2]


def test_kserve_s_client_gets_back_what_it_sends(python_of, serving):
    """Raw contents and typed ones; it asks whether server and model are ready, too."""
    kserve = python_of("benchmarks-kserve")
    with serving(models_of("python") / "identity") as service:
        results = results_of(kserve, "kserve_calls.py", service.address)
    assert results["wrong"] == []
    assert results["ready"] == [True, True, True]
    status, words = results["another model"]
    assert status == "NOT_FOUND"
    assert words.startswith('there is no model "other" here:')
