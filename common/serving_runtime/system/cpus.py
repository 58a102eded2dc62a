"""Count the CPUs that this container may use, so that workers never oversubscribe them."""

import math
import os
from pathlib import Path
from typing import Dict, Iterable, Mapping, Optional

# What numerical libraries read when they are first imported; a framework names its own beside them.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def usable_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the CPUs that affinity and the cgroup's quota leave, rounded up, at least 1.

    See: docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max), and cpu.cfs_quota_us for v1.
    """
    quota = _quota_v2(cgroup) or _quota_v1(cgroup)
    allowed = _affinity()
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def thread_variables(
    environ: Mapping[str, str], threads: int, workers: int, others: Iterable[str] = ()
) -> Dict[str, str]:
    """Return the thread limits for one worker, leaving alone what the user has set.

    Args:
        environ: the environment that the service was started with.
        threads: threads of each worker, or 0 to share the CPUs.
        workers: how many workers share them.
        others: further variables, those of the frameworks.
    """
    count = threads or max(1, usable_cpus() // max(1, workers))
    return {name: str(count) for name in (*THREAD_VARIABLES, *others) if not environ.get(name)}


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota_v2(cgroup: Path) -> Optional[float]:
    words = _read(cgroup / "cpu.max").split()
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(cgroup: Path) -> Optional[float]:
    quota = _read(cgroup / "cpu" / "cpu.cfs_quota_us")
    period = _read(cgroup / "cpu" / "cpu.cfs_period_us")
    if not quota or not period or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
