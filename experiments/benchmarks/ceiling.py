"""Show what two processes of Python can reach at all, beside what is asked of ours."""

from typing import Any

from experiments.benchmarks import report
from experiments.benchmarks.targets import AGAINST_LIMITS, SPEED, WORKER_ECHO, Found, LimitTarget

HEAD = ["target", "bound", "asks for", "echo with a worker", "share of it that is asked", "ours",
        "share"]  # fmt: skip


def table(told: dict[str, Any]) -> str:
    """Return what each target against a limit asks for, as a share of an echo with a worker.

    Args:
        told: the JSON of a comparison that has the limits, the echo with a worker, and ours.
    """
    found = Found(report.summarise(told))
    return report.table(HEAD, [_row(found, target) for target in AGAINST_LIMITS])


def _row(found: Found, target: LimitTarget) -> list[str]:
    peers = (target.limit, WORKER_ECHO, report.OURS)
    speeds = found.of(peers, target.case, target.shape, SPEED)
    head = [target.words, f"≥ {target.bound:g}"]
    if len(speeds) < len(peers):
        return [*head, *[report.NOTHING] * (len(HEAD) - len(head))]
    limit, pair, ours = (speeds[peer] for peer in peers)
    asked = target.bound * limit
    return [*head, f"{asked:,.0f}", f"{pair:,.0f}", f"{asked / pair:.2f}",
            f"{ours:,.0f}", f"{ours / pair:.2f}"]  # fmt: skip
