"""Write the parts of documents that follow from the code, so that they are never kept by hand."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from serving_runtime import errors
from serving_runtime.errors import InvalidInput, Problem, ProblemKind, ServingError
from serving_runtime.protocols.tensorflow_serving import wording
from serving_runtime.server.http import statuses
from serving_runtime.server.metrics import catalogue
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation.problems import describe
from serving_runtime.validation.selection import choose_signature, validate_output_names
from tools import command_line

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
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
    """Give the table of the errors of a call: reason, statuses of gRPC and HTTP, what it means."""
    yield "| Reason | gRPC status | HTTP | What happened |"
    yield "| --- | --- | --- | --- |"
    for error in _classes():
        http = statuses.BY_REASON[error.reason]
        yield f"| `{error.reason}` | {error.status.name} | {http} | {_summary(error)} |"


def problems() -> Iterator[str]:
    """Give the table of what can be wrong with a part of a request, with the message of each."""
    yield "| Kind | A message of it |"
    yield "| --- | --- |"
    for problem in SAMPLES:
        yield f"| `{problem.kind.value}` | `{describe(problem, 'input')}` |"
    for error in _wrong_choices():
        [problem] = error.problems
        yield f"| `{problem.kind.value}` | `{wording.word(error)}` |"


def decisions() -> Iterator[str]:
    """Give the list of decisions, by the room that each page names below its title."""
    pages = [page.read_text(encoding="utf-8").split("\n", 3) for page in PAGES]
    rooms = list(dict.fromkeys(page[2].partition(",")[0] for page in pages))
    for room in rooms:
        yield f"\n## {room}\n"
        for path, page in zip(PAGES, pages, strict=True):
            if page[2].startswith(f"{room}, "):
                number, _, title = page[0].removeprefix("# ").partition(". ")
                yield f"- [{number}]({path.name}) {title}"
    yield ""


def metrics() -> Iterator[str]:
    """Give the table of metrics: name, kind, labels, what it means."""
    yield "| Metric | Kind | Labels | What it is |"
    yield "| --- | --- | --- | --- |"
    for metric in catalogue.ALL:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
        yield f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.meaning} |"


Part = Callable[[], Iterator[str]]
DOCUMENTS: dict[Path, dict[str, Part]] = {
    ROOT / "docs/errors.md": {"reasons": reasons, "problems": problems},
    ROOT / "docs/observability.md": {"metrics": metrics},
    ROOT / "docs/decisions/README.md": {"decisions": decisions},
}


def updated(document: str, parts: Mapping[str, Part]) -> str:
    """Return a document with each generated part renewed."""
    for name, part in parts.items():
        begin, end = f"<!-- {name}: written by `make documents` -->\n", f"<!-- end of {name} -->"
        if begin not in document or end not in document:
            raise ValueError(f"no place for the {name}; add the lines\n{begin}{end}")
        before, _, rest = document.partition(begin)
        after = rest.partition(end)[2]
        document = before + begin + "\n".join(part()) + "\n" + end + after
    return document


def main() -> int:
    """Write the parts into their documents, or compare them with what would be written."""
    parser = command_line.parser("tools.documents", __doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one differs")
    is_check = parser.parse_args().check
    differing = 0
    for path, parts in DOCUMENTS.items():
        document = path.read_text(encoding="utf-8")
        if not is_check:
            path.write_text(updated(document, parts), encoding="utf-8")
        elif document != updated(document, parts):
            print(f"{path.relative_to(ROOT)} is out of date: `make documents`", file=sys.stderr)
            differing += 1
    return min(differing, 1)


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
