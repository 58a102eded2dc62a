"""Draw the contract of a program of torch.export, the only form that says all of it."""

from typing import Dict, Optional, Tuple

from pytorch_runtime import description
from pytorch_runtime.binding import bind
from pytorch_runtime.description import Program
from pytorch_runtime.network import FORWARD
from serving_runtime.errors import BrokenResult, LoadError
from serving_runtime.signature import Contract, Field, Signature


def contract_of(program: Program, declared: Optional[Contract]) -> Contract:
    """Return what the program takes and gives.

    The program has one function. A contract of one signature may call it by any name, and names
    what has no name in the program: inputs that are handed over in order, outputs that are no dict.

    Raises:
        LoadError: the contract's inputs or outputs are not as many as the program's.
    """
    inputs = description.input_fields(program)
    if declared is None or len(declared.signatures) != 1:
        return Contract("", (Signature(FORWARD, tuple(inputs.values()), _outputs(program, None)),))
    signature = declared.signatures[0]
    agreed = Signature(
        signature.name, _inputs(program, signature, inputs), _outputs(program, signature)
    )
    return Contract("", (agreed,))


def _inputs(program: Program, signature: Signature, inputs: Dict[str, Field]) -> Tuple[Field, ...]:
    if {field.name for field in signature.inputs} & set(inputs):
        return tuple(inputs.values())  # the contract is compared with all of them later
    binding = bind(signature, description.parameters(program))
    return tuple(
        inputs[binding.parameter(field.name)]._replace(name=field.name)
        for field in signature.inputs
    )


def _outputs(program: Program, signature: Optional[Signature]) -> Tuple[Field, ...]:
    names = None if signature is None else tuple(field.name for field in signature.outputs)
    try:
        return description.output_fields(program, names)
    except BrokenResult as error:
        raise LoadError(
            f"the contract does not fit the program: {error}", "declare all outputs, in their order"
        ) from None
