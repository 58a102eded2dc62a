"""Know a crash loop from a worker that one request has ended, and space its tries out.

A worker that made progress is replaced at once. One that did not, since it could not load the model
or ended by itself, is replaced after an exponential back-off: another such start would not help.
"""

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0
# So many workers in a row may end on calls before one of them has answered any: several requests
# that end any worker may have come at once. More, and it is the model that ends.
MAX_CRASHES_WITHOUT_REPLY = 10
# So many starts in a row without a worker that has loaded, and the model is lost: by then the
# back-off is at its longest, and a minute of tries has shown that time does not mend it.
MAX_FAILED_STARTS = 6


class CrashLoop:
    """Judge each worker that has ended.

    Attributes:
        failures: workers in a row that ended without progress.
        crashes_without_reply: workers in a row that ended on calls before they had answered any.
        failed_starts: workers in a row that could not be started, or did not load the model.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.crashes_without_reply = 0
        self.failed_starts = 0

    @property
    def is_lost(self) -> bool:
        """Whether so many starts have failed in a row that only a restart may help."""
        return self.failed_starts >= MAX_FAILED_STARTS

    def note_start(self, has_loaded: bool) -> None:
        """Note whether a worker that was started has loaded the model."""
        self.failed_starts = 0 if has_loaded else self.failed_starts + 1

    def note_end(self, has_answered: bool, was_running: bool) -> bool:
        """Note how a worker ended; return whether it made progress: it is replaced at once.

        Args:
            has_answered: it has answered a call.
            was_running: it ended on calls, or since it hung with them.
        """
        if has_answered:
            self.crashes_without_reply = 0
        elif was_running:
            self.crashes_without_reply += 1
        else:
            return False
        if self.crashes_without_reply > MAX_CRASHES_WITHOUT_REPLY:
            return False
        self.failures = 0
        return True

    def back_off(self, is_certain: bool) -> float:
        """Return how many seconds to wait after a worker that made no progress.

        Args:
            is_certain: it said why it cannot load the model; else the first may be bad luck, and
                is replaced at once.
        """
        self.failures += 1
        if self.failures == 1 and not is_certain:
            return 0.0
        return min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0**self.failures)
