"""Make the tables of what is measured in pairs: two trees, and the service without a device."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.benchmarks import intervals, report
from experiments.benchmarks.cases import BY_NAME as CASES
from experiments.benchmarks.devices import BY_NAME as DEVICES
from experiments.benchmarks.devices import FORK_SERVER
from experiments.benchmarks.intervals import Interval
from experiments.benchmarks.peers.registry import BY_NAME as PEERS

# So much more CPU time of a call, or so much less speed, is no change.
BOUND = 0.03
MET, POSSIBLE, NOT_MET = "met", "met within the interval", "**not met**"
GAIN, NO_GAIN, LOSS = "gain", "no measured gain", "**loss**"
SPEED_GAIN = "gain in speed"
TOO_FEW = "too few pairs"
COMPARISON_HEAD = ["case", "callers", "pairs", "µs CPU before", "now", "CPU, now to before",
                   "front", "worker", "calls/s, now to before", "within 3 %"]  # fmt: skip
PROTOCOLS_HEAD = ["protocol", "case", "callers", "pairs", "µs CPU of Predict", "its own",
                  "CPU, to Predict's", "front", "worker", "calls/s, to Predict's",
                  "within 3 %"]  # fmt: skip
ABLATION_HEAD = ["device", "case", "pairs", "µs CPU with: front + worker", "without",
                 "CPU, without to with", "front", "worker", "calls/s, without to with",
                 "verdict"]  # fmt: skip
FORK_HEAD = ["device", "starts", "s with", "without", "s saved", "PSS MB with", "without",
             "MB saved", "verdict"]  # fmt: skip

Told = Mapping[str, Any]
Figure = Callable[[Mapping[str, float]], float]


def total_us(sample: Mapping[str, float]) -> float:
    """Return the CPU time of a call in front and worker."""
    return sample["front_us"] + sample["worker_us"]


def front_us(sample: Mapping[str, float]) -> float:
    """Return the CPU time of a call in the front."""
    return sample["front_us"]


def worker_us(sample: Mapping[str, float]) -> float:
    """Return the CPU time of a call in the worker."""
    return sample["worker_us"]


def per_second(sample: Mapping[str, float]) -> float:
    """Return the calls per second."""
    return sample["per_second"]


def ratio(pairs: Sequence[Sequence[Told]], figure: Figure, above: int) -> Interval:
    """Return the ratio of a figure within pairs: of the one at `above` to the other."""
    return intervals.of_median([figure(pair[above]) / figure(pair[1 - above]) for pair in pairs])


def comparison(told: Told) -> str:
    """Return the table of two trees, this one first in each pair."""
    rows = [_comparison_row(result) for result in told["results"]]
    table = report.table(COMPARISON_HEAD, rows)
    now, before = (
        f"commit {commit} {_settings(settings)}"
        for commit, settings in zip(told["commits"], told["settings"])
    )
    return f"Now is {now}, before is {before}.\n\n{table}{_problems(told)}"


def protocols(told: Told) -> str:
    """Return the table of our own protocols, each first in its pairs with Predict."""
    rows = [_protocol_row(result) for result in told["results"]]
    table = report.table(PROTOCOLS_HEAD, rows)
    return f"Measured of commit {told['commit']}.\n\n{table}{_problems(told)}"


def _protocol_row(result: Told) -> list[str]:
    return [PEERS[result["peer"]].title, *_comparison_row(result)]


def _settings(settings: Mapping[str, str]) -> str:
    listed = ", ".join(f"`{name}={value}`" for name, value in settings.items())
    return f"with {listed}" if listed else "with the defaults"


def _comparison_row(result: Told) -> list[str]:
    pairs = result["pairs"]
    head = [CASES[result["case"]].title, result["shape"], str(len(pairs))]
    if not pairs:
        return [*head, *[report.NOTHING] * (len(COMPARISON_HEAD) - len(head))]
    cpu, speed = ratio(pairs, total_us, 0), ratio(pairs, per_second, 0)
    figures = [_median(pairs, total_us, 1), _median(pairs, total_us, 0), _shown(cpu)]
    parts = [_shown(ratio(pairs, figure, 0)) for figure in (front_us, worker_us)]
    return [
        *head,
        *figures,
        *parts,
        _shown(speed),
        _judged(verdict(cpu, speed), pairs),
    ]


def _judged(words: str, pairs: Sequence[object]) -> str:
    """Return a verdict if there is an interval, and no mere range, to judge by."""
    return words if len(pairs) >= intervals.MIN_PAIRS else TOO_FEW


def verdict(cpu: Interval, speed: Interval) -> str:
    """Return whether a change stays within the bound: it does if the intervals allow it."""
    if cpu.high <= 1 + BOUND and speed.low >= 1 - BOUND:
        return MET
    return POSSIBLE if cpu.low <= 1 + BOUND and speed.high >= 1 - BOUND else NOT_MET


def ablation(told: Told) -> str:
    """Return the tables of the devices, with all first in each pair."""
    loaded = [it for it in told["results"] if it["device"] != FORK_SERVER.name]
    forked = [it for it in told["results"] if it["device"] == FORK_SERVER.name]
    parts = []
    if loaded:
        parts.append(report.table(ABLATION_HEAD, [_ablation_row(it) for it in loaded]))
    if forked:
        words = f"Each further worker, of {told['workers']}:"
        parts.append(f"{words}\n\n{report.table(FORK_HEAD, [_fork_row(it) for it in forked])}")
    return f"Measured of commit {told['commit']}.\n\n" + "\n".join(parts) + _problems(told)


def _ablation_row(result: Told) -> list[str]:
    pairs, case = result["pairs"], CASES[result["case"]].title
    head = [DEVICES[result["device"]].title, f"{case}, {result['shape']}", str(len(pairs))]
    if not pairs:
        return [*head, *[report.NOTHING] * (len(ABLATION_HEAD) - len(head))]
    parts = (total_us, front_us, worker_us, per_second)
    cpu, front, worker, speed = (ratio(pairs, figure, 1) for figure in parts)
    both = [f"{_median(pairs, front_us, which)} + {_median(pairs, worker_us, which)}"
            for which in (0, 1)]  # fmt: skip
    return [
        *head,
        *both,
        *map(_shown, (cpu, front, worker, speed)),
        _judged(gain(cpu, speed), pairs),
    ]


def gain(cpu: Interval, speed: Interval) -> str:
    """Return what a device gains, by the ratios of CPU time and of speed without it to with it."""
    if cpu.low > 1:
        return GAIN
    if speed.high < 1:
        return SPEED_GAIN
    return LOSS if cpu.high < 1 else NO_GAIN


def _fork_row(result: Told) -> list[str]:
    pairs = result["pairs"]
    head = [DEVICES[result["device"]].title, str(len(pairs))]
    if not pairs:
        return [*head, *[report.NOTHING] * (len(FORK_HEAD) - len(head))]
    row, is_gain = head, False
    for name in ("seconds", "pss_mb"):
        saved = intervals.of_median([without[name] - whole[name] for whole, without in pairs])
        medians = [statistics.median(pair[which][name] for pair in pairs) for which in (0, 1)]
        row = [*row, *(f"{median:.2f}" for median in medians), _shown(saved)]
        is_gain = is_gain or saved.low > 0
    return [*row, _judged(GAIN if is_gain else NO_GAIN, pairs)]


def _median(pairs: Sequence[Sequence[Told]], figure: Figure, which: int) -> str:
    return f"{statistics.median(figure(pair[which]) for pair in pairs):,.1f}"


def _shown(interval: Interval) -> str:
    median, low, high = interval
    return f"{median:.3f} ({low:.3f}–{high:.3f})"


def _problems(told: Told) -> str:
    lines = [f"- {it.get('device', it.get('case'))}: {it['problem'].splitlines()[0]}\n"
             for it in told["results"] if it["problem"]]  # fmt: skip
    return "\n" + "".join(lines) if lines else ""


def comparison_line(result: Told) -> str:
    """Return what is printed of two trees."""
    return _line(COMPARISON_HEAD, _comparison_row(result), result["problem"])


def protocols_line(result: Told) -> str:
    """Return what is printed of a protocol."""
    return _line(PROTOCOLS_HEAD, _protocol_row(result), result["problem"])


def ablation_line(result: Told) -> str:
    """Return what is printed of a device."""
    if result["device"] == FORK_SERVER.name:
        return _line(FORK_HEAD, _fork_row(result), result["problem"])
    return _line(ABLATION_HEAD, _ablation_row(result), result["problem"])


def _line(head: list[str], row: list[str], problem: str) -> str:
    named = [f"{name} {cell}" for name, cell in zip(head[2:], row[2:])]
    return "; ".join([f"{row[0]}, {row[1]}", *named, *([problem] if problem else [])])
