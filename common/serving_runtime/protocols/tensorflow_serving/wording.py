"""Repeat TensorFlow Serving's words for what its clients match on, after our own.

See: tensorflow_serving/servables/tensorflow/predict_util.cc in https://github.com/tensorflow/serving
"""

from typing import AbstractSet, Iterable

from serving_runtime.validation.problems import shortened

_MAX_NAMES = 5  # of each set; a client may send a hundred thousand


def missing_inputs(sent: AbstractSet[str], expected: AbstractSet[str]) -> str:
    """Say that a request lacks inputs.

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


def unknown_output(name: str, outputs: Iterable[str]) -> str:
    """Say that there is no such output."""
    return (
        f"output tensor alias not found in signature: {shortened(name)} "
        f"Outputs expected to be in the set {_names(outputs)}."
    )


def duplicate_output(name: str) -> str:
    """Say that an output is asked for twice."""
    return f"duplicate output tensor alias: {shortened(name)}"


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = [shortened(name) for name in ordered[:_MAX_NAMES]]
    return "{" + ",".join(shown + ["..."] * (len(ordered) > _MAX_NAMES)) + "}"
