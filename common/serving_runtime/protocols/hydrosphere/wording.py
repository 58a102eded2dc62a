"""Word problems for clients of 3.x, whose requests can name no signature."""

from typing import Sequence

from serving_runtime.errors import ProblemKind, ServingError

OTHER = "tensorflow.serving.PredictionService/Predict"


def word(error: ServingError) -> str:
    """Return an error's text: our own, but where the caller cannot do what it says."""
    for problem in error.problems:
        if problem.kind is ProblemKind.NO_SIGNATURE:
            return (
                "the request names no signature, as none of Hydrosphere 3.x does; the model has: "
                f"{', '.join(problem.others)}: serve it with a contract of one of them, "
                f"call one serving_default, or call {OTHER}"
            )
    return str(error)


def not_carried(fields: Sequence[str]) -> str:
    """Return that fields are of bfloat16, and which protocol has it."""
    return (
        f"{fields[0]} is of bfloat16, which Hydrosphere 3.x's tensors do not have: call {OTHER}, "
        "or declare float32"
    )
