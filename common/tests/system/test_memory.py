import subprocess
import sys

from serving_runtime.system import memory

# Large blocks that malloc gave back would show as page faults in every turn.
COUNT_FAULTS = """
import resource
from serving_runtime.system import memory
memory.keep_freed_memory()
faults = []
for _ in range(4):
    block = b"x" * (16 << 20)
    del block
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(faults[-1] - faults[0])
"""

COUNT_KEPT = """
import resource
from pathlib import Path
from serving_runtime.system import memory
memory.keep_freed_memory()
def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])
before = resident_pages()
block = b"x" * (16 << 20)
del block
kept = resident_pages() - before
memory.give_back_freed_memory()
print(kept * resource.getpagesize(), (resident_pages() - before) * resource.getpagesize())
"""


def test_large_blocks_stay_with_the_process():
    """The second request of a size finds its memory warm."""
    out = subprocess.check_output([sys.executable, "-c", COUNT_FAULTS])
    assert int(out) < 100


def test_what_is_kept_can_be_given_back():
    """Before as much is taken from the system in another way."""
    out = subprocess.check_output([sys.executable, "-c", COUNT_KEPT])
    kept, left = map(int, out.split())
    assert kept > 15 << 20
    assert left < 1 << 20


def test_other_c_libraries_are_left_alone(monkeypatch):
    """There is neither mallopt nor malloc_trim to call."""
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.keep_freed_memory()
    memory.give_back_freed_memory()
