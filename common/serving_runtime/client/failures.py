"""Report a call that was not answered with a result, over either transport."""

DEFAULT_DEADLINE_SECONDS = 10.0


class CallFailed(Exception):
    """A call was not answered with a result.

    Args:
        status: the name of the gRPC status, such as ``INVALID_ARGUMENT``; or HTTP's status, such
            as ``400 Bad Request``.
        details: the service's own words.
        hint: what may help, or empty.
        request_id: by which the service's log can be searched, or empty.
    """

    def __init__(self, status: str, details: str, hint: str = "", request_id: str = "") -> None:
        super().__init__(f"{status}: {details}")
        self.status = status
        self.details = details
        self.hint = hint
        self.request_id = request_id

    def __str__(self) -> str:
        lines = [f"{self.status}: {self.details}"]
        if self.request_id:
            lines.append(f"  request id: {self.request_id}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)
