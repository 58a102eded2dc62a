import pytest

from serving_runtime.errors import SettingError
from serving_runtime.security import files

SECRET = "c2VjcmV0-._~+/0123=="


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file of tokens and returns its path."""

    def write(text):
        path = tmp_path / "tokens"
        path.write_bytes(text)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"one", (b"one",)),
        (b"one\ntwo\n", (b"one", b"two")),
        (b"\r\n one \r\n\r\n\ttwo\r\n", (b"one", b"two")),
        (SECRET.encode(), (SECRET.encode(),)),
    ],
)
def test_tokens_are_the_lines(written, text, expected):
    """Blank lines, spaces around tokens and any end of line are none of them."""
    assert files.tokens("X", written(text)) == expected


@pytest.mark.parametrize("text", [b"", b"\n \n\r\n"])
def test_a_file_without_a_token_is_refused(written, text):
    """It would let nobody in, or everybody."""
    with pytest.raises(SettingError, match="has no token"):
        files.tokens("X", written(text))


@pytest.mark.parametrize("line", [b"two words", b"\xff\xfe", "grün".encode(), b"a=b", b"a\0b"])
def test_what_no_header_carries_is_refused_and_not_repeated(written, line):
    """The line is named, and nothing of the file goes into a message."""
    path = written(SECRET.encode() + b"\n\n" + line)
    with pytest.raises(SettingError) as caught:
        files.tokens("RUNTIME_TOKEN_FILE", path)
    text = str(caught.value)
    assert f"RUNTIME_TOKEN_FILE={path} has in line 3" in text
    assert SECRET not in text
    assert line.decode("latin-1") not in text


@pytest.mark.parametrize("path", ["/does/not/exist", "/tmp", "a\0b"])
def test_what_cannot_be_read_is_reported(path):
    """With the setting that names it, and why."""
    with pytest.raises(SettingError, match="RUNTIME_TLS_KEY=.* cannot be read: "):
        files.content("RUNTIME_TLS_KEY", path)
