"""The documents' own examples of each dialect, sent over HTTP to one service.

TensorFlow Serving's are of its api_rest.md, KServe's of its V1 protocol, MLflow's of its scoring
protocol, SageMaker's and Vertex AI's of their guides for containers.
"""

import io

import numpy as np
import pytest

from tests.support.models import write
from tests.support.web import Web
from tests.system.clients.environments import results_of

CONTRACT = """
signatures:
  - name: serving_default
    inputs:
      x: {shape: [-1], type: float}
    outputs:
      y: {shape: [-1], type: float}
  - name: tags
    inputs:
      tag: {shape: [-1], type: string}
      signal: {shape: [-1, -1], type: int64}
      sensor: {shape: [-1, 2, 2], type: int64}
    outputs:
      tag: {shape: [-1], type: string}
      total: {shape: [-1], type: int64}
  - name: image
    inputs:
      image_bytes: {shape: [-1], type: string}
      caption: {shape: [-1], type: string}
    outputs:
      echo_bytes: {shape: [-1], type: string}
  - name: people
    inputs:
      age: {shape: [-1], type: double}
      city: {shape: [-1], type: string}
    outputs:
      known: {shape: [-1], type: bool}
      age: {shape: [-1], type: double}
"""
FUNCTIONS = """
import numpy as np

def serving_default(x):
    return {"y": x / 2 + 2}

def tags(tag, signal, sensor):
    return {"tag": tag, "total": signal.sum(axis=1) + sensor.sum(axis=(1, 2))}

def image(image_bytes, caption):
    return {"echo_bytes": image_bytes}

def people(age, city):
    return {"known": np.array([it is not None for it in city]), "age": age}
"""
ALIASES = "sagemaker,mlflow,vertex"


@pytest.fixture(scope="module")
def web(serving, tmp_path_factory):
    """A service with all dialects on."""
    model = write(tmp_path_factory.mktemp("models") / "half_plus_two", FUNCTIONS, CONTRACT)
    settings = {
        "RUNTIME_HTTP_PORT": "0",
        "RUNTIME_HTTP_ALIASES": ALIASES,
        "AIP_PREDICT_ROUTE": "/v1/endpoints/1:rawPredict",
        "AIP_HEALTH_ROUTE": "/v1/endpoints/1",
    }
    with serving(model, **settings) as service:
        yield Web(service.log)


MODEL = "/v1/models/half_plus_two"
TAGS = [
    {"tag": "foo", "signal": [1, 2, 3, 4, 5], "sensor": [[1, 2], [3, 4]]},
    {"tag": "bar", "signal": [3, 4, 1, 2, 5], "sensor": [[4, 5], [6, 8]]},
]
TAG_COLUMNS = {name: [row[name] for row in TAGS] for name in TAGS[0]}


@pytest.mark.parametrize("version", ["", "/versions/1", "/versions/0", "/labels/stable"])
def test_rows_of_tensorflow_serving(web, version):
    """Its first example, by each path that a client may have for a model."""
    found = web.post(f"{MODEL}{version}:predict", {"instances": [1.0, 2.0, 5.0]})
    assert found == (200, "application/json", b'{"predictions":[2.5,3.0,4.5]}')


def test_columns_of_tensorflow_serving(web):
    """The same values in its other form."""
    assert web.post(f"{MODEL}:predict", {"inputs": [1.0, 2.0, 5.0]}).json == {
        "outputs": [2.5, 3.0, 4.5]
    }


TOTALS = [{"tag": "foo", "total": 25}, {"tag": "bar", "total": 38}]


@pytest.mark.parametrize(
    ("form", "value", "answered"),
    [
        ("instances", TAGS, {"predictions": TOTALS}),
        ("inputs", TAG_COLUMNS, {"outputs": {"tag": ["foo", "bar"], "total": [25, 38]}}),
    ],
)
def test_named_inputs_of_tensorflow_serving(web, form, value, answered):
    """Its example with several inputs, as rows and as columns."""
    body = {"signature_name": "tags", form: value}
    assert web.post(f"{MODEL}:predict", body).json == answered


def test_binary_values_of_tensorflow_serving(web):
    """Its example of base64, and an output whose name says that it is bytes."""
    instances = [
        {"image_bytes": {"b64": "aW1hZ2UgYnl0ZXM="}, "caption": "seaside"},
        {"image_bytes": {"b64": "c2Vh"}, "caption": "mountains"},
    ]
    body = {"signature_name": "image", "instances": instances}
    assert web.post(f"{MODEL}:predict", body).json == {
        "predictions": [{"b64": "aW1hZ2UgYnl0ZXM="}, {"b64": "c2Vh"}]
    }


def test_numbers_of_tensorflow_serving(web):
    """NaN and infinities are bare tokens, both ways."""
    found = web.post(f"{MODEL}:predict", '{"instances": [NaN, Infinity, -Infinity]}')
    assert found.body == b'{"predictions":[NaN,Infinity,-Infinity]}'


