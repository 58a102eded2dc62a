"""Writes one contract with one published version of hydro-serving-grpc; see README.md."""

import importlib
import pathlib
import sys

FOLDER, VERSION, OUT = sys.argv[1:]
GENERATION = tuple(int(part) for part in VERSION.split("."))
FLOAT, STRING, INT64, ANY = 1, 7, 9, 24
NUMERICAL = 2


def message(module, name):
    """Return a message class of the published package."""
    return getattr(importlib.import_module("hydro_serving_grpc." + module), name)


def shape_of(dims):
    """Make a shape as the generation has it; None leaves it out."""
    if dims is None:
        return None
    if GENERATION >= (3,):
        return message("serving.contract.tensor_pb2", "TensorShape")(dims=dims)
    kind = message("tf.tensor_shape_pb2", "TensorShapeProto")
    return kind(dim=[kind.Dim(size=size) for size in dims])


def field(name, dtype, dims):
    """Make a field with a type."""
    if GENERATION < (0, 1):
        info = message("tf.tensor_info_pb2", "TensorInfo")
        return FIELD(field_name=name, info=info(dtype=dtype, tensor_shape=shape_of(dims)))
    profile = {"profile": NUMERICAL} if GENERATION >= (2,) and dtype == FLOAT else {}
    return FIELD(name=name, dtype=dtype, shape=shape_of(dims), **profile)


def nested(name, *fields):
    """Make a field with subfields."""
    if GENERATION >= (0, 1):
        return FIELD(name=name, subfields=FIELD.Subfield(data=fields))
    if GENERATION >= (0, 0, 11):
        return FIELD(field_name=name, subfields=FIELD.ComplexField(data=fields))
    made = FIELD(field_name=name)
    for each in fields:
        made.dict.data[each.field_name].CopyFrom(each)
    return made


def signature(name):
    """Make the signature that every file has."""
    words = nested("tags", field("words", STRING, None))
    return SIGNATURE(
        signature_name=name,
        inputs=[
            field("image", FLOAT, [-1, 28, 28]),
            nested("meta", field("id", INT64, []), words),
        ],
        outputs=[
            field("class", INT64, [-1]),
            field("note", ANY if GENERATION >= (3,) else STRING, None),
        ],
    )


def contract():
    """Make the message that the generation's files hold."""
    if GENERATION >= (3,):
        return signature("predict")
    kind = message("contract.model_contract_pb2", "ModelContract")
    if GENERATION >= (2,):
        return kind(model_name="digits", predict=signature("predict"))
    return kind(model_name="digits", signatures=[signature("predict"), signature("explain")])


sys.path.insert(0, FOLDER)
if GENERATION >= (3,):
    FIELD = message("serving.contract.field_pb2", "ModelField")
    SIGNATURE = message("serving.contract.signature_pb2", "ModelSignature")
else:
    FIELD = message("contract.model_field_pb2", "ModelField")
    SIGNATURE = message("contract.model_signature_pb2", "ModelSignature")
pathlib.Path(OUT).write_bytes(contract().SerializeToString(deterministic=True))
