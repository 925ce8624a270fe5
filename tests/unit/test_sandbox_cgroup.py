"""The kernel's account of a container, from written-down control groups of both versions."""

import pytest

from orchestrator.models.usage import Peaks
from orchestrator.sandbox.cgroup import group_of

ID = "5" * 64
PID = 4711
SEPARATE = "8:pids:/docker/{id}\n4:memory:/docker/{id}\n2:cpu,cpuacct:/docker/{id}\n0::/docker/{id}\n"
UNIFIED = "0::/system.slice/docker-{id}.scope\n"


def _write(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def _found(tmp_path, listed, files, container=ID):
    _write(
        tmp_path,
        {f"proc/{PID}/cgroup": listed.format(id=ID), **{f"sys/{p.format(id=ID)}": t for p, t in files.items()}},
    )
    return group_of(container, PID, tmp_path / "proc", tmp_path / "sys")


def test_version_1(tmp_path):
    group = _found(
        tmp_path,
        SEPARATE.replace("cpu,cpuacct", "cpuacct"),
        {
            "memory/docker/{id}/memory.max_usage_in_bytes": f"{41 << 20}\n",
            "memory/docker/{id}/memory.stat": f"cache 0\nshmem {3 << 20}\ntotal_cache 1\n",
            "cpuacct/docker/{id}/cpuacct.usage": "1500000000\n",
            "pids/docker/{id}/pids.current": "7\n",
        },
    )
    assert group.read() == Peaks(cpu_seconds=1.5, memory_mib=41, pids=7, disk_mib=3)


def test_version_2(tmp_path):
    place = "system.slice/docker-{id}.scope/"
    group = _found(
        tmp_path,
        UNIFIED,
        {
            place + "memory.peak": f"{(41 << 20) - 1}\n",
            place + "memory.stat": f"anon 1\nshmem {3 << 20}\n",
            place + "cpu.stat": "usage_usec 1500000\nuser_usec 1\n",
            place + "pids.peak": "9\n",
            place + "pids.current": "2\n",
        },
    )
    assert group.read() == Peaks(cpu_seconds=1.5, memory_mib=41, pids=9, disk_mib=3)


def test_an_older_kernel_tells_what_is_now(tmp_path):
    place = "system.slice/docker-{id}.scope/"
    files = {place + "memory.current": f"{5 << 20}\n", place + "pids.current": "2\n", place + "pids.peak": "many\n"}
    assert _found(tmp_path, UNIFIED, files).read() == Peaks(memory_mib=5, pids=2)


def test_a_group_that_is_gone_tells_nothing(tmp_path):
    group = _found(tmp_path, SEPARATE, {"memory/docker/{id}/memory.max_usage_in_bytes": "1\n"})
    (tmp_path / "sys/memory/docker" / ID / "memory.max_usage_in_bytes").unlink()
    assert group.read() == Peaks()


@pytest.mark.parametrize(
    ("listed", "container"),
    [
        (SEPARATE, "6" * 64),  # the number is another process on this kernel
        ("4:memory:/docker/../{id}\n", ID),
        ("4:memory\n::\nnonsense", ID),
        ("", ID),
    ],
)
def test_what_is_not_surely_the_containers_is_not_read(tmp_path, listed, container):
    files = {"memory/docker/{id}/memory.max_usage_in_bytes": "1\n", "memory/{id}/x": ""}
    assert _found(tmp_path, listed, files, container) is None
    assert group_of(ID, 0, tmp_path / "proc", tmp_path / "sys") is None
