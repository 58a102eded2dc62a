"""Choose the signature and the outputs that a request means."""

from typing import Sequence, Set

from serving_runtime.errors import InvalidInput, nearest
from serving_runtime.protocols.tensorflow_serving import wording
from serving_runtime.signature import Contract, Signature
from serving_runtime.validation.problems import quoted, shortened

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


def check_output_filter(signature: Signature, names: Sequence[str]) -> None:
    """Check the outputs that a request asks for.

    Raises:
        InvalidInput: the signature has no such output, or the request names it twice.
    """
    if not names:
        return
    outputs = tuple(field.name for field in signature.outputs)
    seen: Set[str] = set()
    for name in names:
        if name not in outputs:
            problem = f"output_filter names {quoted(name)}, but the outputs are: "
            problem += ", ".join(outputs) + nearest(shortened(name), outputs)
            raise InvalidInput(f"{problem}; {wording.unknown_output(name, outputs)}")
        if name in seen:
            problem = f"output_filter names {quoted(name)} twice"
            raise InvalidInput(f"{problem}; {wording.duplicate_output(name)}")
        seen.add(name)
