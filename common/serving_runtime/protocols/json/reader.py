"""What a protocol sees of a JSON text, whoever has parsed it: members, elements, arrays."""

import abc
from typing import Any, Callable, Dict, NamedTuple, NoReturn, Optional, Sequence

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json.wording import shown
from serving_runtime.signature import Tensor

# What becomes of a null among values: it is an error; NaN among floats; or marked as missing, with
# NaN in its place among floats, else 0, false or an empty text.
REFUSED, AS_NAN, MARKED = "refused", "as_nan", "marked"


class Doubt(Exception):
    """A quick reader cannot be sure of a text, which a more thorough one has to read."""


class Wanted(NamedTuple):
    """What values are read as.

    ``dtype``: a key of NUMPY_DTYPES, or ``any`` for whatever the values are. ``shown``: what the
    protocol's clients call that. ``place``: where the values stand, such as ``data``. ``nulls``:
    REFUSED, AS_NAN or MARKED. ``text``: reads a string's value where that may be something else
    than a JSON string; it returns None for what is no string.
    """

    dtype: str
    shown: str
    place: str
    nulls: str = REFUSED
    text: Optional[Callable[[Any], Optional[bytes]]] = None


class Read(NamedTuple):
    """An array that was read; ``missing`` marks its nulls, and is None if there are none."""

    tensor: Tensor
    missing: Optional[np.ndarray] = None


class Reader(abc.ABC):
    """A parsed text. A node is whatever stands for one of its values; scalars are Python's own.

    Attributes:
        root: the node of the whole text.
        is_last: whether its errors are what the client sees; what a quick one finds wrong is read
            once more, so it may stop at the first.
    """

    root: Any
    is_last = False

    @abc.abstractmethod
    def is_object(self, node: Any) -> bool:
        """Return whether a node is an object."""

    @abc.abstractmethod
    def is_list(self, node: Any) -> bool:
        """Return whether a node is a list."""

    @abc.abstractmethod
    def members(self, node: Any, place: str) -> Dict[str, Any]:
        """Return an object's nodes by their names; of several of one name, the last.

        Raises:
            InvalidInput: it is no object.
        """

    @abc.abstractmethod
    def elements(self, node: Any, place: str) -> Sequence[Any]:
        """Return a list's nodes.

        Raises:
            InvalidInput: it is no list.
        """

    @abc.abstractmethod
    def plain(self, node: Any) -> Any:
        """Return a node as Python's own values; meant for short ones."""

    @abc.abstractmethod
    def array(self, node: Any, wanted: Wanted) -> Read:
        """Return a list, of lists, as an array of their shape; a scalar as one without axes.

        Raises:
            InvalidInput: the lists have no such shape, or a value is none of the dtype; the text
                names the place.
        """

    def finish(self) -> None:
        """Check that what was read is right.

        Raises:
            Doubt: that is not certain.
        """

    @staticmethod
    def refuse(node: Any, place: str, expected: str) -> NoReturn:
        """Refuse a node that is none of what was expected.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput(f"{place} is {shown(node)}: expected {expected}")
