"""Nested fields: maps of tensors in and out."""

from serving_runtime.errors import ProblemKind
from tests.support.cases import Wrong, answered, refused, tensor

MISSING, UNEXPECTED, DTYPE = ProblemKind.MISSING, ProblemKind.UNEXPECTED, ProblemKind.DTYPE


def user(**changes):
    """Return the input of the model ``maps``, changed; None removes a field."""
    fields = {
        "name": tensor("string", "Ada"),
        "scores": tensor("float32", [0.5, 2]),
        "address": {"city": tensor("string", "Zürich")},
    }
    fields.update(changes)
    return {"user": {name: value for name, value in fields.items() if value is not None}}


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
