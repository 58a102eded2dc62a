"""Change proper requests so that most still get past the parser: to the checks and the encoding.

Cases are made from their group's number alone: whatever process made them, they can be made again.
"""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from tests.fuzz import corpus
from tests.fuzz.corpus import Case
from tests.fuzz.trees import Tree, copy_of, tree_of, varint, written
from tests.support import odd_requests
from tests.support.odd_requests import Packed, Writer

# How odd the writing is, and how many fields are changed; most cases are to be almost right.
ODDITIES = (0, 0, 0, 0, 0, 0, 0.01, 0.05)
CHANGES = (0, 1, 1, 1, 1, 2, 2, 4)
GARBLED_SHARE = 0.1  # of the cases, whose bytes are changed at the end
FRONT_SHARE = 0.05  # of the cases, for the methods that the front answers itself

# How often a field is repeated: up to more dimensions than NumPy has.
REPEATS = (1, 1, 1, 2, 64)
_RAW_VALUES = ("tensor_content", "raw_input_contents", "binary_val")
SIZES = (0, 1, 2, 3, 4, 6, 7, 100, *odd_requests.INTEGERS)
TEXTS = (
    *odd_requests.NAMES,
    *odd_requests.BAD_NAMES,
    *(b"rows", b"nested", b"float32", b"string", b"k", b"inner", b"signature_def"),
    *(b"a\nb\r\0c", b"/etc/x", b"x" * 2000, "\u2028\U0001f600".encode() * 300, b"%s{0}"),
)


class _Origin(NamedTuple):
    method: str
    descriptor: Any
    tree: Tree


class Mutator:
    """Makes cases from the corpus.

    Args:
        seed: of this run; other seeds make other cases.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._donors: dict[str, list[Tree]] = {}
        origins = [
            _Origin(method, message.DESCRIPTOR, tree_of(message))
            for method, message in corpus.seeds()
        ]
        self._by_front = [it for it in origins if it.method in corpus.FRONT_METHODS]
        self._by_worker = [it for it in origins if it.method not in corpus.FRONT_METHODS]
        for origin in origins:
            self._keep(origin.descriptor, origin.tree)
        for message in corpus.donors():
            self._keep(message.DESCRIPTOR, tree_of(message))

    def group(self, number: int, count: int) -> list[Case]:
        """Make ``count`` cases of one origin, which a worker may stack; ``number`` tells them."""
        chance = random.Random((self._seed << 64) + number)
        origin = self._origin(chance)
        return [self._case(origin, chance) for _ in range(count)]

    def change(self, chance: random.Random, case: Case) -> Case:
        """Make another case of a case's method: of its bytes if they can be read, or of a seed."""
        try:
            message = corpus.request_type(case.method).FromString(case.payload)
        except DecodeError:
            alike = [it for it in self._by_front + self._by_worker if it.method == case.method]
            return self._case(chance.choice(alike), chance)
        return self._case(_Origin(case.method, message.DESCRIPTOR, tree_of(message)), chance)

    def _origin(self, chance: random.Random) -> _Origin:
        of_front = chance.random() < FRONT_SHARE
        return chance.choice(self._by_front if of_front else self._by_worker)

    def _case(self, origin: _Origin, chance: random.Random) -> Case:
        tree = copy_of(origin.tree)
        for _ in range(chance.choice(CHANGES)):
            self._change_within(chance, origin.descriptor, tree)
        oddity = chance.choice(ODDITIES)
        payload = Writer(chance, oddity).message(tree) if oddity else written(tree)
        if chance.random() < GARBLED_SHARE:
            payload = odd_requests.mutate(chance, payload)
        return Case(origin.method, payload)

    def _keep(self, descriptor: Any, tree: Tree) -> None:
        """Keep a message and all within it, to be put into others in the place of their like."""
        self._donors.setdefault(descriptor.full_name, []).append(tree)
        for number, value in tree:
            if isinstance(value, list):
                self._keep(descriptor.fields_by_number[number].message_type, value)

    def _change_within(self, chance: random.Random, descriptor: Any, tree: Tree) -> None:
        """Change one field of a message, or of one within it."""
        inner = [(number, value) for number, value in tree if isinstance(value, list)]
        if inner and chance.random() < 0.8:
            number, value = chance.choice(inner)
            kind = descriptor.fields_by_number[number].message_type
            if chance.random() < 0.1:
                value[:] = copy_of(chance.choice(self._donors[kind.full_name]))
            else:
                self._change_within(chance, kind, value)
            return
        if not tree or chance.random() < 0.1:
            self._add(chance, descriptor, tree)
        else:
            _change_one(chance, descriptor, tree)

    def _add(self, chance: random.Random, descriptor: Any, tree: Tree) -> None:
        """Add a field, which may be a second value where one is expected."""
        if not descriptor.fields:
            return
        field = chance.choice(descriptor.fields)
        if field.message_type is None:
            tree.append((field.number, _leaf(chance, field)))
        elif field.message_type.full_name in self._donors:
            donor = chance.choice(self._donors[field.message_type.full_name])
            tree.append((field.number, copy_of(donor)))


def _change_one(chance: random.Random, descriptor: Any, tree: Tree) -> None:
    at = chance.randrange(len(tree))
    number, value = tree[at]
    kind = chance.randrange(10)
    if kind == 0:
        del tree[at]
    elif kind == 1:
        tree[at:at] = [tree[at]] * chance.choice(REPEATS)
    elif isinstance(value, list):
        chance.shuffle(tree)
    else:
        tree[at] = (number, _CHANGES[type(value)](chance, descriptor, number, value))


def _changed_number(chance: random.Random, descriptor: Any, number: int, value: int) -> int:
    field = descriptor.fields_by_number[number]
    if field.enum_type is not None and chance.random() < 0.9:
        return int(chance.choice(field.enum_type.values).number)
    return chance.choice(SIZES) if chance.random() < 0.7 else value + chance.choice([-1, 1])


def _changed_bytes(chance: random.Random, descriptor: Any, number: int, value: bytes) -> bytes:
    if descriptor.fields_by_number[number].name in _RAW_VALUES or chance.random() < 0.3:
        return odd_requests.mutate(chance, value)
    return chance.choice(TEXTS)


def _changed_packed(chance: random.Random, descriptor: Any, number: int, value: Packed) -> Packed:
    items = list(value.items)
    if not items or chance.random() < 0.1:
        items += items or [bytes(4)]
    elif chance.random() < 0.2:
        items.pop()
    else:
        at = chance.randrange(len(items))
        is_varint = value.wire == odd_requests.VARINT
        items[at] = varint(chance.choice(SIZES)) if is_varint else chance.randbytes(len(items[at]))
    return Packed(value.wire, items)


_CHANGES: dict[type, Callable[[random.Random, Any, int, Any], Any]] = {
    int: _changed_number,
    bytes: _changed_bytes,
    Packed: _changed_packed,
}


def _leaf(chance: random.Random, field: Any) -> Any:
    """Return a value for a field that was not there."""
    if field.enum_type is not None:
        return int(chance.choice(field.enum_type.values).number)
    if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        return chance.choice(TEXTS)
    if field.is_repeated:
        return chance.randbytes(chance.choice([0, 1, 4, 8, 16]))
    return chance.choice(SIZES)
