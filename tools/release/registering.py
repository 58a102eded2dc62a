"""Register pushed images with a Hydrosphere manager, for its users to choose for their models.

What its API takes and answers was read in the sources of the manager, as it was in 2018 and later:
https://github.com/Hydrospheredata/hydro-serving
"""

import argparse
import http.client
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tools.release import manifest
from tools.release.manifest import Published
from tools.retrying import retrying
from tools.rows import Matrix

PATH = "/api/v1/runtime"
VARIABLE = "HYDROSPHERE_MANAGER"
TIMEOUT_SECONDS = 30
PAUSES_SECONDS = (1.0, 4.0)
"""Before the second and the third try, when a manager does not answer or says it is at fault."""

# A manager that has a runtime, or is pulling its image, says so with status 500 as a rule.
THERE = ("already exists", "already creating")
NO_LIST = (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.METHOD_NOT_ALLOWED)
TAGS = ("latest", "immutable")
KINDS: Mapping[type, str] = {list: "a list", dict: "an object"}

Body = dict[str, Any]


class RegisteringError(Exception):
    """A manager did not take what it was sent; the message has the reason and what would help."""


class AtFaultError(RegisteringError):
    """A manager does not answer, or says that it is itself at fault, which may pass."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str

    @property
    def says_there(self) -> bool:
        """Whether the manager refuses because it has the runtime."""
        told = self.text.lower()
        return self.status == http.HTTPStatus.CONFLICT or any(words in told for words in THERE)

    @property
    def first_line(self) -> str:
        """The answer in short."""
        return next(iter(self.text.strip().splitlines()), "")[:200] or "nothing more"


def endpoint(manager: str) -> str:
    """Return the address that takes runtimes.

    Args:
        manager: the manager's own address, such as http://localhost:8080.

    Raises:
        RegisteringError: it is no such address.
    """
    parts = urllib.parse.urlsplit(manager)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegisteringError(
            f"the manager's address is {manager!r}, expected one like http://localhost:8080;"
            f" give it with --manager or {VARIABLE}"
        )
    if "@" in parts.netloc:
        raise RegisteringError("the manager's address holds a password: a manager asks for none")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"


def body(image: Published, tag: str) -> Body:
    """Return what a manager wants to know of an image.

    Args:
        image: one that was pushed.
        tag: `latest` for the tag that moves, which the manager's own list of runtimes has and
            users write down: one entry a row, whatever is released. `immutable` for the release's
            own: what runs never changes, and each release adds its entries to the manager's.

    Returns:
        The keys and types of the manager's CreateRuntimeRequest.
    """
    moving = image.moving_tags[0] if image.moving_tags else image.immutable_tag
    return {
        "name": image.image,
        "version": image.immutable_tag if tag == "immutable" else moving,
        "modelTypes": [f"{image.runtime}:{image.version}"],
        "tags": [image.runtime, image.status],
        "configParams": {},
    }


def registered(address: str) -> set[tuple[str, str]]:
    """List the names and versions of the runtimes that a manager has.

    Returns:
        None at all if this manager cannot list: it will refuse what it has.

    Raises:
        RegisteringError: what answers is no manager.
    """
    answer = _exchange(address)
    if answer.status in NO_LIST:
        return set()
    found = _json(address, answer, list)
    return {(str(it.get("name")), str(it.get("version"))) for it in found if isinstance(it, dict)}


def register(address: str, wanted: Body) -> bool:
    """Add one runtime, unless it is there; the manager then pulls the image in its own time.

    Returns:
        Whether it was added.

    Raises:
        RegisteringError: the manager refused it.
    """
    answer = _exchange(address, wanted)
    if answer.says_there:
        return False
    _json(address, answer, dict)  # a list is the answer to a GET: some proxy has redirected us
    return True


def _json(address: str, answer: Answer, expected: type) -> Any:
    try:
        content = json.loads(answer.text)
    except ValueError:
        content = None
    if not isinstance(content, expected):
        raise RegisteringError(
            f"{address} answered {answer.status} with {answer.first_line!r}, expected"
            f" {KINDS[expected]} as JSON: is this the address of the manager?"
        )
    return content


def _exchange(address: str, wanted: Body | None = None) -> Answer:
    """Ask, and ask again where that may help.

    Raises:
        RegisteringError: the last answer was a refusal, or there was none.
    """
    return retrying(lambda: _attempt(address, wanted), PAUSES_SECONDS, AtFaultError, _report)


def _report(error: Exception, _: float) -> None:
    print(f"{error}; trying again", file=sys.stderr)


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
    refusal = AtFaultError if answer.status >= 500 else RegisteringError
    raise refusal(f"{address} answered {answer.status}: {answer.first_line}")


def _answered(request: urllib.request.Request) -> Any:
    """Send a request; a status of refusal is an answer too."""
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310 (see above)
    except urllib.error.HTTPError as refused:
        return refused


def register_all(address: str, images: tuple[Published, ...], tag: str) -> int:
    """Register each image that a manager does not have, and say what became of each.

    Returns:
        How many could not be registered.

    Raises:
        RegisteringError: the manager cannot be asked at all.
    """
    there = registered(address)
    results = [_register_one(address, image, tag, there) for image in images]
    counts = ", ".join(f"{results.count(result)} {result}" for result in dict.fromkeys(results))
    print(f"{address}: {counts}")
    return results.count("failed")


def _register_one(address: str, image: Published, tag: str, there: set[tuple[str, str]]) -> str:
    wanted = body(image, tag)
    name = f"{wanted['name']}:{wanted['version']}"
    try:
        known = (wanted["name"], wanted["version"]) in there
        result = "registered" if not known and register(address, wanted) else "there already"
    except RegisteringError as error:
        print(f"{image.row}: {name}: {error}", file=sys.stderr)
        return "failed"
    print(f"{image.row}: {name}: {result}", flush=True)
    return result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb `register` takes."""
    parser.add_argument("--manager", metavar="URL", help=f"else the variable {VARIABLE}")
    parser.add_argument("--manifest", type=Path, default=manifest.MANIFEST, metavar="FILE")
    parser.add_argument(
        "--tag", choices=TAGS, default="latest", help="by which tag (default: the moving one)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only print what would be sent")


def run(matrix: Matrix, options: argparse.Namespace) -> int:
    """Do what the verb `register` is asked, and return the exit code.

    Raises:
        ManifestError: nothing was pushed, or it is not known what.
        RegisteringError: the manager cannot be asked.
    """
    images = manifest.read(matrix.root / options.manifest).images
    if options.dry_run:
        print("\n".join(json.dumps(body(image, options.tag)) for image in images))
        return 0
    address = endpoint(options.manager or os.environ.get(VARIABLE, ""))
    return 1 if register_all(address, images, options.tag) else 0