def test_state_and_metadata_of_tensorflow_serving(web):
    """As its deployment scripts and ovmsclient read them."""
    [status] = web.get(MODEL).json["model_version_status"]
    assert status == {
        "version": "1",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    found = web.get(f"{MODEL}/versions/1/metadata").json
    assert found["model_spec"]["name"] == "half_plus_two"
    shape = found["metadata"]["signature_def"]["signature_def"]["image"]["inputs"]["caption"]
    assert shape["tensor_shape"] == {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}


def test_other_methods_of_tensorflow_serving_say_what_they_need(web):
    """A signature of another kind is no classifier."""
    for verb in ("classify", "regress"):
        found = web.post(f"{MODEL}:{verb}", {"examples": [{"x": 1.0}]})
        assert found.status == 400
        assert f"not one for {verb.capitalize()}, call it with Predict" in found.json["error"]


def test_kserve_s_first_version(web):
    """The list, the model, and a prediction with what its clients send beside it."""
    assert web.get("/v1/models").json == {"models": ["half_plus_two"]}
    model = web.get(MODEL).json
    assert (model["name"], model["ready"]) == ("half_plus_two", True)
    assert web.get("/").json == {"status": "alive"}
    body = {"instances": [1.0], "parameters": None}
    assert web.post(f"{MODEL}:predict", body, content_type="application/json").json == {
        "predictions": [2.5]
    }


def test_kserve_s_own_client(python_of, web):
    """Its first protocol: health, a prediction, and the words of a refusal."""
    python = python_of("benchmarks-kserve")
    results = results_of(python, "kserve_v1_calls.py", web.address, "half_plus_two")
    assert 'instances[0] is "a": expected a number' in results.pop("refused")
    assert 'no model "other" here' in results.pop("not found")
    assert results == {"live": True, "ready": True, "answered": {"predictions": [2.5, 3.0, 4.5]}}


PEOPLE = {"signature_name": "people"}
SPLIT = {"columns": ["city", "age"], "index": [0, 1], "data": [["x", 3.5], [None, None]]}
ANSWER = b'{"predictions":[{"known":true,"age":3.5},{"known":false,"age":NaN}]}'


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_records": [{"age": 3.5, "city": "x"}, {"age": None}]},
        {"instances": [{"age": 3.5, "city": "x"}, {"age": None, "city": None}]},
    ],
    ids=lambda body: next(iter(body)),
)
def test_mlflow_s_tables(web, body):
    """A missing value is null, in each of its forms."""
    found = web.post("/invocations", {**PEOPLE, **body}, content_type="application/json")
    assert found == (200, "application/json", ANSWER)


def test_sagemaker_s_paths(web):
    """Health, JSON, CSV and a file of NumPy's, each with what it accepts."""
    assert web.get("/ping").status == 200
    csv = web.post("/invocations", "x\n1\n5\n", content_type="text/csv")
    assert csv.json == {"predictions": [2.5, 4.5]}
    csv = web.post("/invocations", "1\n5\n", content_type="text/csv", accept="text/csv")
    assert csv == (200, "text/csv; charset=utf-8", b"2.5\n4.5\n")
    file = io.BytesIO()
    np.save(file, np.array([1, 5], "f4"))
    kind = "application/x-npy"
    found = web.post("/invocations", file.getvalue(), content_type=kind, accept=kind)
    assert (found.status, found.content_type) == (200, kind)
    assert np.load(io.BytesIO(found.body)).tolist() == [2.5, 4.5]


@pytest.mark.parametrize("path", ["/v1/endpoints/1:rawPredict", "/predict"])
def test_vertex_s_routes(web, path):
    """Those that its variables name, and those that it has by default."""
    assert web.post(path, {"instances": [1.0], "parameters": {}}).json == {"predictions": [2.5]}


@pytest.mark.parametrize("path", ["/v1/endpoints/1", "/health"])
def test_vertex_s_health(web, path):
    """Readiness, by its own route."""
    assert web.get(path).status == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (f"{MODEL}:predict", {"instances": ["a"]}, 400, 'input "x": instances[0] is "a": expected'),
        (f"{MODEL}:predict", {"instances": [1], "inputs": [1]}, 400, "which has both"),
        (f"{MODEL}:predict", {"x": [1]}, 400, 'expected one of "instances"'),
        (f"{MODEL}:predict", "{", 400, "the body is no JSON"),
        (f"{MODEL}:predict", "", 400, "the body is empty"),
        ("/v1/models/other:predict", {"instances": [1]}, 404, 'there is no model "other" here'),
        (f"{MODEL}/versions/2:predict", {"instances": [1]}, 404, 'has no version "2"'),
        ("/v1/models", {}, 405, "GET"),
        ("/v1", {}, 404, ":predict"),
        ("/invocations", {"x": 1}, 400, "dataframe_split, dataframe_records, instances, inputs"),
    ],
)
def test_a_mistake_is_answered_with_what_to_change(web, path, body, status, words):
    """As an object with ``error``, which is what all clients read."""
    found = web.post(path, body)
    assert (found.status, found.content_type) == (status, "application/json")
    assert words in found.json["error"]


def test_every_example_of_the_openapi_document_works(web):
    """What it shows is answered, in each dialect and for each signature."""
    document = web.get("/openapi.json").json
    tried = 0
    for path, item in document["paths"].items():
        content = item.get("post", {}).get("requestBody", {}).get("content", {})
        examples = content.get("application/json", {}).get("examples", {})
        for name, example in examples.items():
            found = web.post(path, example["value"], content_type="application/json")
            assert found.status == 200, (path, name, found.body)
            tried += 1
    assert tried == 3 * 4
