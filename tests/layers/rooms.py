"""The rooms that the layer rules speak of: folders, libraries, and the names of both."""

import sys
from pathlib import Path

from tests.layers.imports import read_tree

ROOT = Path(__file__).resolve().parent.parent.parent
COMMON = ROOT / "common" / "serving_runtime"
PACKAGES = sorted(path.parent for path in ROOT.glob("runtimes/*/*_runtime/__init__.py"))
FRAMEWORKS = tuple(package.name for package in PACKAGES)
TREE = read_tree(COMMON, *(ROOT / name for name in ("tools", "tests", "experiments")), *PACKAGES)

GRPC = ("grpc",)
PROTOBUF = ("google", "hydro_serving_grpc")
HTTP = ("httptools", "h11", "h2", "wsproto", "aiohttp", "uvicorn", "http.client", "http.server")
SOCKETS = ("socket", "asyncio", "selectors", "ssl")
# Foreign errors end in the folder that may import their library.
GRPC_ERRORS = ("RpcError", "AioRpcError", "ExecuteBatchError", "FutureTimeoutError")
HTTP_ERRORS = (
    "HttpParserError",
    "HttpParserCallbackError",
    "HttpParserInvalidMethodError",
    "HttpParserInvalidStatusError",
    "HttpParserInvalidURLError",
    "HttpParserUpgrade",
    "LocalProtocolError",
    "RemoteProtocolError",
)

# What a framework's folder imports and common does not: its libraries. `annotationlib` is 3.14's.
LIBRARIES = tuple(
    sorted(
        {
            name.partition(".")[0]
            for package in FRAMEWORKS
            for module in TREE
            if module.startswith(package)
            for name in TREE[module].imports
        }
        - {"serving_runtime", "numpy", "yaml", "annotationlib", *PROTOBUF, *FRAMEWORKS}
        - set(sys.stdlib_module_names)
    )
)

SHARED_BY_PROTOCOLS = ("serving_runtime.protocols.protobuf", "serving_runtime.protocols.json")
# All that the registry hides: `protocols/__init__` is the registry.
BEHIND_THE_REGISTRY = tuple(
    name for name in TREE if name.startswith("serving_runtime.protocols.") and name.count(".") == 2
)
ONE_PROTOCOLS_OWN = tuple(
    name
    for name in BEHIND_THE_REGISTRY
    if name not in SHARED_BY_PROTOCOLS and any(it.startswith(name + ".") for it in TREE)
)
CLIENTS = ("serving_runtime.client", "serving_runtime.cli", "serving_runtime.bench")
PROGRAMS = (*CLIENTS, "serving_runtime.image", "serving_runtime.batch")

# Rooms that have a rule before they are built.
TO_COME = (
    "serving_runtime.server.http",
    "serving_runtime.server.http.parser",
    "serving_runtime.server.http.connection",
    "serving_runtime.protocols.json",
)
