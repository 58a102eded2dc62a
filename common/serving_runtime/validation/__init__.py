"""Hold requests and results against the contract; knows no protocol and speaks no protocol's words.

What does not fit is raised with its problems as data, worded so that every protocol's clients
understand it; a protocol may word them anew.
"""

from serving_runtime.validation.inputs import validate_inputs
from serving_runtime.validation.missing import with_nullable
from serving_runtime.validation.outputs import validate_outputs
from serving_runtime.validation.selection import (
    by_requested_name,
    choose_signature,
    validate_output_names,
)

__all__ = [
    "by_requested_name",
    "choose_signature",
    "validate_inputs",
    "validate_output_names",
    "validate_outputs",
    "with_nullable",
]
