"""Write the parts of documents that follow from the code, so that they are never kept by hand."""

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from serving_runtime import errors
from serving_runtime.errors import InvalidInput, Problem, ProblemKind, ServingError
from serving_runtime.protocols.tensorflow_serving import wording
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation.problems import describe
from serving_runtime.validation.selection import choose_signature, validate_output_names

ROOT = Path(__file__).resolve().parent.parent
ERRORS = ROOT / "docs" / "errors.md"
X = "float32[-1, 4]"

# One of each kind that is found in an input.
SAMPLES = (
    Problem(ProblemKind.MISSING, "x", X, hint="X"),
    Problem(ProblemKind.UNEXPECTED, "user.agee", hint="age"),
    Problem(ProblemKind.UNREADABLE, "x", reason="5 values for 4 elements of shape [2, 2]"),
    Problem(ProblemKind.DTYPE, "x", X, "string[1, 4]"),
    Problem(ProblemKind.SHAPE, "x", X, "float64[4]", hint="add a leading axis"),
    Problem(ProblemKind.CAST, "x", X, "int64[1, 4]", reason="16777217 is not exact in float32"),
    Problem(ProblemKind.ROWS, "b", "1", "2", others=("a",)),
)
PREDICT = Signature("predict", (Field("x", "float32", (-1, 4)),), (Field("y", "float32", (-1,)),))
MODEL = Contract("", (PREDICT, PREDICT._replace(name="score")))


def reasons() -> Iterator[str]:
    """Give the table of the errors of a call: reason, status of gRPC, what it means."""
    yield "| Reason | gRPC status | What happened |"
    yield "| --- | --- | --- |"
    for error in _classes():
        yield f"| `{error.reason}` | {error.status.name} | {_summary(error)} |"


def problems() -> Iterator[str]:
    """Give the table of what can be wrong with a part of a request, with the message of each."""
    yield "| Kind | A message of it |"
    yield "| --- | --- |"
    for problem in SAMPLES:
        yield f"| `{problem.kind.value}` | `{describe(problem, 'input')}` |"
    for error in _wrong_choices():
        [problem] = error.problems
        yield f"| `{problem.kind.value}` | `{wording.word(error)}` |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {"reasons": reasons, "problems": problems}


def updated(document: str) -> str:
    """Return a document with each generated part renewed.

    Raises:
        ValueError: a part has no place in it.
    """
    for name, part in PARTS.items():
        begin, end = f"<!-- {name}: written by `make documents` -->\n", f"<!-- end of {name} -->"
        if begin not in document or end not in document:
            raise ValueError(f"no place for the {name}; add the lines\n{begin}{end}")
        before, _, rest = document.partition(begin)
        after = rest.partition(end)[2]
        document = before + begin + "\n".join(part()) + "\n" + end + after
    return document


def main() -> int:
    """Write docs/errors.md, or compare it with what would be written."""
    parser = argparse.ArgumentParser(prog="python -m tools.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the document differs")
    is_check = parser.parse_args().check
    document = ERRORS.read_text(encoding="utf-8")
    if not is_check:
        ERRORS.write_text(updated(document), encoding="utf-8")
    elif document != updated(document):
        print(f"{ERRORS} differs from the code: run `make documents`", file=sys.stderr)
        return 1
    return 0


def _classes() -> Iterator[type[ServingError]]:
    for item in vars(errors).values():
        if inspect.isclass(item) and issubclass(item, ServingError):
            yield item


def _summary(error: type[ServingError]) -> str:
    if error is ServingError:
        return "A fault of the service itself: report it, with the log."
    return inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _wrong_choices() -> Iterator[InvalidInput]:
    """Give what comes of asking for a signature or an output that there is not."""
    for choose in (
        lambda: choose_signature(MODEL, ""),
        lambda: choose_signature(MODEL, "infer"),
        lambda: validate_output_names(PREDICT, ["z"]),
        lambda: validate_output_names(PREDICT, ["y", "y"]),
    ):
        try:
            choose()
        except InvalidInput as error:
            yield error


if __name__ == "__main__":
    sys.exit(main())
