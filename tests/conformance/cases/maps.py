"""Nested fields: maps of tensors in and out."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import Case, refused
from tests.conformance.messages import mapping, reply, request, tensor


def text(value):
    """Return a string scalar."""
    return tensor(hs.DT_STRING, [], string_val=[value.encode()])


def user(**changes):
    """Return the map that the model ``maps`` expects, changed; None removes a field."""
    fields = {
        "name": text("Ada"),
        "scores": tensor(hs.DT_FLOAT, [2], float_val=[0.5, 2]),
        "address": mapping(city=text("Zürich")),
    }
    fields.update(changes)
    return mapping(**{name: value for name, value in fields.items() if value is not None})


def greet(sent):
    """Return a request to the model ``maps``."""
    return request("greet", user=sent)


def two(*sent):
    """Return maps as the elements of one tensor."""
    return tensor(hs.DT_MAP, [len(sent)], map_val=[item.map_val[0] for item in sent])


BEST = tensor(hs.DT_FLOAT, [], float_val=[2])
CARD = mapping(text=text("Ada from Zürich"), best=BEST)
SHAPELESS = user()
SHAPELESS.ClearField("tensor_shape")
ONE = two(user())


def guest(name, *scores):
    """Return a map that the model ``crowd`` takes several of."""
    return mapping(name=text(name), scores=tensor(hs.DT_FLOAT, [len(scores)], float_val=scores))


def card(words, best):
    """Return a map that the model ``crowd`` answers for each."""
    return mapping(text=text(words), best=tensor(hs.DT_FLOAT, [], float_val=[best]))


def crowd(sent):
    """Return a request to the model ``crowd``."""
    return request("greet_all", users=sent)


WIDE = tensor(hs.DT_DOUBLE, [2], double_val=[0.5, 2])
CONTENT = tensor(hs.DT_FLOAT, [2], tensor_content=b"\0\0\0\x3f\0\0\0\x40")
ANYTHING = mapping(
    n=tensor(hs.DT_INT64, [2], int64_val=[1, 2]), deeper=mapping(s=text("x\0"), e=mapping())
)

CASES = [
    Case("a map in a map", "maps", greet(user()), reply(card=CARD)),
    Case("a map without a shape", "maps", greet(SHAPELESS), reply(card=CARD)),
    Case("a cast inside a map", "maps", greet(user(scores=WIDE)), reply(card=CARD)),
    Case("content inside a map", "maps", greet(user(scores=CONTENT)), reply(card=mapping(
        text=text("Ada from Zürich"), best=tensor(hs.DT_FLOAT, [], tensor_content=b"\0\0\0\x40")
    ))),
    Case("a map of anything", "untyped", request("identity_map", x=ANYTHING), reply(y=ANYTHING)),
    Case("a map where anything goes", "untyped", request("identity_any", x=ANYTHING),
         reply(y=ANYTHING)),
    Case("a tensor where anything goes", "untyped", request("identity_any", x=WIDE),
         reply(y=WIDE)),
    refused("a tensor for a map", "maps", greet(WIDE),
            'input "user": expected map, got float64[2]'),
    refused("every problem of a map", "maps", greet(user(
        name=None, scores=text("x"), address=mapping(town=text("Zürich")), age=BEST
    )), 'input "user.name" is missing: expected string[]; '
        'input "user.scores": expected float32[-1], got string[]; '
        'input "user.address.city" is missing: expected string[]; '
        'input "user.address.town" is not in the signature; '
        'input "user.age" is not in the signature'),
    refused("two maps for one", "maps", greet(two(user(), user())),
            'input "user": expected map, got map[2]'),
    refused("two maps without a shape", "maps", greet(tensor(
        hs.DT_MAP, [], map_val=[hs.MapTensorData(), hs.MapTensorData()]
    )), 'input "user": 2 maps for 1 element of shape []'),
    Case("two maps where anything goes", "untyped",
         request("identity_any", x=two(ANYTHING, ANYTHING)), reply(y=two(ANYTHING, ANYTHING))),
    refused("two maps where one is declared", "untyped",
            request("identity_map", x=two(ANYTHING, ANYTHING)),
            'input "x": expected map, got map[2]'),
    Case("several maps", "crowd", crowd(two(guest("Ada", 1, 2), guest("Bo", 3))),
         reply(cards=two(card("Ada!", 2), card("Bo!", 3)))),
    Case("one map for several", "crowd", crowd(guest("Ada", 1)),
         reply(cards=two(card("Ada!", 1)))),
    Case("no maps", "crowd", crowd(two()), reply(cards=two())),
    refused("problems of several maps", "crowd",
            crowd(two(guest("Ada", 1), mapping(name=BEST))),
            'input "users[1].name": expected string[], got float32[]; '
            'input "users[1].scores" is missing: expected float32[-1]'),
    refused("a tensor for several maps", "crowd", crowd(WIDE),
            'input "users": expected map[-1], got float64[2]'),
    Case("one map in a list", "maps", greet(ONE), reply(card=CARD)),
    refused("a tensor inside a map that cannot be read", "maps",
            greet(user(scores=tensor(hs.DT_FLOAT, [3], tensor_content=b"abc"))),
            'input "user": in "scores": tensor_content of 3 bytes is no multiple of float32\'s 4'),
]  # fmt: skip
