"""Answer gRPC server reflection, so that grpcurl and the like need no proto files.

The answers come from our own descriptor pool, over which grpcio-reflection would work as well;
but that package is pinned to grpcio's version and to protobuf's, pins that would sit in every image
and fight with the user's, and it answers only the older ``v1alpha``.
"""

from typing import Any, AsyncGenerator, AsyncIterator, Iterator, Set

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError

from hydro_serving_grpc.messages import POOL, message_class
from serving_runtime import operations
from serving_runtime.errors import InvalidInput, Status

SERVICES = tuple(sorted({row.grpc_service for row in operations.ALL if row.grpc_method}))

_Request = message_class("grpc.reflection.v1.ServerReflectionRequest")
_Response = message_class("grpc.reflection.v1.ServerReflectionResponse")


async def answer_all(requests: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Answer each request of a reflection stream."""
    async for payload in requests:
        yield answer(payload)


def answer(payload: bytes) -> bytes:
    """Answer one ServerReflectionRequest.

    Raises:
        InvalidInput: the bytes are not such a request.
    """
    try:
        request = _Request.FromString(payload)
    except (DecodeError, ValueError) as error:
        raise InvalidInput(f"not a ServerReflectionRequest: {error}") from None
    response = _Response(valid_host=request.host, original_request=request)
    try:
        _fill(response, request)
    except KeyError as error:
        response.error_response.error_code = int(Status.NOT_FOUND)
        response.error_response.error_message = str(error.args[0])
    return bytes(response.SerializeToString())


def _fill(response: Any, request: Any) -> None:
    """Put what was asked for into ``response``; KeyError where there is no such thing."""
    asked = request.WhichOneof("message_request")
    if asked == "list_services":
        for name in SERVICES:
            response.list_services_response.service.add(name=name)
    elif asked == "file_by_filename":
        _add_file(response, POOL.FindFileByName(request.file_by_filename))
    elif asked == "file_containing_symbol":
        _add_file(response, _file_of(request.file_containing_symbol))
    else:
        raise KeyError("there are no extensions here")


def _file_of(symbol: str) -> FileDescriptor:
    try:
        return POOL.FindFileContainingSymbol(symbol)
    except KeyError:  # newer protobuf: methods are not among the symbols
        return POOL.FindMethodByName(symbol).containing_service.file


def _add_file(response: Any, file: FileDescriptor) -> None:
    for needed in _with_imports(file, set()):
        response.file_descriptor_response.file_descriptor_proto.append(needed.serialized_pb)


def _with_imports(file: FileDescriptor, seen: Set[str]) -> Iterator[FileDescriptor]:
    if file.name in seen:
        return
    seen.add(file.name)
    yield file
    for imported in file.dependencies:
        yield from _with_imports(imported, seen)
