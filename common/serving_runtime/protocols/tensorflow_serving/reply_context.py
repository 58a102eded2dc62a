"""What a reply must know of its request."""

from typing import NamedTuple

from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec


class ReplyContext(NamedTuple):
    """``as_content``: the numeric inputs came as raw bytes, so the outputs go back that way."""

    model_spec: ModelSpec = ModelSpec()
    as_content: bool = False
