import json

import pytest

from serving_runtime import operations
from serving_runtime.protocols.openapi.document import Document
from serving_runtime.protocols.openapi.paths import PAGES
from serving_runtime.protocols.tensorflow_serving.rest_predict import RestPredict
from serving_runtime.settings import Settings
from serving_runtime.signature import Contract, Field, Nullable, Signature

jsonschema = pytest.importorskip("jsonschema")  # older Pythons have no such version

IRIS = Signature("predict", (Field("x", "float32", (-1, 4)),), (Field("y", "int64", (-1,)),))
TABLE = Signature(
    "table",
    (Field("age", "int64", (-1,)), Field("city", "string", (-1,)), Field("h", "float64", (-1,))),
    (Field("label", "string", (-1,)), Field("p", "float32", (-1, 2))),
    nullable=(Nullable("age", numbers="float64"), Nullable("city")),
)
ODD = Signature(
    "odd",
    (
        Field("s", "uint8", ()),
        Field("any", "any"),
        Field("c", "complex64", (2,)),
        Field("user", "map", (), (Field("name", "string", ()), Field("ok", "bool", (1,)))),
    ),
    (Field("z", "qint8", (3,)),),
)
CONTRACTS = [
    Contract("iris", (IRIS,)),
    Contract("a table/ü", (TABLE, IRIS._replace(name="serving_default")), 3),
    Contract("odd", (ODD, TABLE)),
    Contract("image", (IRIS._replace(inputs=(Field("x", "float32", (1, 224, 224, 3)),)),)),
]

each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda it: it.model_name)


def document_of(contract, **changes):
    """Return the document of a model, as a client reads it."""
    settings = Settings.from_env({})._replace(**changes)
    payload, attributes = Document(contract, settings).answer(b"", "", {})
    assert attributes == {"content-type": "application/json"}
    return json.loads(bytes(payload))


def bodies_in(document):
    """Return the examples of a document, each with its schema."""
    for item in document["paths"].values():
        content = item.get("post", {}).get("requestBody", {}).get("content", {})
        for example in content.get("application/json", {}).get("examples", {}).values():
            yield content["application/json"]["schema"], example["value"]


@each_contract
def test_examples_are_what_their_schemas_say(contract):
    """An example that the document itself refuses would teach nobody."""
    document = document_of(contract)
    shown = list(bodies_in(document))
    for schema, example in shown:
        whole = {**schema, "components": document["components"]}
        jsonschema.validate(example, whole, jsonschema.Draft202012Validator)
    assert bool(shown) is (contract.model_name != "image")


@pytest.mark.parametrize("answered", [(), (-1,)])
@pytest.mark.parametrize("shape", [(), (-1,), (-1, -1)])
def test_examples_of_one_map_are_read(shape, answered):
    """An object of a map's own would be taken for one of inputs by name."""
    users = Field("users", "map", shape, (Field("name", "string", ()),))
    contract = Contract("crowd", (Signature("greet", (users,), (Field("y", "int64", answered),)),))
    predict = RestPredict(contract, Settings.from_env({}))
    item = document_of(contract)["paths"]["/v1/models/crowd:predict"]["post"]
    content = item["requestBody"]["content"]["application/json"]
    body = content["examples"]["greet"]["value"]
    request = predict.decode(json.dumps(body).encode(), "crowd", {})
    assert (list(request.tensors), request.unreadable) == (["users"], {})


def test_examples_are_what_the_model_is_known_to_take():
    """An encoder refuses a text that it has not seen, such as an empty one."""
    known = TABLE._replace(samples=(("city", "Köln"), ("age", 7)))
    document = document_of(Contract("t", (known,)))
    [described] = document["x-serving-runtime"]["signatures"]
    assert [it["example"] for it in described["inputs"]] == [[7], ["Köln"], [0.0]]
    shown = [example for _, example in bodies_in(document)]
    assert {"instances": [{"age": 7, "city": "Köln", "h": 0.0}]} in [
        {"instances": it["instances"]} for it in shown if "instances" in it
    ]


