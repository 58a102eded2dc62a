import pytest

from serving_runtime.system import cpus


@pytest.fixture
def cgroup(tmp_path):
    """Return a function that makes a directory look like a cgroup with these files."""

    def make(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_cfs", ".cfs").replace(
                "_max", ".max"
            )
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


@pytest.fixture(autouse=True)
def _eight_cpus(monkeypatch):
    monkeypatch.setattr(cpus, "_affinity", lambda: 8)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("max 100000\n", 8),
        ("9900000 100000\n", 8),
        ("", 8),
    ],
)
def test_version_2_quota(cgroup, text, count):
    """A quota is rounded up, is at least 1, and never more than the CPUs there are."""
    assert cpus.usable_cpus(cgroup(cpu_max=text)) == count


@pytest.mark.parametrize(
    ("quota", "count"), [("300000\n", 3), ("250000\n", 3), ("1000\n", 1), ("-1\n", 8)]
)
def test_version_1_quota(cgroup, quota, count):
    """The older files say the same in two, with -1 for no limit."""
    directory = cgroup(cpu__cpu_cfs_quota_us=quota, cpu__cpu_cfs_period_us="100000\n")
    assert cpus.usable_cpus(directory) == count


def test_half_of_version_1_is_no_quota(cgroup):
    """A quota without its period says nothing."""
    assert cpus.usable_cpus(cgroup(cpu__cpu_cfs_quota_us="100000\n")) == 8


def test_no_cgroup_leaves_affinity(tmp_path):
    """Outside of a container the process's own CPUs count."""
    assert cpus.usable_cpus(tmp_path / "missing") == 8


def test_affinity_is_the_processs_own(monkeypatch):
    """`taskset` and Kubernetes' static policy limit the CPUs without a quota."""
    monkeypatch.undo()
    monkeypatch.setattr(cpus.os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert cpus._affinity() == 3


def test_affinity_falls_back_to_the_machine(monkeypatch):
    """A system without affinity has its count of CPUs, or 1 if it does not know."""
    monkeypatch.undo()
    monkeypatch.delattr(cpus.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(cpus.os, "cpu_count", lambda: None)
    assert cpus._affinity() == 1


@pytest.mark.parametrize(
    ("threads", "workers", "count"),
    [(0, 1, "6"), (0, 2, "3"), (0, 4, "1"), (0, 7, "1"), (0, 0, "6"), (5, 2, "5")],
)
def test_workers_share_the_cpus(monkeypatch, threads, workers, count):
    """The workers together never take more than there are, and each has at least one."""
    monkeypatch.setattr(cpus, "usable_cpus", lambda: 6)
    found = cpus.thread_variables({}, threads, workers)
    assert found == dict.fromkeys(cpus.THREAD_VARIABLES, count)


def test_what_the_user_has_set_is_left_alone():
    """A set OMP_NUM_THREADS is not in the result, so it stays what it was; an empty one is."""
    found = cpus.thread_variables({"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": ""}, 2, 1)
    assert "OMP_NUM_THREADS" not in found
    assert found["MKL_NUM_THREADS"] == "2"
    assert found["OPENBLAS_NUM_THREADS"] == "2"


def test_variables_of_a_framework_are_set_as_well(monkeypatch):
    """A framework may have pools of its own, which the neutral variables do not limit."""
    monkeypatch.setattr(cpus, "usable_cpus", lambda: 4)
    found = cpus.thread_variables({"TOY_OUTER": "1"}, 0, 2, ("TOY_OUTER", "TOY_INNER"))
    assert found["TOY_INNER"] == found["OMP_NUM_THREADS"] == "2"
    assert "TOY_OUTER" not in found
