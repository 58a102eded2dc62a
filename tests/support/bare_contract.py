"""Give a model the contract of Hydrosphere 3.x: one signature, bare."""

import shutil
from pathlib import Path

from hydro_serving_grpc.messages import message_class
from serving_runtime import contract
from serving_runtime.contract.types import DTYPE_NUMBERS, PROFILE_NUMBERS
from serving_runtime.framework import discovery, model_dir
from serving_runtime.signature import Contract, Field, Signature

ModelSignature = message_class("hydrosphere.serving.contract.ModelSignature")
ModelField = message_class("hydrosphere.serving.contract.ModelField")
TensorShape = message_class("hydrosphere.serving.contract.TensorShape")


def copy_alone(framework: str, model: Path, signature: str, copy: Path) -> None:
    """Copy a model's folder, with a contract of one of its signatures.

    Args:
        framework: the runtime's name, which infers the contract of a model without one.
        model: the folder.
        signature: the name of the signature.
        copy: the folder to be made.
    """
    promised = {it.name: it for it in _contract_of(framework, model).signatures}
    shutil.copytree(str(model), str(copy), ignore=shutil.ignore_patterns("contract.*"))
    (copy / "contract.protobin").write_bytes(bare(promised[signature]))


def bare(signature: Signature) -> bytes:
    """Return a signature as the bytes of 3.x's contract.protobin."""
    message = ModelSignature(
        signature_name=signature.name,
        inputs=[_field(it) for it in signature.inputs],
        outputs=[_field(it) for it in signature.outputs],
    )
    payload: bytes = message.SerializeToString()
    return payload


def _contract_of(framework: str, model: Path) -> Contract:
    found = model_dir.locate(str(model))
    if found.contract_path:
        return contract.read_contract(found.contract_path)
    inferred = discovery.installed()[framework].infer_contract(found.files)
    assert inferred is not None
    return inferred


def _field(field: Field):
    message = ModelField(name=field.name, profile=PROFILE_NUMBERS[field.profile])
    if field.shape is not None:
        message.shape.CopyFrom(TensorShape(dims=field.shape))
    if field.subfields:
        message.subfields.data.extend([_field(it) for it in field.subfields])
    else:
        message.dtype = DTYPE_NUMBERS[field.dtype]
    return message
