"""Word problems as Open Inference's clients know their tensors: by the standard's datatypes."""

from serving_runtime.errors import BrokenResult, Problem, ProblemKind, ServingError
from serving_runtime.protocols.open_inference.datatypes import in_datatypes
from serving_runtime.protocols.open_inference.encoding import CARRIED_BY
from serving_runtime.validation.problems import describe

CARRIED_BY_REST = "POST /v1/models/{model}:predict"


def word(error: ServingError) -> str:
    """Return an error's text with the datatypes of this protocol in place of our dtypes."""
    text = str(error)
    side = "output" if isinstance(error, BrokenResult) else "input"
    for problem in error.problems:
        ours = describe(problem, side)
        text = text.replace(ours, describe(_in_datatypes(problem), side), 1)
    return text


def word_rest(error: ServingError) -> str:
    """Return it likewise, with what HTTP has for what this protocol cannot carry."""
    return word(error).replace(CARRIED_BY, CARRIED_BY_REST)


def _in_datatypes(problem: Problem) -> Problem:
    """Return a problem whose forms are the standard's; what a client may have sent stays as it is.

    An unreadable input has its reason in datatypes already, but for values beyond one.
    """
    return problem._replace(
        expected=in_datatypes(problem.expected),
        got=in_datatypes(problem.got),
        reason=problem.reason
        if problem.kind is not ProblemKind.CAST
        else in_datatypes(problem.reason),
    )
