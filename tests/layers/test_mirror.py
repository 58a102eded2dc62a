"""The tests of common mirror its modules, so that both are found by the same path."""

import ast

import pytest

from tests.layers.rooms import COMMON

TESTS = COMMON.parent / "tests"

# Modules that have no test file of their own: where they are tested, and why there. A folder
# stands for all modules in it. Give a module its own file, and its line here has to go.
VERB = "a part of one verb, whose output is what counts"
WIRE = "one reading of a message, right only if it agrees with the others"
FORMAT = "a step between a file and a contract, which the files of all formats go through"
BOTH = "what both transports must do alike is one file"
SCORING = "a step of scoring files, right if all rows come out of it"
ELSEWHERE = {
    **{
        f"batch/{name}.py": ("batch/test_job.py", SCORING)
        for name in ("extra", "loading", "parts", "pool", "results", "worker", "writers")
    },
    **{
        f"batch/readers/{name}.py": ("batch/readers/test_readers.py", "one format of several")
        for name in ("arrow", "csv_lines", "json_lines", "parquet", "table")
    },
    "batch/__init__.py": ("batch/test_spark.py", "what it has needs a session"),
    "batch/spark/": ("batch/test_spark.py", "what it does takes a session"),
    "batch/types.py": ("batch/test_binding.py", "says which columns can be bound"),
    "cli/batch.py": ("batch/test_job.py", VERB),
    "bench/": ("cli/test_bench.py", VERB),
    "image/": ("cli/test_image.py", VERB),
    "cli/__init__.py": (
        "cli/test_usage.py",
        "help, misspelt verbs and exit codes are every verb's",
    ),
    "cli/compose.py": ("cli/test_config.py", VERB),
    "cli/conversion.py": ("cli/test_predict.py", VERB),
    "cli/example.py": ("cli/test_image.py", VERB),
    "cli/flags.py": ("cli/test_config.py", VERB),
    "cli/health.py": ("cli/test_predict.py", "both verbs ask the service that the fixture runs"),
    "cli/inputs.py": ("cli/test_predict.py", VERB),
    "cli/kubernetes.py": ("cli/test_config.py", VERB),
    "cli/reference.py": ("cli/test_config.py", VERB),
    "cli/signatures.py": ("cli/test_contract.py", VERB),
    "cli/tables.py": ("cli/test_contract.py", VERB),
    "cli/top_screen.py": ("cli/test_top.py", VERB),
    "client/scraped.py": ("cli/test_top.py", "reads what that verb shows"),
    "client/connection.py": ("server/grpc/test_secured_transports.py", "needs a server with TLS"),
    "client/failures.py": (
        "client/test_rest.py",
        "what its client says of a call",
    ),
    "protocols/open_inference/client_codec.py": (
        "client/test_rest.py",
        "the client's half of a call",
    ),
    "client/rest_metadata.py": ("cli/test_bench.py", "asks what that verb wants to know"),
    "client/metadata.py": ("cli/test_bench.py", "needs a server, which that verb's tests have"),
    "contract/errors.py": ("contract/test_contract.py", "one class, raised by all of the folder"),
    "contract/protobin.py": ("contract/test_formats.py", FORMAT),
    "contract/rules.py": ("contract/test_contract.py", FORMAT),
    "contract/types.py": ("contract/test_formats.py", FORMAT),
    "contract/yaml_nodes.py": ("contract/test_yaml_form.py", FORMAT),
    "framework/user_errors.py": (
        "framework/test_user_code.py",
        "users' errors come from their code",
    ),
    "model.py": ("worker/test_predictor.py", "an interface, held to by who calls it"),
    "operations/http_rows.py": ("server/http/test_routes.py", "a table, right if it is served"),
    "operations/operation.py": ("server/grpc/test_transport.py", "the columns of that table"),
    "server/metrics/values.py": (
        "server/metrics/test_collector.py",
        "what the collector gathers",
    ),
    "service.py": ("cli/test_serve.py", "assembles the parts, for that verb alone"),
    "protocols/__init__.py": (
        "protocols/tensorflow_serving/test_predict.py",
        "a table of handlers",
    ),
    "protocols/request.py": ("protocols/tensorflow_serving/test_views.py", WIRE),
    "protocols/shapes.py": ("protocols/protobuf/tensors/test_budget.py", WIRE),
    "protocols/protobuf/parsing.py": ("protocols/protobuf/test_differential.py", WIRE),
    "protocols/protobuf/scanning.py": ("protocols/protobuf/test_differential.py", WIRE),
    **{
        f"protocols/json/{name}.py": (
            "protocols/json/test_reading.py",
            "one reading of a text, right only if each library's is the same",
        )
        for name in ("libraries", "lists", "plain", "reader", "tape", "values", "wording")
    },
    "protocols/json/fields.py": (
        "protocols/json/test_requests.py",
        "an input, as it is read for a request",
    ),
    "protocols/json/bounds.py": (
        "protocols/json/test_amplification.py",
        "bounds what reading costs",
    ),
    "protocols/hydrosphere/reply_context.py": (
        "protocols/hydrosphere/test_predict.py",
        "half of a reply",
    ),
    "protocols/protobuf/tensors/layout.py": ("protocols/tensorflow_serving/test_views.py", WIRE),
    "protocols/protobuf/tensors/requests.py": ("protocols/tensorflow_serving/test_views.py", WIRE),
    "protocols/protobuf/tensors/slots.py": ("protocols/tensorflow_serving/test_views.py", WIRE),
    "protocols/tensorflow_serving/layout.py": ("protocols/tensorflow_serving/test_views.py", WIRE),
    "protocols/tensorflow_serving/model_spec.py": (
        "protocols/tensorflow_serving/test_replies.py",
        "half of a reply",
    ),
    "security/reloading.py": (
        "security/test_tokens.py",
        "needs files that change: those of tokens",
    ),
    "server/metrics/counters.py": (
        "server/admission/test_dispatcher.py",
        "counts are right where they are made",
    ),
    "server/metrics/catalogue.py": (
        "server/metrics/test_exposition.py",
        "a table: what is written follows it",
    ),
    "server/grpc/asyncio_transport.py": ("server/grpc/test_transport.py", BOTH),
    "server/grpc/completion_queue_call.py": (
        "server/grpc/test_completion_queue_transport.py",
        "a call is what its transport is for",
    ),
    "server/grpc/completion_queue_stream.py": ("server/grpc/test_transport.py", BOTH),
    "server/grpc/cygrpc.py": (
        "server/grpc/test_auto.py",
        "says whether a grpc can be used, or not",
    ),
    "server/workers/state_epoch.py": (
        "server/admission/test_admission.py",
        "a state that is lost is a refused call",
    ),
    "server/workers/watchdog.py": ("server/workers/test_link.py", "a link that hangs is ended"),
    "logs/handlers.py": ("logs/test_nonblocking.py", "a handler's lines go where it writes them"),
    "logs/formatters.py": ("logs/test_logs.py", "a line of the log, as its handler writes it"),
    "protocols/protocol.py": ("worker/test_predictor.py", "an interface, held to by who calls it"),
    "protocols/tensorflow_serving/client_codec.py": (
        "client/test_client.py",
        "the client's half of a call",
    ),
    "protocols/tensorflow_serving/protobuf_codec.py": (
        "protocols/tensorflow_serving/test_predict.py",
        WIRE,
    ),
    **{
        f"protocols/open_inference/{name}.py": (
            "protocols/protobuf/test_differential.py",
            WIRE,
        )
        for name in ("datatypes", "decoding", "layout", "slots", "values")
    },
    **{
        f"protocols/open_inference/{name}.py": (
            "protocols/open_inference/test_infer.py",
            "a step of reading a request, which its protocol takes",
        )
        for name in ("carried", "parameters", "protobuf_codec", "reply_context", "served")
    },
    **{
        f"protocols/open_inference/{name}.py": (
            "protocols/open_inference/test_rest.py",
            "a step of answering a request, which its protocol takes",
        )
        for name in ("binary_data", "json_codec", "json_replies", "json_requests", "json_tensors")
    },
    "protocols/open_inference/stream.py": (
        "protocols/open_inference/test_encoding.py",
        "right if it is what protobuf writes",
    ),
    "protocols/tensorflow_serving/rest_served.py": (
        "protocols/tensorflow_serving/test_rest_predict.py",
        "what the operations of REST share",
    ),
    **{
        f"protocols/openapi/{name}.py": (
            "protocols/openapi/test_document.py",
            "a part of one document, right if the whole is valid",
        )
        for name in ("paths", "rows", "samples", "schemas", "signatures", "tensors")
    },
    **{
        f"protocols/tabular/{name}.py": (
            f"protocols/tabular/{tests}.py",
            "a step of reading a table",
        )
        for name, tests in (("cells", "test_csv_table"), ("frames", "test_invocations"))
    },
    "protocols/tensorflow_serving/reply_context.py": (
        "protocols/tensorflow_serving/test_predict.py",
        "half of a reply",
    ),
    **{
        f"server/http/{name}.py": ("server/http/test_connection.py", "a part of each connection")
        for name in (
            "arriving",
            "exchange",
            "flow",
            "host",
            "limits",
            "receiving",
            "refusals",
            "submission",
        )
    },
    "server/unix_socket.py": ("server/grpc/test_unix_socket.py", "what core does to a path"),
    "server/tracing/sdk.py": (
        "server/tracing/test_calls.py",
        "needs OpenTelemetry: tests/system/monitoring tries it with a collector",
    ),
    "server/http/counting.py": (
        "server/http/test_counts.py",
        "counts are right where they are made",
    ),
    "server/http/writing.py": ("server/http/test_transport.py", "right if clients read it so"),
    "server/admission/worker.py": (
        "server/admission/test_dispatcher.py",
        "an interface, held to by who calls it",
    ),
    "server/workers/frame_reader.py": ("server/workers/test_link.py", "a link's reading half"),
    "validation/fields.py": ("validation/test_validation.py", "what inputs and outputs share"),
    "validation/inputs.py": ("validation/test_validation.py", "all problems of a request in one"),
    "validation/outputs.py": ("validation/test_validation.py", "all problems of a result in one"),
    "worker/async_groups.py": (
        "worker/test_concurrent_service.py",
        "a half of what runs calls at once",
    ),
    "worker/scheduler.py": (
        "worker/test_concurrent_service.py",
        "a half of what runs calls at once",
    ),
    "worker/groups.py": ("worker/test_predictor.py", "how the predictor runs what it has read"),
    "worker/replies.py": ("worker/test_predictor.py", "how the predictor answers"),
    "validation/problems.py": ("validation/test_validation.py", "data that the checks return"),
}


