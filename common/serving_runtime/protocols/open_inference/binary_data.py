"""Divide a request into its JSON and the values that stand after it, one input's after another."""

import re
from typing import Any, List, Mapping, Optional

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.attributes import HEADER_LENGTH
from serving_runtime.validation.problems import quoted

_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_HEADER = "Inference-Header-Content-Length"


class BinaryData:
    """What stands after the JSON.

    Args:
        view: of the payload.
        start: where the JSON ends; None if nothing says that, and all of it is JSON.

    Attributes:
        sizes: of what was taken.
    """

    CALLED = "binary data"

    def __init__(self, view: memoryview, start: Optional[int]) -> None:
        self._view = view
        self._has_header = start is not None
        self._at = len(view) if start is None else start
        self.sizes: List[int] = []

    def take(self, size: Any, name: str) -> memoryview:
        """Return an input's values, which are the next.

        Args:
            size: in bytes, as it was sent.
            name: of the input.

        Raises:
            InvalidInput: the size is none, or there are not so many bytes.
        """
        if type(size) is not int or size < 0:
            raise InvalidInput(
                f"binary_data_size of input {quoted(name)} is {quoted(str(size))}: "
                "expected a number of bytes"
            )
        if not self._has_header and size:
            raise InvalidInput(
                f"input {quoted(name)} has {self.CALLED}, but no header {_HEADER} says where the "
                "JSON ends"
            )
        left = len(self._view) - self._at
        if size > left:
            raise InvalidInput(
                f"input {quoted(name)} has {size} bytes of {self.CALLED}, but after those of the "
                f"inputs before it there are {left}"
            )
        self._at += size
        self.sizes.append(size)
        return self._view[self._at - size : self._at]

    def finish(self) -> None:
        """Check that all was taken.

        Raises:
            InvalidInput: something is left over.
        """
        left = len(self._view) - self._at
        if left:
            raise InvalidInput(
                f"{left} bytes of {self.CALLED} are left over after the binary_data_size of all "
                "inputs"
            )


def header_length(view: memoryview, attributes: Mapping[str, str]) -> Optional[int]:
    """Return how many bytes of a payload are JSON; None where no header says so.

    Raises:
        InvalidInput: the header is no such number, or beyond the body.
    """
    text = attributes.get(HEADER_LENGTH)
    if text is None:
        return None
    if not _NUMBER.match(text):
        raise InvalidInput(f"the header {_HEADER} is {quoted(text)}: expected a number of bytes")
    if int(text) > len(view):
        raise InvalidInput(
            f"the header {_HEADER} is {quoted(text)}, but the body has {len(view)} bytes"
        )
    if not int(text):
        raise InvalidInput(
            f"the header {_HEADER} is 0, but a body without JSON names no tensor: expected the "
            "length of the JSON that stands before the binary data"
        )
    return int(text)
