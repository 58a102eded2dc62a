"""Choose the signature that a request means, and validate the names of the outputs it wants."""

import contextlib
from typing import Dict, Sequence, Set

from serving_runtime.errors import InvalidInput, Problem, ProblemKind, nearest_name, suggestion
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
        problem = Problem(ProblemKind.NO_SIGNATURE, "", others=contract.names)
        text = f"the request names no signature; the model has: {names}"
        raise InvalidInput(text, problems=[problem])
    hint = nearest_name(shortened(name), contract.names)
    problem = Problem(ProblemKind.UNKNOWN_SIGNATURE, name, hint=hint, others=contract.names)
    text = f"the model has no signature {quoted(name)}; it has: {names}{suggestion(hint)}"
    raise InvalidInput(text, problems=[problem])


def by_requested_name(contract: Contract) -> Dict[str, Signature]:
    """Return the signatures by the names that choose them, the empty one too if it does."""
    found = {signature.name: signature for signature in reversed(contract.signatures)}
    found.pop("", None)
    with contextlib.suppress(InvalidInput):
        found[""] = choose_signature(contract, "")
    return found


def validate_output_names(signature: Signature, names: Sequence[str]) -> None:
    """Check the outputs that a request asks for.

    Raises:
        InvalidInput: the signature has no such output, or the request names it twice.
    """
    outputs = tuple(field.name for field in signature.outputs)
    seen: Set[str] = set()
    for name in names:
        if name not in outputs:
            hint = nearest_name(shortened(name), outputs)
            problem = Problem(ProblemKind.UNKNOWN_OUTPUT, name, hint=hint, others=outputs)
            text = f"the signature has no output {quoted(name)}; it has: {', '.join(outputs)}"
            raise InvalidInput(text + suggestion(hint), problems=[problem])
        if name in seen:
            problem = Problem(ProblemKind.DUPLICATE_OUTPUT, name, others=outputs)
            text = f"the request names the output {quoted(name)} twice"
            raise InvalidInput(text, problems=[problem])
        seen.add(name)
