"""Keep account, over one request, of what its tensors' encodings were and cost."""

from serving_runtime.errors import RequestOverBudget


class DecodeBudget:
    """What decoding one request has seen so far.

    Args:
        max_expanded_bytes: how much the request's repeated values may grow to in total; what it
            sends in full is bounded by the message's size instead.
    """

    def __init__(self, max_expanded_bytes: int) -> None:
        self._max_expanded_bytes = max_expanded_bytes
        self._expanded_bytes = 0
        self._content_tensors = 0
        self._typed_tensors = 0

    @property
    def as_content(self) -> bool:
        """Whether all numeric values came as ``tensor_content``, and some did."""
        return self._content_tensors > 0 and self._typed_tensors == 0

    def note_numeric(self, is_content: bool) -> None:
        """Count a numeric tensor by its encoding."""
        if is_content:
            self._content_tensors += 1
        else:
            self._typed_tensors += 1

    def charge(self, size_bytes: int) -> None:
        """Take memory that the request did not send out of its budget, before allocating it.

        Raises:
            RequestOverBudget: the total is more than the setting allows.
        """
        self._expanded_bytes += size_bytes
        if self._expanded_bytes > self._max_expanded_bytes:
            raise RequestOverBudget(
                f"the request's repeated values would grow to {self._expanded_bytes} bytes, "
                f"more than RUNTIME_MAX_EXPANDED_BYTES={self._max_expanded_bytes}"
            )
