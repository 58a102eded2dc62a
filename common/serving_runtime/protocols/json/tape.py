"""Read numbers where pysimdjson has parsed them, without a Python object for each.

Only what is right is read: everything else is a Doubt, for a reader that can say what is wrong.
pysimdjson takes nested lists for flat ones and does not notice when their lengths differ. So each
list's length is looked at, and at the end the opening brackets of the whole text are counted: if
they are as many as the shapes that were read have lists, no value was a list in disguise.
"""

from typing import Any, Dict, List, Tuple

import numpy as np

from serving_runtime.protocols.json import libraries
from serving_runtime.protocols.json.bounds import check_objects
from serving_runtime.protocols.json.lists import flatten
from serving_runtime.protocols.json.reader import Doubt, Read, Reader, Wanted
from serving_runtime.protocols.json.values import tensor_of
from serving_runtime.protocols.shapes import MAX_RANK, element_count
from serving_runtime.signature import ANY, NUMPY_DTYPES, Tensor
from serving_runtime.validation import casts

# What the values are read as, by the kind of the dtype that is wanted.
_BUFFERS: Dict[str, Tuple[str, str]] = {
    "f": ("d", "float64"),
    "i": ("i", "int64"),
    "u": ("u", "uint64"),
}
# A member is looked for by its name, one after the other.
_MAX_MEMBERS = 64
_BRACKET = ord("[")


class TapeReader(Reader):
    """Nodes are pysimdjson's own for objects and lists, else Python's values.

    Args:
        payload: the text; UTF-8.

    Raises:
        ValueError: pysimdjson cannot parse it, or another of its errors.
    """

    def __init__(self, payload: Any) -> None:
        self._payload = payload
        self._lists = 0
        self._has_buffers = False
        self.root = libraries.simdjson.Parser().parse(payload)
        self._object, self._array = libraries.simdjson.Object, libraries.simdjson.Array

    def is_object(self, node: Any) -> bool:
        """Return whether a node is an object."""
        return isinstance(node, self._object)

    def is_list(self, node: Any) -> bool:
        """Return whether a node is a list."""
        return isinstance(node, self._array)

    def members(self, node: Any, place: str) -> Dict[str, Any]:
        """Return an object's nodes by their names."""
        if not isinstance(node, self._object) or len(node) > _MAX_MEMBERS:
            raise Doubt
        names = list(node)
        # pysimdjson finds the first of those with one name, and reads names up to a NUL.
        if len(set(names)) < len(names) or "\0" in "".join(names):
            raise Doubt
        return {name: node[name] for name in names}

    def elements(self, node: Any, place: str) -> List[Any]:
        """Return a list's nodes."""
        if not isinstance(node, self._array):
            raise Doubt
        self._lists += 1
        return list(node)

    def plain(self, node: Any) -> Any:
        """Return a scalar; what holds others is for a reader that counts no lists."""
        if isinstance(node, (self._object, self._array)):
            raise Doubt
        return node

    def array(self, node: Any, wanted: Wanted) -> Read:
        """Return nested lists as an array."""
        if isinstance(node, self._object):
            raise Doubt
        if not isinstance(node, self._array):
            return tensor_of(flatten(node, wanted.place), wanted, may_overflow=False)
        if wanted.dtype == ANY or NUMPY_DTYPES[wanted.dtype].kind not in _BUFFERS:
            return self._by_lists(node, wanted)
        self._has_buffers = True
        return self._by_buffer(node, wanted)

    def finish(self) -> None:
        """Check that no other lists are in the text than those of the arrays that were read."""
        if self._has_buffers:
            characters = np.frombuffer(self._payload, np.uint8)
            if np.count_nonzero(characters == _BRACKET) != self._lists:
                raise Doubt

    def _by_lists(self, node: Any, wanted: Wanted) -> Read:
        check_objects(self._payload)
        flat = flatten(node.as_list(), wanted.place)
        self._count(flat.shape)
        return tensor_of(flat, wanted, may_overflow=False)

    def _by_buffer(self, node: Any, wanted: Wanted) -> Read:
        code, dtype = _BUFFERS[NUMPY_DTYPES[wanted.dtype].kind]
        shape = self._shape(node)
        try:
            array = np.frombuffer(node.as_buffer(of_type=code), NUMPY_DTYPES[dtype])
            if array.size != element_count(shape):
                raise Doubt
            array = array.reshape(shape)
            converted = casts.convert(Tensor(dtype, array), wanted.dtype, casts.SAME_KIND)
        except (TypeError, ValueError, casts.CastError):
            raise Doubt from None
        self._count(shape)
        return Read(Tensor(wanted.dtype, converted))

    def _shape(self, node: Any) -> Tuple[int, ...]:
        """Return the shape of lists that have one, by the lengths of all but the values."""
        shape, level = [len(node)], [node]
        while shape[-1] and isinstance(level[0][0], self._array):
            level = [item for each in level for item in each]
            if len(shape) == MAX_RANK or set(map(type, level)) != {self._array}:
                raise Doubt
            sizes = set(map(len, level))
            if len(sizes) != 1:
                raise Doubt
            shape.append(sizes.pop())
        return tuple(shape)

    def _count(self, shape: Tuple[int, ...]) -> None:
        """Count the lists that nested ones of a shape are."""
        lists = 1
        for size in shape:
            self._lists += lists
            lists *= size
