"""Make ModelInferRequests of every form that protobuf's wire format allows, and some it forbids.

The same as ``odd_requests`` for Open Inference: a tree is drawn, and written with oddities by its
writer.
"""

import struct

from hydro_serving_grpc.messages import message_class
from tests.support.odd_requests import (
    BAD_NAMES,
    FIXED32,
    FIXED64,
    INTEGERS,
    NAMES,
    SIZES,
    VARINT,
    Packed,
    Writer,
)

Contents = message_class("inference.InferTensorContents")
NUMBERS = {name: it.number for name, it in Contents.DESCRIPTOR.fields_by_name.items()}
# Typed field, bytes of a raw value.
FORMS = {
    b"BOOL": ("bool_contents", 1),
    b"INT8": ("int_contents", 1),
    b"INT16": ("int_contents", 2),
    b"INT32": ("int_contents", 4),
    b"INT64": ("int64_contents", 8),
    b"UINT8": ("uint_contents", 1),
    b"UINT16": ("uint_contents", 2),
    b"UINT32": ("uint_contents", 4),
    b"UINT64": ("uint64_contents", 8),
    b"FP16": ("", 2),
    b"BF16": ("", 2),
    b"FP32": ("fp32_contents", 4),
    b"FP64": ("fp64_contents", 8),
    b"BYTES": ("bytes_contents", 0),
}
FIXED = {"fp32_contents": (FIXED32, 4), "fp64_contents": (FIXED64, 8)}
PARAMETERS = (
    (b"signature_name", [(3, b"add")]),
    (b"signature_name", [(2, 1)]),
    (b"timeout", [(2, 1000)]),
    (b"timeout", [(2, 2**64 - 1)]),
    (b"sequence_id", [(2, 7)]),
    (b"sequence_id", [(3, b"s")]),
    (b"sequence_start", [(1, 1)]),
    (b"sequence_end", [(1, 1)]),
    (b"priority", [(5, 3)]),
    (b"nothing", []),
)


def draw(random, oddity=0.0):
    """Return the bytes of a request."""
    return Writer(random, oddity).message(_request(random, oddity))


def _request(random, oddity):
    tree = []
    for number, values in ((1, (b"model", b"")), (2, (b"1",)), (3, (b"id", b"\xc3\xa4" * 9))):
        if random.random() < 0.4:
            tree.append((number, random.choice(BAD_NAMES if random.random() < oddity else values)))
    for _ in range(random.choice([0, 0, 1, 2])):
        name, value = random.choice(PARAMETERS)
        tree.append((4, [(1, name), (2, value)]))
    count = random.choice([0, 1, 1, 1, 2, 3])
    names = [_name(random, oddity) for _ in range(count)]
    if random.random() >= oddity:
        names = sorted(set(names))
    as_raw = random.random() < 0.5
    inputs = [_input(random, oddity, name, as_raw) for name in names]
    tree += [(5, tensor) for tensor, _ in inputs]
    if random.random() < 0.2:
        tree += [(6, [(1, _name(random, oddity))]) for _ in range(random.randint(1, 2))]
    raw = [content for _, content in inputs if content is not None]
    if raw and random.random() < oddity:
        raw.pop()
    return tree + [(7, content) for content in raw]


def _name(random, oddity):
    return random.choice(BAD_NAMES if random.random() < oddity else NAMES)


def _input(random, oddity, name, as_raw):
    """Return an input's tree, and its raw contents if it has any."""
    datatype = random.choice(sorted(FORMS))
    field, width = FORMS[datatype]
    shape = [random.choice(SIZES) for _ in range(random.choice([0, 1, 2, 2, 3]))]
    count = 1
    for size in shape:
        count *= size
    if random.random() < oddity:
        count = max(0, count + random.choice([-1, 1]))
    if shape and random.random() < oddity:
        shape[0] = random.choice([2**64 - 1, 2**64 - 2, 2**32, 2**62, 5])
    if random.random() < oddity:
        datatype = random.choice([b"", b"FP99", b"\xff"])
    tree = [(1, name), (2, datatype)] if name else [(2, datatype)]
    if shape:
        plain = Writer(random, 0.002)
        tree.append((3, Packed(VARINT, [plain.number(size) for size in shape])))
    if random.random() < 0.1:
        tree.append((4, [(1, b"binary_data_size"), (2, [(2, 4)])]))
    if as_raw or not field:
        return tree, _raw(random, width, count, datatype)
    if random.random() < oddity:
        field = random.choice(sorted(NUMBERS))
    tree.append((5, _typed(random, field, width, count)))
    if random.random() < oddity:
        tree.append((5, _typed(random, random.choice(sorted(NUMBERS)), width, count)))
    return tree, None


def _raw(random, width, count, datatype):
    if not width:
        elements = [_bytes(random, random.choice([0, 1, 3])) for _ in range(count)]
        return b"".join(struct.pack("<I", len(it)) + it for it in elements)
    if datatype == b"BOOL":
        return bytes(random.choice([0, 1]) for _ in range(count))
    return _bytes(random, width * count)


def _typed(random, field, width, count):
    if field == "bytes_contents":
        return [(8, _bytes(random, 3)) for _ in range(count)]
    number = NUMBERS[field]
    if field in FIXED:
        wire, size = FIXED[field]
        return [(number, Packed(wire, [_bytes(random, size) for _ in range(count)]))]
    plain = Writer(random, 0.002)
    items = [plain.number(_integer(random, field, width)) for _ in range(count)]
    return [(number, Packed(VARINT, items))]


def _bytes(random, size):
    return bytes(random.randrange(256) for _ in range(size))


def _integer(random, field, width):
    if field == "bool_contents":
        return random.choice([0, 1, 1, 1, 2]) if random.random() < 0.2 else 1
    if random.random() < 0.01:
        return random.choice(INTEGERS)
    is_signed = field.startswith("int")
    most = 8 * max(width, 1) - is_signed
    value = random.randrange(2 ** min(random.choice([7, 7, most, most]), most))
    return -value if is_signed and random.random() < 0.2 else value
