"""Read W3C's trace context and baggage: what is malformed is ignored, and never fails a call.

See: https://www.w3.org/TR/trace-context/, https://www.w3.org/TR/baggage/
"""

import re
from typing import Dict, Pattern

from serving_runtime.ipc.attributes import BAGGAGE, TRACEPARENT, TRACESTATE

# The version; the ids of trace and parent, of which none is all zero; the flags; and what a later
# version than ours may have behind them.
_PARENT = re.compile(
    "([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_STATE = re.compile(r"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_BAGGAGE = re.compile(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[ \t]*[!#-+\--:<-\[\]-~]*([ \t]*;[ -+\--~]*)?"
)
_MAX_STATES, _MAX_STATE_BYTES = 32, 4096
_MAX_BAGGAGE, _MAX_BAGGAGE_BYTES = 180, 8192
_SAMPLED = 1


def read(parent: str, state: str, baggage: str) -> Dict[str, str]:
    """Return what of it is to be passed on, by the names of attributes.

    Args:
        parent: the header ``traceparent``; empty for none, as with the others.
        state: ``tracestate``, which means nothing without it.
        baggage: the header of that name.
    """
    found: Dict[str, str] = {}
    parent = _parent(parent)
    if parent:
        found[TRACEPARENT] = parent
        if state and _are(_STATE, state, _MAX_STATES, _MAX_STATE_BYTES):
            found[TRACESTATE] = state
    if baggage and _are(_BAGGAGE, baggage, _MAX_BAGGAGE, _MAX_BAGGAGE_BYTES):
        found[BAGGAGE] = baggage
    return found


def is_sampled(parent: str) -> bool:
    """Return whether the trace that a ``traceparent`` names is recorded by who began it."""
    return bool(int(parent[-2:], 16) & _SAMPLED)


def _parent(text: str) -> str:
    """Return a ``traceparent`` in the version that is known here; empty if it is none."""
    match = _PARENT.fullmatch(text.strip())
    if match is None:
        return ""
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == "00":
        return "" if rest else match.group()
    return "" if version == "ff" else f"00-{trace_id}-{parent_id}-{int(flags, 16) & _SAMPLED:02x}"


def _are(member: Pattern[str], text: str, most: int, most_bytes: int) -> bool:
    """Return whether a list has members of that form only, and not too many."""
    members = [it.strip(" \t") for it in text.split(",")] if len(text) <= most_bytes else []
    return 0 < len(members) <= most and all(member.fullmatch(it) for it in members if it)
