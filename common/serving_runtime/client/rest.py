"""Call a running service by HTTP: Open Inference's REST, arrays in, arrays out."""

import json
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple
from urllib.parse import quote, urlsplit

from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from serving_runtime.client.failures import DEFAULT_DEADLINE_SECONDS, CallFailed
from serving_runtime.client.http_connection import Answer, HttpConnection, TooLate, Unreachable

if TYPE_CHECKING:
    from serving_runtime.model import Arrays

_LENGTH = "inference-header-content-length"
_MODELS = "/v2/models"


class RestClient:
    """A connection to one service; close it, or use it in a ``with`` statement.

    Args:
        url: ``http://host:port`` for the model that the service says it has, or with
            ``/v2/models/NAME`` for another service's.
        options: TLS and a token, where the service wants them.

    Raises:
        StartError: the URL names no host.
    """

    def __init__(self, url: str, options: ConnectionOptions = PLAINTEXT) -> None:
        self.address = url
        # As Client has it.
        self.state_epoch: Optional[int] = None
        self._options = options
        self._connection = HttpConnection(url, options)
        path = urlsplit(url).path.rstrip("/")
        self._model_path = path if path.startswith(f"{_MODELS}/") else ""

    def __enter__(self) -> "RestClient":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def predict(
        self,
        signature_name: str,
        inputs: "Mapping[str, Any]",
        deadline_seconds: float = DEFAULT_DEADLINE_SECONDS,
        as_content: bool = True,
        reset_state: bool = False,
    ) -> "Arrays":
        """Call the model once, as ``Client.predict`` does.

        Args:
            signature_name: empty for the only signature or ``serving_default``.
            inputs: by name; but no maps, and no complex or quantised numbers.
            deadline_seconds: how long to wait for the answer.
            as_content: values travel, and come back, in binary after the JSON; False: in it.
            reset_state: a stateful model forgets all earlier calls before this.

        Returns:
            The outputs by name; strings are bytes objects in an object array.

        Raises:
            CallFailed: the service refused or failed, or is not there.
            ServingError: an input has no form in this protocol, or an output cannot be read.
            TypeError: an input is of a type that no tensor can hold.
        """
        from serving_runtime.client.arrays import arrays_of
        from serving_runtime.protocols.open_inference import client_codec

        body, headers = infer_request(signature_name, inputs, as_content)
        if reset_state:
            headers["x-reset-state"] = "1"
        path = f"{self.model_path(deadline_seconds)}/infer"
        answer = self.ask("POST", path, body, headers, deadline_seconds)
        length = answer.headers.get(_LENGTH)
        found = client_codec.read_response(answer.body, int(length) if length else None)
        return arrays_of(found)

    def health(self, path: str, deadline_seconds: float = DEFAULT_DEADLINE_SECONDS) -> str:
        """Return what a path of health says, in gRPC's words: ``SERVING`` or ``NOT_SERVING``.

        Raises:
            CallFailed: the service is not there, or says something else.
        """
        try:
            self.ask("GET", path, b"", {}, deadline_seconds)
        except CallFailed as failed:
            if not failed.status.startswith("503 "):
                raise
            return "NOT_SERVING"
        return "SERVING"

    def model_path(self, deadline_seconds: float = DEFAULT_DEADLINE_SECONDS) -> str:
        """Return the path of the model, which the service is asked for once.

        Raises:
            CallFailed: it does not say, or is not there.
        """
        if not self._model_path:
            answer = self.ask("GET", _MODELS, b"", {}, deadline_seconds)
            names = _json(answer).get("models") or [""]
            if len(names) != 1 or not names[0]:
                raise CallFailed("200 OK", f"{_MODELS} lists no model, or several", self._named())
            self._model_path = f"{_MODELS}/{quote(names[0], safe='')}"
        return self._model_path

    def ask(
        self, method: str, path: str, body: bytes, headers: Dict[str, str], seconds: float
    ) -> Answer:
        """Make one call, bytes both ways.

        Raises:
            CallFailed: the answer is another than 200, or there is none.
        """
        headers = {**headers, "x-request-timeout": f"{seconds:g}"}
        try:
            answer = self._connection.ask(method, path, body, headers, seconds)
        except TooLate as problem:
            raise CallFailed("DEADLINE_EXCEEDED", str(problem)) from None
        except Unreachable as problem:
            raise CallFailed("UNAVAILABLE", str(problem), self._unreachable()) from None
        if "x-state-epoch" in answer.headers:
            self.state_epoch = int(answer.headers["x-state-epoch"])
        if answer.is_ok:
            return answer
        raise self._failure(answer, path)

    def _failure(self, answer: Answer, path: str) -> CallFailed:
        error = _json(answer).get("error")
        details = str(error or answer.body[:200].decode("utf-8", "replace") or "no details")
        hint = self._named() if path == _MODELS and answer.status == 404 else ""
        if answer.status == 401:
            hint = self._options.hint("UNAUTHENTICATED", details, self.address)
        status = f"{answer.status} {answer.phrase}"
        return CallFailed(status, details, hint, answer.headers.get("x-request-id", ""))

    def _named(self) -> str:
        url = urlsplit(self.address)
        return f"name the model in the address: {url.scheme}://{url.netloc}{_MODELS}/NAME"

    def _unreachable(self) -> str:
        return (
            f"nothing answers at {self.address}: is the service up, is this its RUNTIME_HTTP_PORT, "
            "and does it want TLS (https://, --tls-ca FILE)?"
        )


def infer_request(
    signature_name: str, inputs: "Mapping[str, Any]", as_content: bool
) -> Tuple[bytes, Dict[str, str]]:
    """Return a body and its headers; see ``RestClient.predict`` for the arguments.

    Raises:
        ServingError: an input has no form in this protocol.
        TypeError: an input is of a type that no tensor can hold.
    """
    from serving_runtime.client.arrays import tensor_of
    from serving_runtime.client.missing import with_masks
    from serving_runtime.protocols.open_inference import client_codec

    tensors = {name: tensor_of(value, name) for name, value in with_masks(inputs).items()}
    body = client_codec.write_request(signature_name, tensors, as_content)
    if body.json_bytes is None:
        return body.payload, {"content-type": "application/json"}
    headers = {"content-type": "application/octet-stream", _LENGTH: str(body.json_bytes)}
    return body.payload, headers


def _json(answer: Answer) -> Dict[str, Any]:
    """Return the object that an answer is; an empty one where it is none."""
    try:
        found = json.loads(answer.body.decode("utf-8"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
