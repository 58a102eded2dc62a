# mypy: disable-error-code="type-arg"
# (protoc writes a bare Mapping, which mypy --strict refuses)
from google.protobuf import empty_pb2 as _empty_pb2
from hydro_serving_grpc.tf.api import classification_pb2 as _classification_pb2
from hydro_serving_grpc.tf.api import get_model_metadata_pb2 as _get_model_metadata_pb2
from hydro_serving_grpc.tf.api import inference_pb2 as _inference_pb2
from hydro_serving_grpc.tf.api import predict_pb2 as _predict_pb2
from hydro_serving_grpc.tf.api import regression_pb2 as _regression_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatusResponse(_message.Message):
    __slots__ = ("status", "message")
    class ServiceStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        UNKNOWN: _ClassVar[StatusResponse.ServiceStatus]
        SERVING: _ClassVar[StatusResponse.ServiceStatus]
        NOT_SERVING: _ClassVar[StatusResponse.ServiceStatus]
    UNKNOWN: StatusResponse.ServiceStatus
    SERVING: StatusResponse.ServiceStatus
    NOT_SERVING: StatusResponse.ServiceStatus
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: StatusResponse.ServiceStatus
    message: str
    def __init__(self, status: _Optional[_Union[StatusResponse.ServiceStatus, str]] = ..., message: _Optional[str] = ...) -> None: ...
