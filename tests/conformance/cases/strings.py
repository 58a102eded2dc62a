"""Strings: bytes on the wire, text in some frameworks and bytes in others."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case, refused
from tests.conformance.messages import reply, request, tensor


def strings(sizes, *values):
    """Return a tensor of strings."""
    return tensor(hs.DT_STRING, sizes, string_val=values)


def same(title, sent, model="identity"):
    """Return a case of strings that come back."""
    return Case(title, model, request("identity_string", x=sent), reply(y=sent))


NO_TEXT = strings([2], b"fine", b"\xff\xfe")

CASES = [
    # A framework has one of these two models: the one that its strings are.
    same("NULs within and at the end", strings([3], b"\0", b"a\0b\0\0", b"")),
    same("UTF-8 of every length", strings([4], *(c.encode() for c in "aß雪🌍"))),
    same("different lengths in a matrix", strings([2, 2], b"a", b"bbbb", b"", b"cc" * 500)),
    same("a scalar", strings([], "größer".encode())),
    same("invalid UTF-8 where strings are bytes", NO_TEXT, "octets"),
    refused("invalid UTF-8 where strings are text", "text", request("identity_string", x=NO_TEXT),
            'input "x": element 1 is not UTF-8 (invalid start byte)'),
    refused("strings in tensor_content", "identity",
            request("identity_string", x=tensor(hs.DT_STRING, [1], tensor_content=b"\1a")),
            'input "x": string has its values in string_val, not in tensor_content'),
]  # fmt: skip
