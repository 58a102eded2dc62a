"""Register pushed images with a Hydrosphere manager, for its users to choose for their models.

What its API takes and answers was read in the sources of the manager, as it was in 2018 and later:
https://github.com/Hydrospheredata/hydro-serving
"""

import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NamedTuple

from tools.command_line import ToolError
from tools.release.manifest import Published
from tools.retrying import retrying

PATH = "/api/v1/runtime"
VARIABLE = "HYDROSPHERE_MANAGER"
TIMEOUT_SECONDS = 30
PAUSES_SECONDS = (1.0, 4.0)
"""Before the second and the third try, when a manager does not answer or says it is at fault."""

# A manager that has a runtime, or is pulling its image, says so with status 500 as a rule.
THERE = ("already exists", "already creating")
NO_LIST = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.METHOD_NOT_ALLOWED)
TAGS = ("latest", "immutable")

Body = dict[str, Any]


class AtFaultError(ToolError):
    """A manager does not answer, or says that it is itself at fault, which may pass."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str

    @property
    def says_there(self) -> bool:
        """Whether the manager refuses because it has the runtime."""
        text = self.text.lower()
        return self.status == http.HTTPStatus.CONFLICT or any(words in text for words in THERE)

    @property
    def first_line(self) -> str:
        """The answer in short."""
        return next(iter(self.text.strip().splitlines()), "")[:200] or "nothing more"


def endpoint(manager: str) -> str:
    """Return the address that takes runtimes, of a manager's own such as http://localhost:8080."""
    parts = urllib.parse.urlsplit(manager)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ToolError(
            f"the manager's address is {manager!r}, expected one like http://localhost:8080;"
            f" give it with --manager or {VARIABLE}"
        )
    if "@" in parts.netloc:
        raise ToolError("the manager's address holds a password: a manager asks for none")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"


def body(image: Published, tag: str) -> Body:
    """Return what a manager wants to know of an image, as its CreateRuntimeRequest.

    Args:
        image: one that was pushed.
        tag: `latest` for the tag that moves, which the manager's own list of runtimes has and
            users write down: one entry a row, whatever is released. `immutable` for the release's
            own: what runs never changes, and each release adds its entries to the manager's.
    """
    moving = image.moving_tags[0] if image.moving_tags else image.immutable_tag
    return {
        "name": image.image,
        "version": image.immutable_tag if tag == "immutable" else moving,
        "modelTypes": [f"{image.runtime}:{image.version}"],
        "tags": [image.runtime, image.status],
        "configParams": {},
    }


def register_all(address: str, images: tuple[Published, ...], tag: str) -> int:
    """Register each image that a manager lacks, print what became of each, and count failures."""
    there = _registered(address)
    results = [_register_one(address, image, tag, there) for image in images]
    counts = ", ".join(f"{results.count(result)} {result}" for result in dict.fromkeys(results))
    print(f"{address}: {counts}")
    return results.count("failed")


def _registered(address: str) -> set[tuple[str, str]]:
    """List what a manager has; nothing if it cannot list, since it will refuse what it has."""
    answer = _exchange(address)
    if answer.status in NO_LIST:
        return set()
    found = _json(address, answer, list, "a list")
    return {(str(it.get("name")), str(it.get("version"))) for it in found if isinstance(it, dict)}


def _register_one(address: str, image: Published, tag: str, there: set[tuple[str, str]]) -> str:
    wanted = body(image, tag)
    name = f"{wanted['name']}:{wanted['version']}"
    try:
        is_known = (wanted["name"], wanted["version"]) in there
        result = "registered" if not is_known and _register(address, wanted) else "there already"
    except ToolError as error:
        print(f"{image.row}: {name}: {error}", file=sys.stderr)
        return "failed"
    print(f"{image.row}: {name}: {result}", flush=True)
    return result


def _register(address: str, wanted: Body) -> bool:
    """Add one runtime, unless it is there; the manager then pulls the image in its own time."""
    answer = _exchange(address, wanted)
    if answer.says_there:
        return False
    # A list would be the answer to a GET: some proxy has redirected us.
    _json(address, answer, dict, "an object")
    return True


def _json(address: str, answer: Answer, expected: type, described: str) -> Any:
    try:
        content = json.loads(answer.text)
    except ValueError:
        content = None
    if not isinstance(content, expected):
        raise ToolError(
            f"{address} answered {answer.status} with {answer.first_line!r}, expected"
            f" {described} as JSON: is this the address of the manager?"
        )
    return content


def _exchange(address: str, wanted: Body | None = None) -> Answer:
    """Ask, and ask again where that may help."""
    return retrying(
        lambda: _attempt(address, wanted),
        PAUSES_SECONDS,
        AtFaultError,
        lambda error, _: print(f"{error}; trying again", file=sys.stderr),
    )


def _attempt(address: str, wanted: Body | None) -> Answer:
    """Send one request: a GET, or a POST of what is wanted."""
    request = urllib.request.Request(  # noqa: S310 (`endpoint` has checked the scheme)
        address,
        data=None if wanted is None else json.dumps(wanted).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with _answered(request) as response:
            answer = Answer(response.status, response.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise AtFaultError(f"{address} cannot be reached: {reason}") from error
    if answer.status < 400 or answer.says_there or answer.status in NO_LIST:
        return answer
    refusal = AtFaultError if answer.status >= 500 else ToolError
    raise refusal(f"{address} answered {answer.status}: {answer.first_line}")


def _answered(request: urllib.request.Request) -> Any:
    """Send a request; a status of refusal is an answer too."""
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310 (see above)
    except urllib.error.HTTPError as refused:
        return refused