def modules_of(common):
    """Return the modules of a package that hold code, as paths below it."""
    paths = sorted(path for path in common.rglob("*.py") if _has_code(path))
    return [path.relative_to(common) for path in paths]


def mirrored(module):
    """Return the path of a module's tests; those of a package are named for its folder."""
    name = module.parent.name if module.stem == "__init__" else module.stem
    return module.parent / f"test_{name}.py"


def without_tests(common, tests, elsewhere):
    """Return the modules that have no test file at the mirrored place, and no exception."""
    return [
        module.as_posix()
        for module in modules_of(common)
        if not (tests / mirrored(module)).exists() and not _exceptions_for(module, elsewhere)
    ]


def needless(common, tests, elsewhere):
    """Return the exceptions for modules that are gone or have a test file of their own."""
    used = {
        name
        for module in modules_of(common)
        if not (tests / mirrored(module)).exists()
        for name in _exceptions_for(module, elsewhere)
    }
    return sorted(set(elsewhere) - used)


def test_each_module_has_its_tests_where_it_has_its_place():
    """A module's tests are at the mirrored path, unless the table says where else and why."""
    assert without_tests(COMMON, TESTS, ELSEWHERE) == []


def test_no_exception_is_kept_that_is_not_needed():
    """An exception ends with the module, or with the first test file of its own."""
    assert needless(COMMON, TESTS, ELSEWHERE) == []


