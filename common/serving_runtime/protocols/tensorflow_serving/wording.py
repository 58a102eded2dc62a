"""Word problems as TensorFlow Serving's and Hydrosphere's clients know them; they match on it.

See: tensorflow_serving/servables/tensorflow/predict_util.cc in https://github.com/tensorflow/serving
"""

from typing import AbstractSet, Iterable

from serving_runtime.errors import Problem, ProblemKind, ServingError, suggestion
from serving_runtime.validation.problems import InputMismatch, quoted, shortened

_MAX_NAMES = 5  # of each set; a client may send a hundred thousand


def word(error: ServingError) -> str:
    """Return an error's text: our own, with or after what these clients match on."""
    if isinstance(error, InputMismatch):
        is_missing = not error.declared <= error.sent
        return (
            f"{error}; {missing_inputs(error.sent, error.declared)}" if is_missing else f"{error}"
        )
    for problem in error.problems:
        if problem.kind is ProblemKind.UNKNOWN_SIGNATURE:
            return _unknown_signature(problem)
        if problem.kind is ProblemKind.UNKNOWN_OUTPUT:
            return _unknown_output(problem)
        if problem.kind is ProblemKind.DUPLICATE_OUTPUT:
            return _duplicate_output(problem)
    return str(error)


def missing_inputs(sent: AbstractSet[str], expected: AbstractSet[str]) -> str:
    """Return that a request lacks inputs.

    Args:
        sent: names of the request's inputs.
        expected: names of the signature's inputs, of which at least one was not sent.
    """
    if len(sent) == len(expected):  # then one was not sent and another is not known
        unknown = shortened(min(sent - expected))
        return (
            f"input tensor alias not found in signature: {unknown}. "
            f"Inputs expected to be in the set {_names(expected)}."
        )
    return (
        f"input size does not match signature: {len(sent)}!={len(expected)} "
        f"len({_names(sent)}) != len({_names(expected)}). "
        f"Sent extra: {_names(sent - expected)}. "
        f"Missing but required: {_names(expected - sent)}."
    )


def _unknown_signature(problem: Problem) -> str:
    """Return the sentence that Hydrosphere's clients compare, and which signatures there are."""
    names = ", ".join(problem.others)
    return (
        f"{shortened(problem.name)} signature is not present in the model; it has: {names}"
        f"{suggestion(problem.hint)}"
    )


def _unknown_output(problem: Problem) -> str:
    name = shortened(problem.name)
    return (
        f"output_filter names {quoted(problem.name)}, but the outputs are: "
        f"{', '.join(problem.others)}{suggestion(problem.hint)}; "
        f"output tensor alias not found in signature: {name} "
        f"Outputs expected to be in the set {_names(problem.others)}."
    )


def _duplicate_output(problem: Problem) -> str:
    return (
        f"output_filter names {quoted(problem.name)} twice; "
        f"duplicate output tensor alias: {shortened(problem.name)}"
    )


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = [shortened(name) for name in ordered[:_MAX_NAMES]]
    return "{" + ",".join(shown + ["..."] * (len(ordered) > _MAX_NAMES)) + "}"
