"""All cases that are of no protocol, one module a subject."""

from tests.conformance.cases import (
    casts,
    dtypes,
    estimators,
    failures,
    inputs,
    maps,
    messages,
    shapes,
    signatures,
    strings,
)

CASES = [
    *signatures.CASES,
    *inputs.CASES,
    *shapes.CASES,
    *dtypes.CASES,
    *strings.CASES,
    *casts.CASES,
    *maps.CASES,
    *failures.CASES,
    *messages.CASES,
    *estimators.CASES,
]
