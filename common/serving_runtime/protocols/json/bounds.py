"""Bound what Python makes of a text: of two bytes, an empty object, it makes up to 240."""

import numpy as np

from serving_runtime.errors import InvalidInput
from serving_runtime.ipc.frames import Bytes

# No request has objects of so few bytes; a short one may look so.
MIN_OBJECT_BYTES = 6
SHORT_BYTES = 1 << 16
_BRACE = ord("{")


def check_objects(payload: Bytes) -> None:
    """Check that a text has no more objects than are worth their memory.

    Raises:
        InvalidInput: it consists of hardly anything else.
    """
    if len(payload) <= SHORT_BYTES:
        return
    count = np.count_nonzero(np.frombuffer(payload, np.uint8) == _BRACE)
    if count * MIN_OBJECT_BYTES > len(payload):
        raise InvalidInput(
            f"the body has {count} braces in {len(payload)} bytes: objects of less than "
            f"{MIN_OBJECT_BYTES} bytes on average are not read"
        )
