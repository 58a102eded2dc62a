import os

import pytest

from serving_runtime.system import cgroup_memory
from serving_runtime.system.cgroup_memory import Memory, available

MIB = 1 << 20
HOST = 8 << 30
NO_LIMIT_1 = 9223372036854771712
# As Linux 4.19 and 5.15 write them, cut to the lines of interest.
STAT_1 = """cache 9613312
rss 11100160
shmem 9138176
hierarchical_memory_limit {limit}
hierarchical_memsw_limit 9223372036854771712
total_cache 2586406912
total_rss 268943360
total_shmem 9146368
total_inactive_file 986423296
"""
USED_1 = 268943360 + 9146368
STAT_2 = """anon 104857600
file 734003200
kernel_stack 1048576
pagetables 2097152
sock 0
shmem 10485760
inactive_anon 0
inactive_file 500000000
"""
USED_2 = 104857600 + 1048576 + 2097152 + 10485760


@pytest.fixture(autouse=True)
def _host(monkeypatch):
    monkeypatch.setattr(cgroup_memory, "host_bytes", lambda: HOST)


@pytest.fixture
def groups(tmp_path):
    """Return a function that writes files below a mount, and what /proc says; then asks."""

    def ask(own_groups, files):
        for name, text in files.items():
            path = tmp_path / "mount" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        own = tmp_path / "own"
        own.write_text(own_groups)
        return available(tmp_path / "mount", own)

    return ask


def test_version_2_says_its_limit_and_what_is_in_use(groups):
    """The page cache is not: the kernel takes that back first."""
    found = groups("0::/\n", {"memory.max": "536870912\n", "memory.stat": STAT_2})
    assert found == Memory(512 * MIB, USED_2, is_container=True)
    assert found.left == 512 * MIB - USED_2


@pytest.mark.parametrize("text", ["max\n", "", f"{HOST}\n", f"{2 * HOST}\n"])
def test_without_a_limit_there_is_the_machine(groups, text):
    """Also where a limit is none, since the machine has no more."""
    assert groups("0::/\n", {"memory.max": text}) == Memory(HOST, 0, is_container=False)


def test_of_nested_limits_the_one_that_leaves_the_least_counts(groups):
    """A pod's may be nearer to its end than the container's is."""
    container = {"pod/own/memory.max": "536870912\n", "pod/own/memory.stat": "anon 1048576\n"}
    pod = {"pod/memory.max": "629145600\n", "pod/memory.stat": f"anon {300 * MIB}\n"}
    root = {"memory.max": "max\n"}
    found = groups("0::/pod/own\n", {**container, **pod, **root})
    assert (found.limit, found.used) == (600 * MIB, 300 * MIB)
    found = groups("0::/pod/own\n", {"pod/memory.stat": "anon 0\n"})
    assert (found.limit, found.used) == (512 * MIB, MIB)


def test_a_container_sees_its_own_group_as_the_root(groups):
    """While the path that /proc tells is the host's, or leads out of what can be seen."""
    for path in ("/docker/0123456789ab", "/../../elsewhere"):
        found = groups(f"0::{path}\n", {"memory.max": "1048576\n", "memory.stat": ""})
        assert found == Memory(MIB, 0, is_container=True)


def test_version_1_says_its_limit_and_what_is_in_use(groups):
    """In other files, below a folder of the controller's."""
    own = "9:name=systemd:/\n4:cpu,memory:/group\n0::/\n"
    found = groups(own, {
        "memory/group/memory.limit_in_bytes": "536870912\n",
        "memory/group/memory.stat": STAT_1.format(limit=536870912),
        "memory/memory.limit_in_bytes": f"{NO_LIMIT_1}\n",
    })  # fmt: skip
    assert found == Memory(512 * MIB, USED_1, is_container=True)


def test_version_1_tells_of_limits_outside_of_the_container(groups):
    """Of groups that cannot be seen from inside: the pod's."""
    found = groups("4:memory:/docker/0123\n", {
        "memory/memory.limit_in_bytes": f"{NO_LIMIT_1}\n",
        "memory/memory.stat": STAT_1.format(limit=400 * MIB),
    })  # fmt: skip
    assert (found.limit, found.used) == (400 * MIB, USED_1)


def test_version_1_without_a_limit(groups):
    """Its word for that is a number that no machine has."""
    found = groups("4:memory:/\n", {
        "memory/memory.limit_in_bytes": f"{NO_LIMIT_1}\n",
        "memory/memory.stat": STAT_1.format(limit=NO_LIMIT_1),
    })  # fmt: skip
    assert found == Memory(HOST, 0, is_container=False)


def test_a_hybrid_system_has_its_limit_in_version_1(groups):
    """Where both are mounted and the memory controller is version 1's, the other says nothing."""
    found = groups("4:memory:/own\n0::/own\n", {
        "memory/own/memory.limit_in_bytes": "1048576\n",
        "own/memory.max": "2097152\n",
    })  # fmt: skip
    assert found.limit == MIB


def test_no_cgroups_leave_the_machine(tmp_path):
    """On another system, say."""
    nothing = tmp_path / "missing"
    assert available(nothing, nothing) == Memory(HOST, 0, is_container=False)


def test_the_machine_has_memory(monkeypatch):
    """As the C library knows it."""
    monkeypatch.undo()
    assert cgroup_memory.host_bytes() == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_more_in_use_than_allowed_leaves_nothing():
    """A limit may be lowered below what is in use."""
    assert Memory(10, 12, is_container=True).left == 0
