"""Find the function of each signature, and check before the first call that it can be called."""

import functools
import inspect
import keyword
import sys
from types import ModuleType
from typing import Any, Callable, Coroutine, Dict, List, Optional, Tuple

from serving_runtime.errors import LoadError, nearest
from serving_runtime.framework.parameters import differences
from serving_runtime.model import Arrays
from serving_runtime.signature import Signature

Function = Callable[..., Any]  # as the user wrote it
Predict = Callable[[Arrays], Arrays]  # the same behind its style
PredictAsync = Callable[[Arrays], "Coroutine[Any, Any, Arrays]"]  # an asynchronous one likewise
Hook = Optional[Callable[[], Any]]

_AS_TEXT: Dict[str, Any] = {}
if sys.version_info >= (3, 14):  # novm
    # Annotations are evaluated late, and may name what is imported for type checkers only.
    import annotationlib  # novm

    _AS_TEXT["annotation_format"] = annotationlib.Format.STRING  # novm

GENERATORS: Tuple[Tuple[Callable[[Any], bool], str], ...] = (
    (inspect.isgeneratorfunction, "a generator"),
    (inspect.isasyncgenfunction, "an async generator"),
)
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def find(module: ModuleType, signature: Signature) -> Function:
    """Return the function that answers ``signature``.

    Raises:
        LoadError: there is none, it is a generator, or its parameters do not fit.
    """
    name = signature.name
    if not name.isidentifier() or keyword.iskeyword(name):
        raise LoadError(
            f'signature "{name}" of the contract cannot be served: no Python function can have '
            "that name",
            "rename the signature in the contract, and the function alike",
        )
    if not hasattr(module, name):
        raise _missing(module, name)
    function: Function = getattr(module, name)
    _check_kind(name, function)
    _check_parameters(function, signature)
    return function


def find_hooks(module: ModuleType, signature_names: Tuple[str, ...]) -> Tuple[Hook, Hook]:
    """Return the module's own ``load()`` and ``unload()``, or None for each that it lacks.

    Raises:
        LoadError: one of them is a generator.
    """
    return (
        _hook(module, "load", signature_names),
        _hook(module, "unload", signature_names),
    )


def is_async(function: Function) -> bool:
    """Whether a call has to be awaited."""
    return inspect.iscoroutinefunction(_code(function))


def call_signature(function: Function) -> Optional[inspect.Signature]:
    """Return how ``function`` may be called; None for some that are written in C."""
    try:
        return inspect.signature(function, **_AS_TEXT)
    except (TypeError, ValueError):
        return None


def _hook(module: ModuleType, name: str, signature_names: Tuple[str, ...]) -> Hook:
    """Return a hook, unless the name means something else here.

    ``from joblib import load`` is no hook, nor is the user's own ``load(path)``.
    """
    function: Any = getattr(module, name, None)
    if name in signature_names or not _is_own_function(function, module):
        return None
    if any(map(_is_required, inspect.signature(function, **_AS_TEXT).parameters.values())):
        return None
    _check_kind(name, function)
    hook: Hook = function
    return hook


def _missing(module: ModuleType, name: str) -> LoadError:
    names = tuple(key for key, value in vars(module).items()
                  if _is_own_function(value, module) and not key.startswith("_"))  # fmt: skip
    return LoadError(
        f'func_main.py has no function "{name}" for the signature of that name in the contract'
        f"{nearest(name, names)} (its functions: {', '.join(names) or 'none'})",
        "rename the function, or the signature in the contract",
    )


def _is_own_function(value: Any, module: ModuleType) -> bool:
    return inspect.isfunction(value) and value.__module__ == module.__name__


def _check_kind(name: str, function: Function) -> None:
    if not callable(function):
        raise LoadError(
            f'"{name}" in func_main.py is no function but of type {type(function).__name__}',
            f"write `def {name}(…):`",
        )
    code = _code(function)
    for is_kind, kind in GENERATORS:
        if is_kind(code):
            raise LoadError(
                f'"{name}" in func_main.py is {kind}: it yields several results, and a call has '
                "one answer",
                "collect what it yields, and return all outputs at once",
            )


def _code(function: Function) -> Any:
    """Return what is run when ``function`` is called, below partials."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isroutine(function):
        return function
    return getattr(function, "__call__", function)  # noqa: B004  its code is wanted


def _check_parameters(function: Function, signature: Signature) -> None:
    called = call_signature(function)
    problems = [] if called is None else _problems(called, signature)
    if problems:
        inputs = ", ".join(field.name for field in signature.inputs) or "none"
        raise LoadError(
            f'function "{signature.name}{called}" does not fit the contract, whose inputs are '
            f"{inputs}: {'; '.join(problems)}",
            "name the parameters like the inputs, or take them all with `**inputs`",
        )


def _problems(called: inspect.Signature, signature: Signature) -> List[str]:
    inputs = tuple(field.name for field in signature.inputs)
    parameters = tuple(called.parameters.values())
    named = tuple(parameter.name for parameter in parameters if parameter.kind in NAMED)
    takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    required = tuple(parameter.name for parameter in parameters if _is_required(parameter))
    return differences(inputs, named, required, takes_all)


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return parameter.default is inspect.Parameter.empty and parameter.kind not in variadic
