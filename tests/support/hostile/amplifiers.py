"""Requests of a given size on the wire that become as large as possible in memory."""

import zlib
from collections.abc import Callable
from typing import NamedTuple

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.scanning import BYTES_1, BYTES_3, sized
from tests.support.hostile import messages
from tests.support.hostile.messages import entry, keyed, predict, tag, tensor, with_x

GOOD = (entry(b"what", messages.words(b"")), entry(b"x", messages.doubles(1.0)))
EMPTY_STRING = sized(tag("string_val"), b"")
PACKER_BYTES = 1 << 20
RESERVED = 14  # of a request's fields there are three


class Amplifier(NamedTuple):
    """One form: ``write`` makes a request of at least so many bytes."""

    name: str
    write: Callable[[int], bytes]


def repeated(piece: bytes, size_bytes: int) -> bytes:
    """Return a piece as often as it takes."""
    return piece * -(-size_bytes // len(piece))


def numbered(size_bytes: int, write: Callable[[bytes], bytes]) -> bytes:
    """Return pieces with names of their own."""
    each = len(write(b"1234567"))
    return b"".join(write(b"%x" % number) for number in range(size_bytes // each))


def values(dtype: int, field: str, item: bytes) -> Callable[[int], bytes]:
    """Return a writer of a tensor with one packed value over and over."""
    return lambda size: with_x(tensor(dtype, [-1], sized(tag(field), repeated(item, size))))


def pieces(dtype: int, field: str, content: bytes = b"") -> Callable[[int], bytes]:
    """Return a writer of a tensor with a field over and over."""
    piece = sized(tag(field), content)
    return lambda size: with_x(tensor(dtype, [-1], repeated(piece, size)))


def one_for_many(size: int) -> bytes:
    """Write a value that stands for 16 MiB, beside a field that nobody reads."""
    many = tensor(hs.DT_DOUBLE, [2**21], sized(tag("double_val"), bytes(8)))
    return predict(entry(b"x", many), sized(1000, bytes(size)))


def texts(size: int) -> bytes:
    """Write as many empty strings as the model's contract lets through."""
    count = size // len(EMPTY_STRING)
    many = tensor(hs.DT_STRING, [count], EMPTY_STRING * count)
    x = tensor(hs.DT_DOUBLE, [1], sized(tag("double_val"), bytes(8)))
    return predict(entry(b"what", many), entry(b"x", x))


def bomb(size_bytes: int) -> bytes:
    """Return so many zeros, as gzip packs them: to a thousandth."""
    packer = zlib.compressobj(9, wbits=31)
    whole, rest = divmod(size_bytes, PACKER_BYTES)
    packed = [packer.compress(bytes(PACKER_BYTES)) for _ in range(whole)]
    return b"".join([*packed, packer.compress(bytes(rest)), packer.flush()])


AMPLIFIERS = (
    Amplifier("raw values", values(hs.DT_DOUBLE, "tensor_content", bytes(8))),
    Amplifier("typed values", values(hs.DT_DOUBLE, "double_val", bytes(8))),
    Amplifier("numbers of one byte", values(hs.DT_INT64, "int64_val", b"\1")),
    Amplifier("numbers of one byte, unpacked", lambda size: with_x(tensor(
        hs.DT_INT64, [-1], repeated(bytes([messages.NUMBERS["int64_val"] << 3, 1]), size)))),
    Amplifier("flags", values(hs.DT_BOOL, "bool_val", b"\1")),
    Amplifier("halves", values(hs.DT_HALF, "half_val", b"\1")),
    Amplifier("strings", texts),
    Amplifier("repeated values", one_for_many),
    Amplifier("dims", lambda size: with_x(
        tensor(hs.DT_DOUBLE, (), sized(messages.BYTES_2, repeated(b"\x12\0", size))))),
    Amplifier("variants", pieces(hs.DT_VARIANT, "variant_val")),
    Amplifier("tensors in variants", pieces(hs.DT_VARIANT, "variant_val", sized(BYTES_3, b""))),
    Amplifier("maps", pieces(hs.DT_MAP, "map_val")),
    Amplifier("inputs", lambda size: predict(numbered(size, lambda name: entry(name, b"")), *GOOD)),
    Amplifier("inputs of one name", lambda size: predict(repeated(entry(b"", b""), size), *GOOD)),
    Amplifier("keys of a map", lambda size: with_x(tensor(hs.DT_MAP, (), sized(
        tag("map_val"), numbered(size, lambda name: sized(BYTES_1, keyed(name, b""))))))),
    Amplifier("maps in maps", lambda size: predict(
        numbered(size, lambda name: entry(name, messages.nested(10))), *GOOD)),
    Amplifier("outputs to keep", lambda size: predict(*GOOD, repeated(sized(BYTES_3, b""), size))),
    Amplifier("unknown fields", lambda size: predict(
        *GOOD, repeated(bytes([RESERVED << 3, 1]), size))),
)  # fmt: skip
