"""Choose the signature that a request means."""

from serving_runtime.checks.problems import shortened
from serving_runtime.errors import InvalidInput, nearest
from serving_runtime.signature import Contract, Signature

DEFAULT = "serving_default"


def choose_signature(contract: Contract, name: str) -> Signature:
    """Return the signature of that name; without one, the only one or ``serving_default``.

    Raises:
        InvalidInput: there is none; the text lists those that there are.
    """
    wanted = name or (DEFAULT if len(contract.signatures) > 1 else "")
    for signature in contract.signatures:
        if not wanted or signature.name == wanted:
            return signature
    names = ", ".join(contract.names)
    if not name:
        raise InvalidInput(f"the request names no signature; the model has: {names}")
    # Hydrosphere's runtimes say the first half, and their clients compare it.
    asked = shortened(name)
    raise InvalidInput(
        f"{asked} signature is not present in the model; it has: {names}"
        + nearest(asked, contract.names)
    )
