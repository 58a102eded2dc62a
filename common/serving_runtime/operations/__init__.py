"""The one table of operations: what clients can ask for, who answers, what each transport calls it.

Routes, reflection, the services that health names, what needs no token and the worker's registry
of protocols are all derived from it. A new operation is a row here and a module of its protocol's
folder; a new transport is a column. One row is one form on the wire: what gRPC and HTTP write
differently are two.
"""

from typing import Tuple

from serving_runtime.operations import grpc_rows, http_rows
from serving_runtime.operations.grpc_rows import *  # noqa: F403  each row has a name here as well
from serving_runtime.operations.http_rows import *  # noqa: F403
from serving_runtime.operations.operation import *  # noqa: F403
from serving_runtime.operations.operation import Operation

ALL: Tuple[Operation, ...] = (*grpc_rows.ROWS, *http_rows.ROWS)
FORWARDED = tuple(operation for operation in ALL if operation.is_forwarded)
BY_KEY = {operation.key: operation for operation in ALL}
BY_GRPC_METHOD = {operation.grpc_method: operation for operation in ALL if operation.grpc_method}
