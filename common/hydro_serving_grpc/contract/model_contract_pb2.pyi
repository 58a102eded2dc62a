# mypy: disable-error-code="type-arg"
# (protoc writes a bare Mapping, which mypy --strict refuses)
from hydro_serving_grpc.contract import model_signature_pb2 as _model_signature_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelContract(_message.Message):
    __slots__ = ("model_name", "signatures")
    MODEL_NAME_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    model_name: str
    signatures: _containers.RepeatedCompositeFieldContainer[_model_signature_pb2.ModelSignature]
    def __init__(self, model_name: _Optional[str] = ..., signatures: _Optional[_Iterable[_Union[_model_signature_pb2.ModelSignature, _Mapping]]] = ...) -> None: ...
