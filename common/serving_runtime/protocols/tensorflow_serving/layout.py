"""Find where everything is in a PredictRequest."""

from typing import FrozenSet

from serving_runtime.protocols.protobuf import scanning
from serving_runtime.protocols.protobuf.scanning import (
    BYTES_1,
    BYTES_2,
    BYTES_3,
    NUMBER_1,
    Span,
    Unusual,
)
from serving_runtime.protocols.protobuf.tensors import layout
from serving_runtime.protocols.protobuf.tensors.form import TENSOR_PROTO
from serving_runtime.protocols.protobuf.tensors.layout import Layout
from serving_runtime.protocols.tensorflow_serving.model_spec import ModelSpec
from serving_runtime.protocols.tensorflow_serving.reply_context import ReplyContext

_SPECS, _INPUTS, _FILTERS = BYTES_1, BYTES_2, BYTES_3
_SPEC = frozenset((BYTES_1, BYTES_2, BYTES_3))
_NUMBER: FrozenSet[int] = frozenset((NUMBER_1,))


def find(view: memoryview) -> Layout:
    """Find the inputs of a request, and read everything but their values.

    Raises:
        Unusual: it is no PredictRequest, or has the form of none that clients write.
    """
    parts = layout.parts(view, (_SPECS, _INPUTS, _FILTERS))
    specs = parts[_SPECS]
    if len(specs) > 1:
        raise Unusual  # protobuf merges them
    inputs = layout.of_inputs(view, parts[_INPUTS], TENSOR_PROTO)
    spec = _spec(view, specs[0].content) if specs else ModelSpec()
    return Layout(
        view,
        inputs,
        ReplyContext(spec, inputs.as_content),
        spec.signature_name,
        tuple(scanning.text(view, name.content) for name in parts[_FILTERS]),
    )


def _spec(view: memoryview, span: Span) -> ModelSpec:
    fields = scanning.message(view, span, _SPEC)
    version = None
    if BYTES_2 in fields:
        value = scanning.message(view, fields[BYTES_2], _NUMBER).get(NUMBER_1, (0, 0))[0]
        version = scanning.signed(value)
    texts = [scanning.text(view, fields.get(tag, (0, 0))) for tag in (BYTES_1, BYTES_3)]
    return ModelSpec(texts[0], version, texts[1])