@pytest.mark.parametrize("module", ELSEWHERE)
def test_an_exception_names_tests_that_exist(module):
    """What is tested elsewhere is tested in a file that is there, for a reason."""
    path, reason = ELSEWHERE[module]
    assert (TESTS / path).is_file()
    assert reason


def test_a_module_without_tests_is_found(tmp_path):
    """Packages count by their own code, empty ones not at all; folders may be excepted."""
    texts = {
        "package/__init__.py": '"""Nothing but words."""',
        "package/one.py": "def f(): pass",
        "package/two.py": "def f(): pass",
        "package/inner/__init__.py": "class C: pass",
        "package/inner/three.py": "X = 1",
        "package/verb/four.py": "def f(): pass",
        "tests/test_one.py": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    package, tests = tmp_path / "package", tmp_path / "tests"
    assert without_tests(package, tests, {"verb/": ()}) == ["inner/__init__.py", "two.py"]
    assert needless(package, tests, {"verb/": (), "one.py": (), "gone.py": ()}) == [
        "gone.py",
        "one.py",
    ]


def _has_code(path):
    """Return whether a module defines anything to test: a function or a class."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in body
    )


def _exceptions_for(module, elsewhere):
    names = [module.as_posix(), *(f"{parent.as_posix()}/" for parent in module.parents)]
    return [name for name in names if name in elsewhere]
