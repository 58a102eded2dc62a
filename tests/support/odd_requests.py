"""Make PredictRequests of every form that protobuf's wire format allows, and some that it forbids.

They are TensorFlow Serving's, or Hydrosphere 3.x's, by the form of their tensors.

A request is drawn as a tree first. It is then written with oddities: fields in any order, twice,
or unknown; packed values in chunks, one by one, or both; numbers longer than need be; groups.
At last some bytes are changed. Everything comes from one random generator, so that a case can be
run again.
"""

import struct

import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors.dtypes import WIRE_TYPES
from serving_runtime.protocols.protobuf.tensors.form import TENSOR_PROTO

VARINT, FIXED64, LENGTH_DELIMITED, START_GROUP, END_GROUP, FIXED32 = range(6)

NUMBERS = {name: field.number for name, field in hs.TensorProto.DESCRIPTOR.fields_by_name.items()}
SOURCES = {item.number: item.fields[-1] for item in WIRE_TYPES.values()}
ITEM_BYTES = {item.number: item.element.itemsize for item in WIRE_TYPES.values()}
SIZES = [0] + [1, 1, 2, 3, 4] * 6
FIXED_BYTES = {"float_val": 4, "scomplex_val": 4, "double_val": 8, "dcomplex_val": 8}
NAMES = [b"x", b"y", b"", b"\xc3\xa4", b"a name that is long enough for an odd alignment"]
BAD_NAMES = [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"]
INTEGERS = [0, 1, 2, 127, 128, 255, 300, 16383, 16384, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1,
            2**32, 2**35, 2**56, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 2, 2**64 - 128]  # fmt: skip


class Packed:
    """The values of a packed field, each as its bytes."""

    def __init__(self, wire, items):
        self.wire = wire
        self.items = items


class Writer:
    """Writes trees: lists of a field's number with an int, bytes, a tree or packed values.

    Args:
        random: where chance comes from.
        oddity: the chance of each oddity at each place where it can be.
    """

    def __init__(self, random, oddity):
        self.random = random
        self.oddity = oddity

    def odd(self):
        """Return whether to do something odd here."""
        return self.random.random() < self.oddity

    def number(self, value):
        """Write a varint, of more bytes than need be if that is odd."""
        value &= 2**64 - 1
        groups = []
        while value > 0x7F:
            groups.append(value & 0x7F | 0x80)
            value >>= 7
        groups.append(value)
        if self.odd():
            more = self.random.choice([1, 1, 2, 5, 9])
            groups[-1] |= 0x80
            groups += [0x80] * (more - 1) + [self.random.choice([0, 0, 0, 1, 2])]
        return bytes(groups)

    def field(self, number, wire, content):
        """Write one field; bytes get their length."""
        head = self.number(number << 3 | wire)
        if wire != LENGTH_DELIMITED:
            return head + content
        size = len(content)
        if self.odd():
            size = max(0, size + self.random.choice([-1, 1, 3, 1000, 2**31, 2**32, 2**63]))
        return head + self.number(size) + content

    def message(self, tree):
        """Write a message's fields."""
        parts = []
        for number, value in tree:
            parts += self.value(number, value)
        if parts and self.odd():
            parts.append(self.random.choice(parts))
        if parts and self.odd():
            parts.pop(self.random.randrange(len(parts)))
        if self.odd():
            self.random.shuffle(parts)
        if self.odd():
            parts.insert(self.random.randint(0, len(parts)), self.stranger())
        return b"".join(parts)

    def value(self, number, value):
        """Write one field of a tree; packed values may become several."""
        if isinstance(value, int):
            return [self.field(number, VARINT, self.number(value))]
        if isinstance(value, list):
            return [self.field(number, LENGTH_DELIMITED, self.message(value))]
        if isinstance(value, Packed):
            return self.packed(number, value)
        return [self.field(number, LENGTH_DELIMITED, value)]

    def packed(self, number, value):
        """Write packed values whole, or in chunks, of which each may have its values one by one."""
        items = value.items
        chunks = [items]
        if self.odd():
            middle = self.random.randint(0, len(items))
            chunks = [items[:middle], items[middle:]]
        written = []
        for chunk in chunks:
            if self.odd():
                written += [self.field(number, value.wire, item) for item in chunk]
            else:
                written.append(self.field(number, LENGTH_DELIMITED, b"".join(chunk)))
        return written

    def stranger(self):
        """Write a field that the message does not have, or that none may have."""
        kind = self.random.randrange(8)
        number = self.random.choice([1, 2, 3, 5, 14, 27, 99, 2**29 - 1, 2**29])
        inside = self.field(1, VARINT, b"\1")
        return [
            self.field(number, VARINT, self.number(1)),
            self.field(number, LENGTH_DELIMITED, b"\x08\1"),
            self.field(number, FIXED32, bytes(4)),
            self.field(number, FIXED64, bytes(8)),
            self.field(number, START_GROUP, inside + self.field(number, END_GROUP, b"")),
            self.field(number, END_GROUP, b""),
            self.field(0, self.random.randrange(8), b"\1"),
            self.field(number, self.random.choice([6, 7]), b"\1"),
        ][kind]


def draw(random, oddity=0.0, form=TENSOR_PROTO):
    """Return the bytes of a request with tensors of a form."""
    tree = _request(random, oddity) if form is TENSOR_PROTO else _inputs(random, oddity, form, 1)
    return Writer(random, oddity).message(tree)


def mutate(random, payload):
    """Return the bytes with some changed, most often as many as before."""
    data = bytearray(payload)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        if not data:
            break
        at = random.randrange(len(data))
        kind = random.randrange(16)
        if kind < 5:
            data[at] ^= 1 << random.randrange(8)
        elif kind < 8:
            data[at] = random.choice([0, 1, 2, 0x7F, 0x80, 0xFF, 8, 10, 18, 26, 42])
        elif kind < 12:  # most often among the values
            data[max(len(data) - at % 16 - 1, 0)] = random.randrange(256)
        elif kind < 13:
            del data[at:]
        elif kind < 14:
            del data[at : at + random.randint(1, 4)]
        elif kind < 15:
            data[at:at] = bytes(random.randrange(256) for _ in range(random.randint(1, 3)))
        else:
            stop = min(len(data), at + random.randint(1, 20))
            data[at:at] = data[at:stop]
    return bytes(data)


def _request(random, oddity):
    tree = []
    if random.random() < 0.7:
        spec = [(1, b"model")] if random.random() < 0.5 else []
        if random.random() < 0.3:
            spec.append((2, [(1, random.choice(INTEGERS))]))
        tree.append((1, [*spec, (3, _name(random, oddity))]))
    tree += _inputs(random, oddity, TENSOR_PROTO, 2)
    if random.random() < 0.2:
        tree += [(3, _name(random, oddity)) for _ in range(random.randint(1, 2))]
    return tree


def _inputs(random, oddity, form, number):
    count = random.choice([0, 1, 1, 1, 2, 3])
    names = [_name(random, oddity) for _ in range(count)]
    if random.random() >= oddity:
        names = sorted(set(names))
    return [(number, [(1, name), (2, _tensor(random, oddity, form))]) for name in names]


def _name(random, oddity):
    return random.choice(BAD_NAMES if random.random() < oddity else NAMES)


def _tensor(random, oddity, form, depth=0):
    if random.random() < 0.05 and depth < 3:
        keys = [(1, [(1, b"k"), (2, _tensor(random, oddity, form, depth + 1))])]
        count = random.choice([1, 1, 2])
        dims = random.choice([[], [], [count], [2**64 - 1]])
        return [(1, hs.DT_MAP), (2, _shape(random, dims, form)), *[(27, keys)] * count]
    dtype = random.choice(sorted(SOURCES if random.random() < oddity else form.by_number))
    source = SOURCES[dtype]
    if random.random() < oddity:
        source = random.choice(sorted(set(SOURCES.values())))
    shape = [random.choice(SIZES) for _ in range(random.choice([0, 1, 2, 2, 3]))]
    count = 1
    for size in shape:
        count *= size
    if random.random() < oddity:
        count = max(0, count + random.choice([-1, 1]))
    if shape and random.random() < 0.1 + oddity:
        shape[0] = random.choice([2**64 - 1, 2**64 - 1, 2**64 - 2, 2**32, 2**62, 5])
    tree = [(1, dtype)]
    if shape or random.random() < 0.5:
        tree.append((2, _shape(random, shape, form)))
    if random.random() < oddity:
        tree.append((2, [(3, 1)]))
    tree += _values(random, dtype, source, count)
    if random.random() < oddity:
        tree += _values(random, dtype, random.choice(sorted(set(SOURCES.values()))), count)
    return tree


def _shape(random, sizes, form):
    if form is TENSOR_PROTO:
        return [(2, [(1, size)] if size else []) for size in sizes]
    plain = Writer(random, 0)
    return [(1, Packed(VARINT, [plain.number(size) for size in sizes]))] if sizes else []


def _values(random, dtype, source, count):
    if source == "string_val":
        return [(8, bytes(random.randrange(256) for _ in range(3))) for _ in range(count)]
    if random.random() < 0.4 and dtype != hs.DT_STRING:
        return [(4, _bytes(random, ITEM_BYTES[dtype] * count, dtype == hs.DT_BOOL))]
    if source in ("scomplex_val", "dcomplex_val"):
        count *= 2
    if source in FIXED_BYTES:
        width = FIXED_BYTES[source]
        items = [_bytes(random, width) for _ in range(count)]
        return [(NUMBERS[source], Packed(FIXED32 if width == 4 else FIXED64, items))]
    plain = Writer(random, 0.002)
    return [(NUMBERS[source], Packed(VARINT, [plain.number(_integer(random, source, dtype))
                                              for _ in range(count)]))]  # fmt: skip


def _bytes(random, size, are_bools=False):
    if are_bools:
        return bytes(random.choice([0, 1]) for _ in range(size))
    if size == 8 and random.random() < 0.5:
        return struct.pack("<d", random.random())
    return bytes(random.randrange(256) for _ in range(size))


def _integer(random, source, dtype):
    if source == "bool_val":
        return random.choice([0, 1, 1, 1, 2]) if random.random() < 0.2 else 1
    if random.random() < 0.01:
        return random.choice(INTEGERS)
    most = 8 * ITEM_BYTES[dtype] - (source in ("int_val", "int64_val"))
    value = random.randrange(2 ** min(random.choice([7, 7, most, most]), most))
    return -value if source in ("int_val", "int64_val") and random.random() < 0.2 else value
