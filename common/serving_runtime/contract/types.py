"""Match the names that contracts use, in files and in YAML, with the numbers on the wire."""

from typing import Dict, Mapping

from serving_runtime.contract.errors import ContractError
from serving_runtime.errors import nearest
from serving_runtime.signature import ANY, MAP, STRING

# See: https://github.com/tensorflow/tensorflow/blob/v1.7.0/tensorflow/core/framework/types.proto
# and Hydrosphere's types.proto, which adds DT_ANY (3.x) and DT_MAP. Newer versions of TensorFlow
# use 24 and 27 for float8 types; no contract ever carried those.
DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: STRING,
    8: "complex64", 9: "int64", 10: "bool", 11: "qint8", 12: "quint8", 13: "qint32",
    14: "bfloat16", 15: "qint16", 16: "quint16", 17: "uint16", 18: "complex128", 19: "float16",
    22: "uint32", 23: "uint64", 24: ANY, 27: MAP,
}  # fmt: skip
DTYPE_NUMBERS = {name: number for number, name in DTYPES.items()}
UNSERVABLE_DTYPES = {0: "DT_INVALID", 20: "DT_RESOURCE", 21: "DT_VARIANT"}
REFERENCE = 100

PROFILES = {
    0: "", 1: "categorical", 2: "numerical", 3: "image", 4: "video", 5: "audio", 6: "text",
    11: "nominal", 12: "ordinal", 21: "continuous", 22: "interval", 23: "ratio",
}  # fmt: skip
PROFILE_NUMBERS = {name: number for number, name in PROFILES.items()}

# As Hydrosphere's SDK has them: `float` and `int` are what they are to NumPy.
ALIASES = {
    "str": STRING,
    "boolean": "bool",
    "half": "float16", "single": "float32", "float": "float64", "double": "float64",
    "byte": "int8", "short": "int16", "int": "int64", "integer": "int64", "long": "int64",
    "ubyte": "uint8", "ushort": "uint16",
    "complex": "complex128",
}  # fmt: skip
TYPE_NAMES: Dict[str, str] = dict(ALIASES, **{name: name for name in DTYPE_NUMBERS})


def dtype_of(number: int, path: str) -> str:
    """Name the dtype that a contract has as a number.

    Contracts made from TensorFlow 1.x graphs may have a variable's reference type, whose number
    is that of the type plus 100; what is served is the variable's value.

    Raises:
        Fault: no tensor of that type can be sent.
    """
    value_number = number - REFERENCE if number > REFERENCE else number
    if value_number in DTYPES:
        return DTYPES[value_number]
    name = UNSERVABLE_DTYPES.get(value_number)
    found = f"{name} ({number}) cannot be sent" if name else f"unknown dtype number {number}"
    raise ContractError(f"{path}.dtype", f"{found}; expected one of {_numbered(DTYPES)}")


def profile_of(number: int, path: str) -> str:
    """Name the profile that a contract has as a number; empty for none.

    Raises:
        Fault: there is no such profile.
    """
    if number not in PROFILES:
        problem = f"unknown profile number {number}; expected one of {_numbered(PROFILES)}"
        raise ContractError(f"{path}.profile", problem)
    return PROFILES[number]


def dtype_named(name: str, path: str, where: str) -> str:
    """Return the dtype that YAML calls ``name``, in any case.

    Raises:
        Fault: there is no such type; names the nearest one.
    """
    return TYPE_NAMES[_known(name, TYPE_NAMES, "type", path, where)]


def profile_named(name: str, path: str, where: str) -> str:
    """Return the profile that YAML calls ``name``, in any case; empty for ``none``.

    Raises:
        Fault: there is no such profile; names the nearest one.
    """
    if name.lower() == "none":
        return ""
    named = {profile: number for profile, number in PROFILE_NUMBERS.items() if profile}
    return _known(name, named, "profile", path, where)


def _known(name: str, names: Mapping[str, object], what: str, path: str, where: str) -> str:
    if name.lower() in names:
        return name.lower()
    suggestion = nearest(name.lower(), tuple(names)) or ";"
    known = ", ".join(sorted(names))
    raise ContractError(path, f'unknown {what} "{name}"{suggestion} expected one of {known}', where)


def _numbered(names: Mapping[int, str]) -> str:
    return ", ".join(f"{name or 'none'} ({number})" for number, name in names.items())
