"""Read the examples of a request: each is left as its bytes, which the model's graph parses.

See: tensorflow_serving/servables/tensorflow/util.cc in https://github.com/tensorflow/serving
"""

from typing import Any, List

import numpy as np

from hydro_serving_grpc.messages import message_class
from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.signature import STRING, Tensor

_Example = message_class("runtime.examples.Example")
_END = _Example(end=True).SerializeToString()


def read(proto: Any, budget: DecodeBudget) -> Tensor:
    """Return the examples as string[n], each with the context's features before its own.

    Args:
        proto: a ``runtime.examples.Input``.
        budget: the request's account, which is charged for the copies of the context.

    Raises:
        InvalidInput: there are none, or the context is no example.
        LimitExceeded: the copies of the context grow beyond the request's budget.
    """
    if proto.WhichOneof("kind") == "example_list_with_context":
        examples = _with_context(proto.example_list_with_context, budget)
    else:
        examples = list(proto.example_list.examples)
    if not examples:
        raise InvalidInput("the request has no examples: Input is empty.")
    return Tensor(STRING, np.array(examples, dtype=object))


def _with_context(proto: Any, budget: DecodeBudget) -> List[bytes]:
    """Put the context before each example: messages are merged by being joined."""
    context = proto.context
    _check(context)
    budget.charge(len(context) * max(len(proto.examples) - 1, 0))
    return [context + example for example in proto.examples]


def _check(context: bytes) -> None:
    """Refuse a context that would run on into an example; all else is the graph's to judge."""
    try:
        with parsed(_Example(), context + _END) as message:
            if not message.end:
                raise InvalidInput("its last field is cut short")
    except InvalidInput as problem:
        raise InvalidInput(f"the context of the examples cannot be read: {problem}") from None
