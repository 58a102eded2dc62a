"""Read and write texts that are no UTF-8, which JSON cannot hold: as ``{"b64": "…"}``.

See: "Encoding binary values" in tensorflow_serving/g3doc/api_rest.md of
https://github.com/tensorflow/serving
"""

import base64
import binascii
from typing import Any, Dict

from serving_runtime.errors import InvalidInput

KEY = "b64"


def is_encoded(value: Any) -> bool:
    """Whether a value is such an object: one that has no other key."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(KEY), str)


def decode(value: Dict[str, str]) -> bytes:
    """Return the bytes that such an object stands for.

    Raises:
        InvalidInput: it is no base64.
    """
    try:
        # Padding may be left out, as TensorFlow Serving has it.
        text = value[KEY].rstrip("=")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"a text in {KEY} is no base64 ({error})") from None


def encode(value: bytes) -> Dict[str, str]:
    """Return bytes as such an object."""
    return {KEY: base64.b64encode(value).decode("ascii")}
