"""Detect what a function takes and returns, arrays or messages, by looking at it."""

import functools
import inspect
import os
import re
from types import CodeType, FunctionType
from typing import Any, Iterator, NamedTuple, Optional

from python_runtime.functions import Function, call_signature

ARRAYS = "arrays"
MESSAGES = "messages"

RESPONSE = "PredictResponse"
MESSAGE_NAME = re.compile(r"\b(TensorProto|PredictResponse)\b")


class Style(NamedTuple):
    """How a function is called, ``arrays`` or ``messages``, and why."""

    name: str
    reason: str


def choose(function: Function, wanted: str) -> Style:
    """Decide the style of a function.

    Args:
        function: the user's.
        wanted: ``arrays``, ``messages``, or ``auto`` to look at the function.
    """
    if wanted != "auto":
        return Style(wanted, "RUNTIME_PYTHON_STYLE says so")
    annotation = _message_annotation(function)
    if annotation:
        return Style(MESSAGES, f"it is annotated with {annotation}")
    user = _response_user(function)
    if user:
        return Style(MESSAGES, f"{user} uses {RESPONSE}")
    return Style(ARRAYS, f"it neither uses {RESPONSE} nor is annotated with messages")


def _message_annotation(function: Function) -> str:
    called = call_signature(function)
    if called is None:
        return ""
    annotations = [parameter.annotation for parameter in called.parameters.values()]
    for annotation in [*annotations, called.return_annotation]:
        found = MESSAGE_NAME.search(_annotation_text(annotation))
        if found:
            return found.group()
    return ""


def _annotation_text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _response_user(function: Function) -> str:
    """Name what refers to PredictResponse: the function, or one that it calls; empty if none."""
    for layer in _layers(function):
        if _refers_to_response(layer):
            return "it"
        for helper in _own_helpers(layer):
            if _refers_to_response(helper):
                return f"its helper {helper.__name__}"
    return ""


def _layers(function: Any) -> Iterator[FunctionType]:
    """Yield the Python functions that a call runs through: decorators, partials, ``__call__``."""
    while function is not None:
        while isinstance(function, functools.partial):
            function = function.func
        plain = _plain(function)
        if plain is not None:
            yield plain
        function = getattr(function, "__wrapped__", None)


def _plain(function: Any) -> Optional[FunctionType]:
    for candidate in (function, getattr(type(function), "__call__", None)):  # noqa: B004  its code is wanted
        found = getattr(candidate, "__func__", candidate)
        if inspect.isfunction(found):
            return found
    return None


def _own_helpers(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the functions that this one refers to, by global name or closure, and that are in its
    folder or below: the user's own, not a library's.
    """  # noqa: D205  one sentence
    folder = os.path.dirname(function.__code__.co_filename) + os.sep
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    named = [function.__globals__.get(name) for name in _names(function.__code__)]
    for value in cells + named:
        if inspect.isfunction(value) and value.__code__.co_filename.startswith(folder):
            yield value


def _refers_to_response(function: FunctionType) -> bool:
    names = set(_names(function.__code__))
    if RESPONSE in names:
        return True
    values = (function.__globals__.get(name) for name in names)
    return any(isinstance(value, type) and value.__name__ == RESPONSE for value in values)


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names and texts that ``code`` and the functions inside it refer to."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):
            yield constant


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # a variable of the outer function that has no value yet
        return False
