import mmap
import subprocess
import sys
from pathlib import Path

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


def test_little_memory_is_given_back():
    """A block as large as a request does not stay with the process in a small container."""
    code = COUNT_KEPT.replace("keep_freed_memory()", "keep_freed_memory(1 << 28)")
    kept, _ = map(int, subprocess.check_output([sys.executable, "-c", code]).split())
    assert kept < 9 << 20


def test_workers_keep_little_where_there_is_little():
    """They start with variables of glibc's, in place of the images' own and of no others."""
    small = memory.worker_variables(memory.OF_IMAGES, 1 << 29)
    assert set(small) == {*memory.OF_IMAGES, "MALLOC_ARENA_MAX"}
    assert all(int(small[name]) < int(text) for name, text in memory.OF_IMAGES.items())
    assert memory.worker_variables({}, 1 << 29) == small
    chosen = {"MALLOC_TOP_PAD_": "5", "MALLOC_ARENA_MAX": "1"}
    assert not chosen.keys() & memory.worker_variables(chosen, 1 << 29).keys()


def test_where_memory_is_ample_workers_keep_what_images_say():
    """From 4 GiB on nothing is changed."""
    assert memory.worker_variables({}, memory.AMPLE_BYTES) == {}


def test_images_set_what_is_known_to_be_theirs():
    """Else a small container's workers would keep it."""
    template = Path(__file__).resolve().parents[3] / "tools" / "images" / "Dockerfile.template"
    assert all(f"{name}={text}" in template.read_text() for name, text in memory.OF_IMAGES.items())


def test_a_worker_is_ended_first():
    """The kernel's own word for it is the highest score."""
    code = (
        "from serving_runtime.system import memory; memory.be_ended_first();"
        "print(open('/proc/self/oom_score_adj').read())"
    )
    assert int(subprocess.check_output([sys.executable, "-c", code])) == 1000


def test_own_memory_is_what_no_other_process_has():
    """It grows with a block, by as much."""
    before = memory.own_bytes()
    # Not of the heap, which may have so much that is free.
    with mmap.mmap(-1, 256 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1
        assert memory.own_bytes() - before > 200 << 20


def test_without_proc_nothing_is_known(monkeypatch):
    """On another system; nor is there a score to write."""
    monkeypatch.setattr(memory, "_STATM", "/nowhere/statm")
    assert memory.own_bytes() == 0
