import os
import subprocess
import sys

from serving_runtime.system import process_usage


def test_this_process_has_memory_and_has_run():
    """By its number as by its name for itself."""
    assert process_usage.resident_bytes("self") > 1 << 20
    assert process_usage.resident_bytes(str(os.getpid())) > 1 << 20
    assert process_usage.cpu_seconds(os.getpid()) > 0


def test_one_that_is_gone_has_nothing():
    """It may end between two looks."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert process_usage.resident_bytes(str(ended.pid)) == 0
    assert process_usage.cpu_seconds(ended.pid) == 0


def test_cpu_time_never_falls():
    """What a child took counts after its end as well."""
    usage = process_usage.CpuSeconds()
    before = usage.now([])
    subprocess.check_call([sys.executable, "-c", "sum(range(10 ** 6))"])
    own, children = usage.now([])
    assert own >= before[0]
    assert children > before[1]
    usage._children = 1e9
    assert usage.now([])[1] == 1e9
