"""Make the screen of ``serving-runtime top`` from two readings of a service's metrics."""

import math
from typing import TYPE_CHECKING, Iterator, List, Optional, Tuple

from serving_runtime.cli.tables import table

if TYPE_CHECKING:
    from serving_runtime.client.scraped import Change, Scraped

OURS = "serving_runtime_"
PARTS = ("queue", "decode", "model", "encode")
REASONS = (("failures", "reason"), ("refusals", "reason"), ("problems", "kind"))
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_NONE = "–"


def screen(before: "Optional[Scraped]", now: "Scraped") -> str:
    """Return the text of one screen; rates begin with the second reading."""
    from serving_runtime.client.scraped import Change

    change = None if before is None else Change(before, now)
    blocks = [_head(now), _calls(now, change)]
    if change is not None:
        blocks += [_times(change), _wrong(now, change)]
    blocks.append(_workers(now, change))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(now: "Scraped") -> str:
    about = now.labels(f"{OURS}info")
    state = "ready" if now.total(f"{OURS}ready") else "NOT READY"
    if not about:
        return f"{state}; no model is loaded yet"
    library = f"{about['framework']} {about['framework_version']}".strip()
    return (
        f"{about['model_name']}: {state}; {library}, Python {about['python']}, "
        f"serving-runtime {about['release']}"
    )


def _calls(now: "Scraped", change: "Optional[Change]") -> str:
    line = [
        f"running {now.total(f'{OURS}calls_running'):.0f}",
        f"waiting {now.total(f'{OURS}calls_waiting'):.0f}",
    ]
    if change is not None:
        calls = change.rate(f"{OURS}calls_total")
        failed = calls - change.rate(f"{OURS}calls_total", status="OK")
        line = [
            f"calls/s {calls:.1f}", f"failed/s {failed:.1f}", *line,
            f"in/s {_size(change.rate(f'{OURS}request_bytes_total'))}",
            f"out/s {_size(change.rate(f'{OURS}reply_bytes_total'))}",
            f"rows/run {_number(change.mean(f'{OURS}batch_rows'))}",
        ]  # fmt: skip
    return "   ".join(line)


def _times(change: "Change") -> str:
    rows = []
    for part in PARTS:
        name = f"{OURS}{part}_seconds"
        values = [change.mean(name), change.quantile(name, 0.5), change.quantile(name, 0.99)]
        rows.append([part, *map(_milliseconds, values)])
    return table(["ms", "mean", "p50", "p99"], rows)


def _wrong(now: "Scraped", change: "Change") -> str:
    rows = list(_reasons(now, change))
    return table(["what went wrong", "", "in all", "/s"], rows) if rows else ""


def _reasons(now: "Scraped", change: "Change") -> Iterator[Tuple[str, ...]]:
    for what, label in REASONS:
        name = f"{OURS}{what}_total"
        for word, count in sorted(now.by(name, label).items()):
            if count:
                yield what, word, f"{count:.0f}", f"{change.rate(name, **{label: word}):.1f}"


def _workers(now: "Scraped", change: "Optional[Change]") -> str:
    ends = [
        f"{reason} {count:.0f}"
        for reason, count in now.by(f"{OURS}worker_ends_total", "reason").items()
        if count
    ]
    line = [
        f"workers {now.total(f'{OURS}workers'):.0f}",
        f"ended: {', '.join(ends) or 'none'}",
        f"retries {now.total(f'{OURS}retries_total'):.0f}",
    ]
    return "\n".join(["   ".join(line), _processes(now, change)])


def _processes(now: "Scraped", change: "Optional[Change]") -> str:
    parts: List[str] = []
    for process, size in sorted(now.by(f"{OURS}memory_bytes", "process").items()):
        text = f"{process} {_size(size)}"
        if change is not None:
            text += f", {change.rate(f'{OURS}cpu_seconds_total', process=process):.2f} CPU"
        parts.append(text)
    used, limit = (now.total(f"{OURS}memory_{it}_bytes") for it in ("used", "limit"))
    parts += [f"container {_size(used)} of {_size(limit)}"] if used else []
    return "   ".join(parts)


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"


def _number(value: float) -> str:
    return _NONE if math.isnan(value) else f"{value:.1f}"


def _milliseconds(value: float) -> str:
    return _NONE if math.isnan(value) else f"{value * 1000:.2f}"
