"""Nested fields: maps of tensors in and out."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor

MISSING, UNEXPECTED = ProblemKind.MISSING, ProblemKind.UNEXPECTED
DTYPE, SHAPE = ProblemKind.DTYPE, ProblemKind.SHAPE


def user(**changes):
    """Return the input of the model ``maps``, changed; None removes a field."""
    fields = {
        "name": tensor("string", "Ada"),
        "scores": tensor("float32", [0.5, 2]),
        "address": {"city": tensor("string", "Zürich")},
    }
    fields.update(changes)
    return {"user": {name: value for name, value in fields.items() if value is not None}}


def guest(name, *scores):
    """Return a map that the model ``crowd`` takes several of."""
    return {"name": tensor("string", name), "scores": tensor("float32", scores)}


def card(words, best):
    """Return a map that the model ``crowd`` answers for each."""
    return {"text": tensor("string", words), "best": tensor("float32", best)}


def crowd(title, users, *cards):
    """Return a case of the model ``crowd``."""
    return answered(title, "crowd", "greet_all", {"users": users}, cards=list(cards))


BEST = tensor("float32", 2)
CARD = {"text": tensor("string", "Ada from Zürich"), "best": BEST}
WIDE = tensor("float64", [0.5, 2])
ANYTHING = {"n": tensor("int64", [1, 2]), "deeper": {"s": tensor("string", b"x\0"), "e": {}}}

CASES = [
    answered("a map in a map", "maps", "greet", user(), card=CARD),
    answered("a cast inside a map", "maps", "greet", user(scores=WIDE), card=CARD),
    answered("a map of anything", "untyped", "identity_map", {"x": ANYTHING}, y=ANYTHING),
    answered("a map where anything goes", "untyped", "identity_any", {"x": ANYTHING}, y=ANYTHING),
    answered("a tensor where anything goes", "untyped", "identity_any", {"x": WIDE}, y=WIDE),
    answered("one map in a list", "maps", "greet", {"user": [user()["user"]]}, card=CARD),
    answered("two maps where anything goes", "untyped", "identity_any",
             {"x": [ANYTHING, ANYTHING]}, y=[ANYTHING, ANYTHING]),
    refused("two maps where one is declared", "untyped", "identity_map",
            {"x": [ANYTHING, ANYTHING]}, Wrong(SHAPE, "x")),
    refused("two maps for one", "maps", "greet", {"user": [user()["user"]] * 2},
            Wrong(SHAPE, "user")),
    crowd("several maps", [guest("Ada", 1, 2), guest("Bo", 3)], card("Ada!", 2), card("Bo!", 3)),
    crowd("one map for several", guest("Ada", 1), card("Ada!", 1)),
    crowd("no maps", []),
    refused("problems of several maps", "crowd", "greet_all",
            {"users": [guest("Ada", 1), {"name": BEST}]},
            Wrong(DTYPE, "users[1].name"), Wrong(MISSING, "users[1].scores")),
    refused("a tensor for several maps", "crowd", "greet_all", {"users": WIDE},
            Wrong(DTYPE, "users")),
    refused("a tensor for a map", "maps", "greet", {"user": WIDE}, Wrong(DTYPE, "user")),
    refused("every problem of a map", "maps", "greet", user(
        name=None,
        scores=tensor("string", "x"),
        address={"town": tensor("string", "Zürich")},
        age=BEST,
    ),
            Wrong(MISSING, "user.name"),
            Wrong(DTYPE, "user.scores"),
            Wrong(MISSING, "user.address.city"),
            Wrong(UNEXPECTED, "user.address.town"),
            Wrong(UNEXPECTED, "user.age")),
]  # fmt: skip