def test_each_operation_of_http_is_described():
    """A row that has no page would be missing from it."""
    served = set(operations.ALL) - {*operations.PAGE_ROWS}
    rows = {row.key for row in served if row.http_routes}
    assert rows == set(PAGES)


def test_aliases_are_there_if_they_are_switched_on():
    """What a host does not ask for is not offered."""
    assert "/invocations" not in document_of(CONTRACTS[0])["paths"]
    document = document_of(CONTRACTS[0], http_aliases=frozenset(["mlflow"]))
    assert "/invocations" in document["paths"]


def test_classify_is_offered_where_a_signature_takes_examples():
    """Elsewhere it would only be refused."""
    assert "/v1/models/iris:classify" not in document_of(CONTRACTS[0])["paths"]
    examples = Signature("s", (Field("inputs", "string", (-1,)),), (Field("outputs", "float32"),))
    assert "/v1/models/e:classify" in document_of(Contract("e", (examples,)))["paths"]


def test_tokens_are_part_of_it():
    """A client that needs one learns so from the document."""
    document = document_of(CONTRACTS[0], token_file="/tokens")
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["paths"]["/livez"]["get"]["security"] == []
    assert "security" not in document["paths"]["/v2/models/iris/infer"]["post"]


def test_what_open_inference_cannot_carry_is_not_offered_by_it():
    """A model of maps has none of its paths."""
    maps = Signature("s", (Field("m", "map", ()),), (Field("y", "float32", ()),))
    paths = document_of(Contract("m", (maps,)))["paths"]
    assert "/v1/models/m:predict" in paths
    assert {"/v2/models/m", "/v2/models/m/infer", "/v2/models/m/config"}.isdisjoint(paths)


def test_a_missing_value_may_be_null():
    """In the columns that can hold one, and in no others."""
    schema = document_of(Contract("t", (TABLE._replace(nullable=TABLE.nullable[:1]),)))
    text = schema["components"]["schemas"]["PredictRequest"]["anyOf"][0]["anyOf"][0]
    columns = text["properties"]["instances"]["items"]["properties"]
    takes_null = {name for name, it in columns.items() if {"type": "null"} in it.get("anyOf", [])}
    assert takes_null == {"age", "h"}
    assert columns["age:missing"]["type"] == "boolean"


@each_contract
def test_signatures_are_there_as_the_page_reads_them(contract):
    """Each with its inputs and outputs as the contract has them, the default one first."""
    found = document_of(contract, port=1234)["x-serving-runtime"]
    assert found["grpc_port"] == 1234
    by_name = {it["name"]: it for it in found["signatures"]}
    assert set(by_name) == set(contract.names)
    if "serving_default" in by_name:
        assert found["signatures"][0]["name"] == "serving_default"
    for signature in contract.signatures:
        described = by_name[signature.name]
        for fields, shown in (
            (signature.inputs, described["inputs"]),
            (signature.outputs, described["outputs"]),
        ):
            expected = [
                (it.name, it.dtype, None if it.shape is None else list(it.shape)) for it in fields
            ]
            assert [(it["name"], it["dtype"], it["shape"]) for it in shown] == expected


def test_page_is_told_what_may_be_missing_and_what_no_standard_has():
    """Nullable columns, examples that are short enough, subfields of maps, datatypes."""
    table, odd = document_of(CONTRACTS[2])["x-serving-runtime"]["signatures"][::-1]
    assert [it["is_nullable"] for it in table["inputs"]] == [True, True, True]
    assert [it["example"] for it in table["inputs"]] == [[0], [""], [0.0]]
    assert table["is_open_inference"] is True
    assert odd["is_open_inference"] is False
    assert [it["name"] for it in odd["inputs"][3]["subfields"]] == ["name", "ok"]
    [large] = document_of(CONTRACTS[3])["x-serving-runtime"]["signatures"]
    assert "example" not in large["inputs"][0]
    assert large["inputs"][0]["datatype"] == "FP32"
