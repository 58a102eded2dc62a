"""The OpenAPI document as others read it: a public validator, and a maker of calls."""

import json

import pytest

from serving_runtime import operations
from tests.conformance.setups import models_of, setups
from tests.support.services import Call
from tests.support.targets import IN_PROCESS
from tests.support.web import Web
from tests.system.clients.environments import results_of, run_script

# Making the environment takes minutes on a new machine: it happens in a fixture, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

# One of each kind: rows, texts and bytes, maps, anything, every dtype, several signatures.
MODELS = ("rows", "text", "maps", "crowd", "untyped", "identity", "later_dtypes", "summator")
# Whose functions do not fail for what the document allows.
CALLED = ("rows", "text", "summator", "untyped", "identity")
ALIASES = {"RUNTIME_HTTP_PORT": "0", "RUNTIME_HTTP_ALIASES": "sagemaker,mlflow,vertex"}


@pytest.fixture(scope="module")
def openapi(python_of):
    """The Python that has the validator and the maker of calls."""
    return python_of("openapi")


def test_a_public_validator_accepts_it(openapi, tmp_path):
    """Whatever a model takes and gives."""
    for model in MODELS:
        [setup] = [it for it in setups(model, (IN_PROCESS,), **ALIASES) if it.framework == "python"]
        with setup.start() as service:
            [answer] = service.answer_calls([Call(operations.OPENAPI, b"")])
        assert answer.status == "OK"
        (tmp_path / model).write_bytes(answer.payload)
    results = results_of(openapi, "openapi_check.py", *sorted(tmp_path.iterdir()))
    assert results == {"count": len(MODELS), "wrong": {}}


@pytest.mark.parametrize(
    ("model", "examples"),
    [
        ("rows", 20),
        *(pytest.param(model, 100, marks=pytest.mark.nightly) for model in CALLED),
    ],
)
def test_no_answer_is_outside_of_it(openapi, serving, model, examples):
    """Calls made from the document, right and wrong ones, are answered as it says."""
    with serving(models_of("python") / model, **ALIASES) as service:
        web = Web(service.log)
        assert run_script(openapi, "openapi_calls.py", web.address, str(examples)) == "fine\n"


def test_it_is_of_the_model_that_is_served(serving):
    """Its paths have the model's name, and its bodies the names of inputs and outputs."""
    with serving(models_of("python") / "summator", **ALIASES) as service:
        document = Web(service.log).get("/openapi.json").json
    assert document["info"]["title"] == "summator"
    assert "/v1/models/summator:predict" in document["paths"]
    assert "/invocations" in document["paths"]
    text = json.dumps(document["components"]["schemas"]["PredictRequest"])
    assert '"add"' in text
    assert '"mul"' in text
