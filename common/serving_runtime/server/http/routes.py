"""Find what a method and a path ask for: the table of operations, compiled once.

A path is looked up whole, among those that were asked for before; only a new one is taken apart.
"""

import re
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Pattern, Tuple
from urllib.parse import unquote_to_bytes

from serving_runtime import operations
from serving_runtime.ipc.attributes import MODEL_VERSION
from serving_runtime.operations import HttpRoute, Operation
from serving_runtime.server.http.refusals import Refusal
from serving_runtime.server.metrics.transports import HttpCounts, HttpRequests
from serving_runtime.server.transport import NO_ATTRIBUTES, Attributes, Routes, UnaryHandler
from serving_runtime.settings import Settings

# Clients choose names and versions: paths that were seen are forgotten before they are too many.
MAX_SEEN = 256
# Which TensorFlow Serving's clients ask for, where they want whatever is served.
NEWEST = "0"
LABELS_OF_ANY = ("latest", "stable")
_PARTS = {
    "model": r"(?P<model>[^/]+?)",
    "version": r"(?P<version>[^/:]+)",
    "label": r"(?P<label>[^/:]+)",
}
_OPTIONS = "OPTIONS"


class Match(NamedTuple):
    """What is asked for: an operation, what answers it, and what the path says beside that."""

    operation: Operation
    handler: UnaryHandler
    counts: HttpRequests
    target: str = ""
    attributes: Attributes = NO_ATTRIBUTES
    is_forwarded: bool = False


Matches = Mapping[bytes, Match]  # by method


class RouteTable:
    """Everything that HTTP can ask for.

    Args:
        routes: the handlers.
        settings: which aliases there are, and the paths that a host chooses.
        model_name: returns what the model is called, once that is known.
        counts: what is counted.
    """

    def __init__(
        self,
        routes: Routes,
        settings: Settings,
        model_name: Callable[[], str] = str,
        counts: Optional[HttpCounts] = None,
    ) -> None:
        self.counts = counts or HttpCounts()
        self._model_name = model_name
        self._seen: Dict[bytes, Matches] = {}
        self._by_path: Dict[str, Dict[str, Match]] = {}
        self._listed: List[str] = []
        for row, handler in routes.unary.items():
            ways = list(_paths_of(row, settings))
            for method, path in ways:
                counted = self.counts.of(row, *ways[0])
                self._by_path.setdefault(path, {})[method] = Match(
                    row, handler, counted, is_forwarded=row.is_forwarded
                )
            self._listed += [" ".join(ways[0])] if ways else []
        # Those with the most letters of their own first: `…/{model}:predict` is no `…/{model}`.
        paths = sorted(self._by_path, key=lambda path: -len(re.sub("{.*?}", "", path)))
        self._patterns = [(_pattern_of(path), path) for path in paths if "{" in path]

    def find(self, method: bytes, path: bytes) -> Match:
        """Return what a method and a path ask for.

        Raises:
            Refusal: there is nothing by that path, or not by that method.
        """
        found = self._seen.get(path) or self._look_up(path)
        match = found.get(method)
        if match is None:
            raise self._refusal(method, path, found)
        return match

    def methods(self, path: bytes) -> str:
        """Return the methods of a path, as the header Allow has them; empty for an unknown path."""
        found = self._seen.get(path) or self._look_up(path)
        return ", ".join((*(it.decode() for it in found), _OPTIONS)) if found else ""

    def _look_up(self, path: bytes) -> Matches:
        text = path.decode("latin-1")
        found: Dict[str, Match] = {}
        for pattern, template in self._patterns:
            groups = pattern.fullmatch(text)
            if groups is not None:
                by_method = self._by_path[template].items()
                found = {method: _filled(match, groups) for method, match in by_method}
                break
        found.update(self._by_path.get(text, {}) if "{" not in text else {})
        matches = {method.encode(): match for method, match in found.items()}
        if b"GET" in matches:
            matches.setdefault(b"HEAD", matches[b"GET"])
        if matches:
            if len(self._seen) >= MAX_SEEN:
                self._seen.clear()
            self._seen[path] = matches
        return matches

    def _refusal(self, method: bytes, path: bytes, found: Matches) -> Refusal:
        shown = path[:200].decode("utf-8", "replace")
        # `…/m:predct` is no model of that name, but a misspelt verb.
        is_verb = method == b"POST" and b":" in path.rpartition(b"/")[2]
        if found and not (is_verb and method not in found):
            allowed = self.methods(path)
            words = f"{shown} takes {allowed}, and not {method.decode()}"
            return Refusal(405, words, (("allow", allowed),))
        name = self._model_name() or "{model}"
        there_is = ", ".join(self._listed).replace("{model}", name)
        return Refusal(404, f"there is no {shown} here; there is: {there_is}")


def _paths_of(row: Operation, settings: Settings) -> Iterator[Tuple[str, str]]:
    """Yield the methods and paths by which a row is asked for with these settings."""
    for route in row.http_routes:
        path = _path_of(route, settings)
        if path and (not route.aliases or settings.http_aliases & {*route.aliases}):
            yield route.method, path


def _path_of(route: HttpRoute, settings: Settings) -> str:
    """Return a route's path; a host may choose it, or none."""
    if not route.path.startswith("$"):
        return route.path
    return {
        "$AIP_PREDICT_ROUTE": settings.aip_predict_route,
        "$AIP_HEALTH_ROUTE": settings.aip_health_route,
    }[route.path]


def _pattern_of(path: str) -> Pattern[str]:
    """Return what a path's texts look like; TensorFlow Serving's are in letters of any size."""
    parts = [_PARTS[it] if odd else re.escape(it) for odd, it in _alternating(path)]
    return re.compile("".join(parts), re.IGNORECASE if path.startswith("/v1/") else 0)


def _alternating(path: str) -> Iterator[Tuple[bool, str]]:
    for index, part in enumerate(re.split("{(.*?)}", path)):
        yield bool(index % 2), part


def _filled(match: Match, groups: "re.Match[str]") -> Match:
    found = {
        name: unquote_to_bytes(text).decode("utf-8", "replace")
        for name, text in groups.groupdict().items()
    }
    version = found.get("version") or found.get("label") or ""
    is_any = version in LABELS_OF_ANY if "label" in found else _takes_newest(match, version)
    attributes = {MODEL_VERSION: version} if version and not is_any else NO_ATTRIBUTES
    return match._replace(target=found.get("model", ""), attributes=attributes)


def _takes_newest(match: Match, version: str) -> bool:
    return version == NEWEST and match.operation.protocol != operations.REST_INFER.protocol
