import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import base64


@pytest.mark.parametrize("value", [b"", b"\0", b"ab", b"abc", bytes(range(256))])
def test_bytes_come_back(value):
    """Any bytes travel so, with or without the padding."""
    encoded = base64.encode(value)
    assert base64.is_encoded(encoded)
    assert base64.decode(encoded) == value
    assert base64.decode({"b64": encoded["b64"].rstrip("=")}) == value


@pytest.mark.parametrize("value", ["YQ==", {}, {"b64": 1}, {"b64": "YQ==", "x": 1}, [], None])
def test_what_else_there_is_is_no_text(value):
    """Only an object with that one key stands for bytes, as in TensorFlow Serving."""
    assert not base64.is_encoded(value)


@pytest.mark.parametrize("text", ["a", "Y Q=", "YQ==YQ==", "ä", "_-8="])
def test_what_is_no_base64_is_refused(text):
    """Letters that no alphabet has are not skipped over."""
    with pytest.raises(InvalidInput, match="no base64"):
        base64.decode({"b64": text})
