"""What the caller sees of a model that fails or breaks its own contract."""

import hydro_serving_grpc as hs
from tests.conformance.cases.case import (
    INTERNAL,
    INVALID,
    OUT_OF_RANGE,
    Case,
    refused,
)
from tests.conformance.messages import reply, request, tensor

LIMIT_BYTES = 1024
HIDDEN = {"RUNTIME_ERROR_DETAIL": "none"}


def doubles(*values):
    """Return float64 values."""
    return tensor(hs.DT_DOUBLE, [len(values)], double_val=values)


X = doubles(1, 2)


def fails(signature_name, status, details, **settings):
    """Return a case of the model ``failures``."""
    return Case(signature_name, "failures", request(signature_name, x=X),
                status=status, details=details, settings=settings)  # fmt: skip


def take(*indices):
    """Return a request to the model ``lookup``."""
    return request("take", index=tensor(hs.DT_INT32, [len(indices)], int_val=indices))


def root(*values):
    """Return another one."""
    return request("root", x=doubles(*values))


def wrong_type(signature_name, result, type_name):
    """Return a case whose result is of the wrong type, told in the words of the seeds."""
    return fails(
        signature_name,
        OUT_OF_RANGE,
        f"Type of a result ({result}) is not `PredictResponse`, nor a dict of arrays by output "
        f"name: {signature_name} returned {type_name}",
    )


CASES = [
    Case("values that are in range", "lookup", take(2, 0), reply(y=doubles(2.5, 0.5))),
    refused("a value that is out of range", "lookup", take(0, 9),
            "indices[1] = 9 is not in [0, 3)…"),
    Case("values that pass a check", "lookup", root(4, 0), reply(y=doubles(2, 0))),
    refused("a value that fails a check", "lookup", root(4, -1),
            "assertion failed: [x must not be negative]…"),
    # Hydrosphere's clients compare the details with repr(exception).
    fails("raises_two", INTERNAL, repr(ValueError("no such colour", "blue"))),
    fails("raises_own", INTERNAL, "<no such colour: 'blue' (try \"red\")>"),
    fails("raises_unicode", INTERNAL, repr(ValueError("größer als 5 €\n– 雪", 1))),
    fails("raises_long", INTERNAL, "ValueError('".ljust(LIMIT_BYTES - 3, "x") + "..."),
    fails("exits", INTERNAL, "SystemExit('over', 3)"),
    fails("interrupts", INTERNAL, "KeyboardInterrupt('a', 'b')"),
    fails("refuses", INVALID, "x must not be negative: row 0 is 1.0"),
    wrong_type("returns_list", "[1.5, 2.0]", "list"),
    wrong_type("returns_none", "None", "NoneType"),
    wrong_type("returns_long", "x" * 400 + "...", "str"),
    fails("forgets", OUT_OF_RANGE, 'output "y" is missing: expected float64[-1]'),
    fails("misspells", OUT_OF_RANGE,
          'output "y" is missing: expected float64[-1]'),
    fails("gives_strings", OUT_OF_RANGE, 'output "y": expected float64[-1], got string[2]'),
    fails("gives_matrix", OUT_OF_RANGE,
          'output "y": expected float64[-1], got float64[1, 2]: drop the leading axis'),
    fails("gives_ragged", OUT_OF_RANGE, 'output "y"…'),
    fails("gives_objects", OUT_OF_RANGE,
          'output "y": expected float64[-1], got objects of type dict'),
    fails("gives_too_large", OUT_OF_RANGE,
          'output "y": expected float32[-1], got float64[2]: 1e+300 overflows float32 to infinity'),
    Case("gives_more", "failures", request("gives_more", x=X), reply(y=X)),
    fails("raises_two", INTERNAL, "the model failed; the log has the reason", **HIDDEN),
    fails("refuses", INVALID, "x must not be negative: row 0 is 1.0", **HIDDEN),
]  # fmt: skip
