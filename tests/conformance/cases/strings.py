"""Strings: bytes on the wire, text in some frameworks and bytes in others."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor


def same(title, values, model="identity"):
    """Return a case of strings that come back."""
    sent = tensor("string", values)
    return answered(title, model, "identity_string", {"x": sent}, y=sent)


NO_TEXT = [b"fine", b"\xff\xfe"]

CASES = [
    # A framework has one of these two models: the one that its strings are.
    same("NULs within and at the end", [b"\0", b"a\0b\0\0", b""]),
    same("UTF-8 of every length", ["a", "ß", "雪", "🌍"]),
    same("different lengths in a matrix", [[b"a", b"bbbb"], [b"", b"cc" * 500]]),
    same("a scalar", "größer"),
    same("invalid UTF-8 where strings are bytes", NO_TEXT, "octets"),
    refused("invalid UTF-8 where strings are text", "text", "identity_string",
            {"x": tensor("string", NO_TEXT)}, Wrong(ProblemKind.UNREADABLE, "x")),
]  # fmt: skip
