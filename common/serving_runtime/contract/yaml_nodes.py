"""Walk through a YAML document by its nodes, so that each mistake can be named with its line.

Nodes are read rather than values, since only nodes know their line, show a key that is given
twice, and leave a field called ``no`` or ``1`` its name.
"""

from typing import Any, Dict, List, NamedTuple, Sequence

from serving_runtime.contract.errors import ContractError
from serving_runtime.contract.rules import DEEPEST_NESTING
from serving_runtime.errors import nearest


class Place(NamedTuple):
    """A node of the document and where it stands."""

    path: str
    node: Any

    @property
    def line(self) -> str:
        """Return the line on which it begins."""
        return f"line {self.node.start_mark.line + 1}"

    @property
    def is_null(self) -> bool:
        """Whether nothing, ``null`` or ``~`` is written here."""
        return bool(self.node.tag == "tag:yaml.org,2002:null")

    def fault(self, expected: str) -> ContractError:
        """Return what was found here instead of what was expected."""
        kinds = {"mapping": "a mapping", "sequence": "a list"}
        found = kinds.get(self.node.id) or ("nothing" if self.is_null else f'"{self.node.value}"')
        return ContractError(self.path, f"expected {expected}, found {found}", self.line)


def compose(text: str) -> Place:
    """Return the root of a document.

    Raises:
        Fault: it is empty or is not YAML.
    """
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}" if mark else ""
        raise ContractError("", f"it is not YAML: {error.problem or error.context}", line) from None
    except yaml.YAMLError as error:
        raise ContractError("", f"it is not YAML: {error}") from None
    except RecursionError:
        raise ContractError("", f"it nests deeper than {DEEPEST_NESTING} fields") from None
    if node is None:
        raise ContractError("", "it is empty; expected at least one signature")
    return Place("", node)


def mapping(place: Place) -> Dict[str, Place]:
    """Return a mapping's values by key, keys as they are written.

    Raises:
        Fault: it is no mapping, or has a key twice.
    """
    if place.node.id != "mapping":
        raise place.fault("a mapping")
    parts: Dict[str, Place] = {}
    for key_node, value in place.node.value:
        key = word(Place(place.path, key_node))
        path = f"{place.path}.{key}" if place.path else key
        if key in parts:
            raise ContractError(
                path, "it is there twice; expected it once", Place(path, key_node).line
            )
        parts[key] = Place(path, value)
    return parts


def items(place: Place, expected: str) -> List[Place]:
    """Return the items of a list.

    Raises:
        Fault: it is no list; ``expected`` names of what.
    """
    if place.node.id != "sequence":
        raise place.fault(expected)
    return [Place(f"{place.path}[{index}]", node) for index, node in enumerate(place.node.value)]


def word(place: Place) -> str:
    """Return a single word as it is written.

    Raises:
        Fault: it is a list or a mapping.
    """
    if place.node.id != "scalar":
        raise place.fault("a single word")
    return str(place.node.value)


def expect_keys(place: Place, parts: Dict[str, Place], keys: Sequence[str]) -> None:
    """Check that a mapping has no other keys than these.

    Raises:
        Fault: it has one; names the nearest that it may have.
    """
    for key, part in parts.items():
        if key not in keys:
            suggestion = nearest(key, tuple(keys)) or ";"
            problem = f'unknown key "{key}"{suggestion} expected {", ".join(keys)}'
            raise ContractError(place.path, problem, part.line)
