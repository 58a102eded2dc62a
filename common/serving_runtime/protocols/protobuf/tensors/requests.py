"""Read requests that have a map of tensors, where they lie and as protobuf does."""

from typing import Any, Callable, Dict, List, Optional

from serving_runtime.ipc.frames import Bytes
from serving_runtime.protocols.protobuf.parsing import parsed
from serving_runtime.protocols.protobuf.recent_layouts import RecentLayouts
from serving_runtime.protocols.protobuf.scanning import Span
from serving_runtime.protocols.protobuf.tensors import decoding
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.dtypes import CONTENT
from serving_runtime.protocols.protobuf.tensors.form import TensorForm
from serving_runtime.protocols.protobuf.tensors.layout import Layout
from serving_runtime.protocols.request import Request
from serving_runtime.signature import Tensor, Value

_ALL_READABLE: Dict[str, str] = {}


class RequestReader:
    """Reads the requests of one protocol.

    Args:
        message_class: of a request; its ``inputs`` is the map.
        form: of the tensors in it.
        find: finds the layout of a request, as ``RecentLayouts`` takes it.
        read_message: reads a request that protobuf has parsed.
    """

    def __init__(
        self,
        message_class: Callable[[], Any],
        form: TensorForm,
        find: Callable[[memoryview], Layout],
        read_message: Callable[[Any, DecodeBudget], Request],
    ) -> None:
        self._message_class = message_class
        self._form = form
        self._layouts = RecentLayouts(find)
        self._read_message = read_message

    def decode(self, payload: Bytes, max_expanded_bytes: int) -> Request:
        """Read a request.

        Arrays are views of the payload where its encoding allows, and writable if it is. They are
        aligned if the payload lies where ``alignment_offset`` puts it.

        Args:
            payload: the message as it came.
            max_expanded_bytes: how much repeated values may grow to.

        Raises:
            InvalidInput: it is no such request, or a tensor of it cannot be read.
            LimitExceeded: repeated values would grow too large.
        """
        view = memoryview(payload)
        layout = self._layouts.of(view)
        if layout is not None and layout.slots:
            request = self._read(view, layout, max_expanded_bytes)
            if request is not None:
                return request
        with parsed(self._message_class(), payload) as message:
            return self._read_message(message, DecodeBudget(max_expanded_bytes))

    def alignment_offset(self, length_bytes: int) -> int:
        """Return how far from an aligned address a payload should begin.

        The worker receives it there, so that views of it need no copy. Where the values are in a
        payload is known from the last one of that length.

        Args:
            length_bytes: of the payload.
        """
        return self._layouts.alignment_offset(length_bytes)

    def _read(self, view: memoryview, layout: Layout, max_expanded_bytes: int) -> Optional[Request]:
        """Read the inputs where they lie, and leave to protobuf those that it alone can read."""
        tensors: Dict[str, Value] = {}
        others: List[Span] = list(layout.others)
        for place in layout.slots:
            array = place.read(view, place)
            if array is None:
                others.append(place.entry)
            else:
                tensors[place.name] = Tensor(place.wire_type.dtype, array)
        unreadable, context = _ALL_READABLE, layout.reply_context
        if others:
            budget = DecodeBudget(max_expanded_bytes)
            for place in layout.slots:
                if place.name in tensors:
                    budget.note_numeric(place.source == CONTENT)
            rest = b"".join(view[a:b] for a, b in sorted(others))
            with parsed(self._message_class(), rest) as message:
                if any(name in tensors for name in message.inputs):
                    return None  # of two inputs of one name the last one counts
                more, unreadable = decoding.decode_all(message.inputs, budget, self._form)
            tensors.update(more)
            context = context._replace(as_content=budget.as_content)
        return Request(layout.signature_name, tensors, layout.output_names, unreadable, context)
