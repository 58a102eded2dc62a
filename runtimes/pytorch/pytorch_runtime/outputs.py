"""Name what a network returns, in whichever form, as the contract does."""

from typing import Any, Dict, Mapping, Sequence, Tuple

from serving_runtime.errors import BrokenResult


def named(result: Any, names: Sequence[str]) -> Dict[str, Any]:
    """Return a network's result by output.

    A dict is taken by its keys. A NamedTuple or a dataclass is taken by its fields if the contract
    has any of those names, else in order, like tuples, lists and single tensors. What is None is no
    output: networks return it in place of what they have not computed.

    Args:
        result: what the network returned.
        names: of the outputs, in the contract's order.

    Raises:
        BrokenResult: the number of values is not that of the outputs.
    """
    if isinstance(result, Mapping):
        return {str(name): value for name, value in result.items() if value is not None}
    fields = _fields(result)
    if fields and set(fields) & set(names):
        found = {name: getattr(result, name) for name in fields}
        return {name: value for name, value in found.items() if value is not None}
    values = [value for value in _values(result, fields) if value is not None]
    if len(values) != len(names):
        raise BrokenResult(
            f"the network returned {len(values)} values ({type(result).__name__}) for "
            f"{len(names)} outputs: {', '.join(names)}"
        )
    return dict(zip(names, values))


def names_of(result: Any) -> Tuple[str, ...]:
    """Name the outputs where there is no contract: after keys or fields, else by their number."""
    if isinstance(result, Mapping):
        return tuple(str(name) for name, value in result.items() if value is not None)
    fields = _fields(result)
    if fields:
        return tuple(name for name in fields if getattr(result, name) is not None)
    count = len([value for value in _values(result, fields) if value is not None])
    return ("output",) if count == 1 else tuple(f"output_{number}" for number in range(count))


def _fields(result: Any) -> Tuple[str, ...]:
    names: Any = getattr(result, "_fields", None) or getattr(result, "__dataclass_fields__", ())
    return tuple(names)


def _values(result: Any, fields: Tuple[str, ...]) -> Sequence[Any]:
    if isinstance(result, (tuple, list)):
        return result
    if fields:
        return [getattr(result, name) for name in fields]
    return [] if result is None else [result]
