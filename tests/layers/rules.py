"""The layers of docs/architecture.md as a table: who never imports what, and why."""

from tests.layers.rooms import (
    BEHIND_THE_REGISTRY,
    CLIENTS,
    FRAMEWORKS,
    GRPC,
    GRPC_ERRORS,
    HTTP,
    HTTP_ERRORS,
    LIBRARIES,
    ONE_PROTOCOLS_OWN,
    PROGRAMS,
    PROTOBUF,
    SOCKETS,
)
from tests.layers.rule import Rule

RULES = (
    Rule(
        "the server moves bytes",
        who=("serving_runtime.server",),
        never=(
            "serving_runtime.worker",
            "serving_runtime.protocols",
            "serving_runtime.validation",
            "numpy",
            *FRAMEWORKS,
            *LIBRARIES,
        ),
        why="a front that reads arrays, or runs a framework, would die with the model",
        planted=("serving_runtime.server.workers.link", "import numpy as np"),
    ),
    Rule(
        "admission and workers know no transport",
        who=("serving_runtime.server.admission", "serving_runtime.server.workers"),
        never=("serving_runtime.server.grpc", "serving_runtime.server.http", *GRPC, *HTTP),
        why="a second transport must find the queue and the workers as the first one does",
        planted=(
            "serving_runtime.server.admission.call",
            "from serving_runtime.server.grpc import options",
        ),
    ),
    Rule(
        "gRPC stays in its folder",
        who=("serving_runtime",),
        but=("serving_runtime.server.grpc", *CLIENTS),
        never=GRPC,
        names=GRPC_ERRORS,
        why="gRPC is one transport of several, and its types are nobody else's",
        planted=("serving_runtime.server.health", "from grpc import StatusCode"),
    ),
    Rule(
        "OpenTelemetry stays where spans are kept",
        who=("serving_runtime",),
        but=("serving_runtime.server.tracing.sdk",),
        never=("opentelemetry",),
        why="it is an extra: without it, and where no spans are wanted, nothing may import it",
        planted=("serving_runtime.server.tracing.calls", "import opentelemetry"),
    ),
    Rule(
        "the HTTP library stays in the parser",
        who=("serving_runtime.server",),
        but=("serving_runtime.server.http.parser",),
        never=HTTP,
        names=HTTP_ERRORS,
        why="connections see events of ours, so the library can be changed in one module",
        planted=("serving_runtime.server.http.connection", "import httptools"),
    ),
    Rule(
        "Prometheus' library stays where metrics are written, and read",
        who=("serving_runtime",),
        but=("serving_runtime.server.metrics.exposition", "serving_runtime.client.scraped"),
        never=("prometheus_client",),
        why="counting costs a call next to nothing, and a start does not import what scrapes need",
        planted=("serving_runtime.server.metrics.counters", "import prometheus_client"),
    ),
    Rule(
        "the parser does no I/O",
        who=("serving_runtime.server.http.parser",),
        never=(*SOCKETS, "serving_runtime.server.http.connection"),
        why="bytes in, events out: so it is tested and fuzzed without a socket",
        planted=("serving_runtime.server.http.parser", "import asyncio"),
    ),
    Rule(
        "security, health and the neutral transport know no gRPC",
        who=(
            "serving_runtime.security",
            "serving_runtime.server.health",
            "serving_runtime.server.transport",
        ),
        never=(*GRPC, *PROTOBUF),
        why="files, tokens, states and requests are every transport's; credentials are gRPC's own",
        planted=("serving_runtime.security.tls", "import grpc"),
    ),
    Rule(
        "protocols know neither server nor worker",
        who=("serving_runtime.protocols",),
        never=("serving_runtime.server", "serving_runtime.worker", *PROGRAMS, *GRPC, *HTTP),
        why="what bytes mean does not depend on how they came or who runs the model",
        planted=(
            "serving_runtime.protocols.tensorflow_serving.predict",
            "from serving_runtime.worker.batching import rows",
        ),
    ),
    Rule(
        "validation knows no protocol",
        who=("serving_runtime.validation",),
        never=(
            "serving_runtime.protocols",
            "serving_runtime.server",
            "serving_runtime.worker",
            *PROTOBUF,
        ),
        why="problems are data, which each protocol puts into its clients' words",
        planted=(
            "serving_runtime.validation.problems",
            "from serving_runtime.protocols.tensorflow_serving import wording",
        ),
    ),
    Rule(
        "the worker knows neither server nor transport",
        who=("serving_runtime.worker",),
        never=("serving_runtime.server", *PROGRAMS, *GRPC, *HTTP, *ONE_PROTOCOLS_OWN),
        why="a worker answers on its socket pair, in whatever protocol the registry has",
        planted=("serving_runtime.worker.channel", "import serving_runtime.server.transport"),
    ),
    Rule(
        "the predictor knows only the registry",
        who=("serving_runtime.worker.predictor",),
        never=BEHIND_THE_REGISTRY,
        why="a new protocol is a folder and a line of the registry, not a change of the predictor",
        planted=(
            "serving_runtime.worker.predictor",
            "from serving_runtime.protocols.tensorflow_serving import predict",
        ),
    ),
    Rule(
        "protocols are used by workers and clients",
        who=("serving_runtime",),
        but=("serving_runtime.protocols", "serving_runtime.worker", *CLIENTS),
        never=("serving_runtime.protocols",),
        why="everybody else sees bytes, or arrays",
        planted=("serving_runtime.ipc.frames", "from serving_runtime.protocols import request"),
    ),
    Rule(
        "protobuf stays in its rooms",
        who=("serving_runtime",),
        but=(
            "serving_runtime.protocols",
            "serving_runtime.contract",
            "serving_runtime.server.grpc",
            "serving_runtime.client",
            "serving_runtime.cli",
        ),
        never=PROTOBUF,
        why="messages are one way to write what the others have as data",
        planted=("serving_runtime.server.health", "from hydro_serving_grpc import messages"),
    ),
    Rule(
        "the ground floor knows no program",
        who=tuple(
            f"serving_runtime.{name}"
            for name in (
                *("errors", "model", "signature", "operations", "settings", "contract", "ipc"),
                *("framework", "validation", "security", "logs", "system"),
            )
        ),
        never=(
            "serving_runtime.service",
            "serving_runtime.server",
            "serving_runtime.worker",
            *PROGRAMS,
        ),
        why="both processes and every program stand on it",
        planted=("serving_runtime.ipc.frames", "from serving_runtime.server import transport"),
    ),
    Rule(
        "the foundations import nothing of ours",
        who=tuple(f"serving_runtime.{name}" for name in ("errors", "signature", "operations")),
        may=("serving_runtime.operations",),
        never=("serving_runtime", *PROTOBUF, *FRAMEWORKS),
        why="everything may depend on them, so they depend on nothing",
        planted=("serving_runtime.errors", "from serving_runtime import settings"),
    ),
    *(
        Rule(
            f"the loader of {package} imports the seam only",
            who=(f"{package}.loader",),
            never=(
                "serving_runtime",
                *(*GRPC, *HTTP, *PROTOBUF, *SOCKETS, "urllib", "http"),
                *(name for name in FRAMEWORKS if name != package),
            ),
            may=tuple(
                f"serving_runtime.{name}"
                for name in ("model", "signature", "errors", "framework", "logs")
            ),
            why="a loader's author needs model, signature and errors, and no network or settings",
            planted=(f"{package}.loader", "from serving_runtime.settings import Settings"),
        )
        for package in FRAMEWORKS
    ),
    Rule(
        "our log is out of the user's reach",
        who=("serving_runtime", *FRAMEWORKS),
        # TensorFlow's own logger is the standard library's.
        but=("serving_runtime.logs", "tensorflow_runtime.framework"),
        never=(),
        names=("getLogger",),
        why="user code may disable all loggers of the standard library; ours have its tracebacks",
        planted=("serving_runtime.worker.predictor", "from logging import getLogger"),
    ),
    Rule(
        "the rows are the ground floor of tools",
        who=("tools.rows",),
        never=("tools", *PROTOBUF, "serving_runtime"),
        may=("tools.rows", "tools.command_line"),
        why="every tool reads the matrix, so reading it needs no other tool",
        planted=("tools.rows.reader", "from tools.matrix import plan"),
    ),
    Rule(
        "tools know no framework and no test",
        who=("tools",),
        never=("tests", "experiments", *FRAMEWORKS, *LIBRARIES),
        why="a new framework is rows and a folder; the tools take both as data",
        planted=("tools.images.building", "import sklearn_runtime"),
    ),
    Rule(
        "shared parts of tests stand in the harness",
        who=("tests",),
        never=("common", "runtimes", "experiments"),
        may=tuple(f"experiments.{name}" for name in ("benchmarks", "reliability")),
        why="unit tests may be moved and rewritten without a look at who else uses them",
        planted=("tests.fuzz.corpus", "from common.tests.ipc import test_frames"),
    ),
    Rule(
        "experiments stand on the harness",
        who=("experiments",),
        never=tuple(f"tests.{name}" for name in ("system", "images", "tools", "layers")),
        why="what a test and an experiment share is in the harness, the fuzzer or the cases",
        planted=("experiments.reliability.floods", "from tests.system.hostile import conftest"),
    ),
    Rule(
        "the harness is a library",
        who=("tests.support",),
        never=("tests", "common", "experiments"),
        may=("tests.support",),
        why="each test may stand on it, so it stands on no test",
        planted=("tests.support.servers", "from tests.system.faults import conftest"),
    ),
)
