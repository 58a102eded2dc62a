import json
import urllib.error
import urllib.request

from tests.images.containers import mounted

PUBLISHED = "--publish=127.0.0.1::8080"


def asked(address, path, body=None):
    """Return the status and the JSON of a request."""
    request = urllib.request.Request(f"http://{address}{path}", data=body)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def is_ready(address):
    """Return whether the service answers, and says that it serves."""
    try:
        return asked(address, "/readyz")[0] == 200
    except OSError:
        return False


def test_an_example_of_the_model_s_own_document_is_answered(run, model):
    """Whoever publishes the port needs nothing but HTTP: the document has what can be sent."""
    container = run(mounted(model), PUBLISHED)
    address = container.published("8080/tcp")
    container.wait_until(lambda: is_ready(address), "HTTP")
    _, document = asked(address, "/openapi.json")
    [path] = [it for it in document["paths"] if it.endswith(":predict") and it.count("/") == 3]
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    example = next(iter(body["examples"].values()))["value"]
    status, reply = asked(address, path, json.dumps(example).encode())
    assert (status, len(reply)) == (200, 1), reply
    status, reply = asked(address, path, b"{}")
    assert (status, list(reply)) == (400, ["error"])
