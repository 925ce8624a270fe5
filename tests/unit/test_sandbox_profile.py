import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from orchestrator.errors import SandboxUnavailable, SandboxUnsafe, UsageError
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import Digest, RunId
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox import programs
from orchestrator.sandbox.drift import drift, require_as_asked
from orchestrator.sandbox.owner import Owner, started_at
from orchestrator.sandbox.profile import WORKING_SET_MIB, Profile, check_limits, container_spec, enforced

ROOT = Path(__file__).resolve().parents[2]
SECCOMP = json.loads((ROOT / "sandboxes/seccomp/default.json").read_bytes())
PROFILE = Profile("sha256:" + "1" * 64, Path("/state/programs/x"), Digest("sha256:" + "2" * 64), "{}", "runc")
REQUEST = SandboxRequest("run/S01/1/agent", RunId("r"), Limits(disk_mib=100, inodes=1000), environment="/state/env")


def spec(**changes):
    return container_spec(PROFILE, REQUEST, Owner.this()) | changes


def inspection(asked):
    """What an engine that keeps its word says."""
    host = copy.deepcopy(asked["HostConfig"])
    host["MaskedPaths"] = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
    host["ReadonlyPaths"] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    mounts = [{"Type": "bind", "Source": m["Source"], "Destination": m["Target"], "RW": False} for m in host["Mounts"]]
    return {"Image": asked["Image"], "Config": copy.deepcopy(asked), "HostConfig": host, "Mounts": mounts}


def test_the_container_is_the_one_that_is_written_down():
    host = spec()["HostConfig"]
    assert spec()["User"] == "65534:65534"
    assert spec()["Env"] == []
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true", "seccomp={}"]
    assert host["ReadonlyRootfs"]
    assert host["AutoRemove"]
    assert host["NetworkMode"] == host["IpcMode"] == host["LogConfig"]["Type"] == "none"
    assert host["Memory"] == host["MemorySwap"] == 1024 * 1024 * 1024
    assert host["NanoCpus"] == 1_000_000_000
    assert all(m["ReadOnly"] for m in host["Mounts"])


def test_what_was_enforced_is_the_same_for_equal_protections_and_another_for_any_other():
    elsewhere = replace(PROFILE, programs=Path("/another/place"))
    held = enforced(PROFILE, REQUEST)
    assert enforced(elsewhere, replace(REQUEST, key="k", run=RunId("s"), environment="/another/env")) == held
    assert b"/state" not in held
    limits = REQUEST.limits.model_dump()
    others = [
        replace(REQUEST, limits=Limits(**{**limits, name: limits[name] * 2}))
        for name in ("cpus", "memory_mib", "pids", "disk_mib", "inodes", "wall_seconds")
    ]
    others += [replace(REQUEST, environment=None), replace(REQUEST, broker="/b"), replace(REQUEST, open_tree=True)]
    profiles = [
        replace(PROFILE, image="sha256:" + "3" * 64),
        replace(PROFILE, programs_digest=Digest("sha256:" + "3" * 64)),
        replace(PROFILE, seccomp="{ }"),
        replace(PROFILE, runtime="runsc"),
    ]
    made = [enforced(PROFILE, other) for other in others] + [enforced(other, REQUEST) for other in profiles]
    assert len({held, *made}) == 1 + len(made)


def test_both_file_systems_together_stay_within_disk_and_inodes():
    options = [dict(o.split("=") for o in t.split(",") if "=" in o) for t in spec()["HostConfig"]["Tmpfs"].values()]
    assert sum(int(o["size"].removesuffix("m")) for o in options) == 100
    assert sum(int(o["nr_inodes"]) for o in options) == 1000


def test_an_engine_that_keeps_its_word_has_no_drift():
    assert drift(spec(), inspection(spec())) == []


FORBIDDEN = """
io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv process_vm_writev userfaultfd keyctl
add_key request_key bpf perf_event_open clone clone3 unshare setns mount umount2 move_mount fsopen fsmount
open_tree mount_setattr pivot_root chroot kexec_load kexec_file_load init_module finit_module delete_module
open_by_handle_at name_to_handle_at socket personality pidfd_getfd process_madvise quotactl acct swapon reboot
settimeofday clock_settime clock_adjtime adjtimex iopl ioperm syslog fanotify_init lookup_dcookie kcmp
vmsplice memfd_secret modify_ldt uselib nfsservctl
"""
DRIFTS = {
    "privileged": ("HostConfig", "Privileged", True),
    "capability": ("HostConfig", "CapAdd", ["SYS_ADMIN"]),
    "capabilities kept": ("HostConfig", "CapDrop", None),
    "host network": ("HostConfig", "NetworkMode", "host"),
    "host pids": ("HostConfig", "PidMode", "host"),
    "host users": ("HostConfig", "UsernsMode", "host"),
    "host ipc": ("HostConfig", "IpcMode", "host"),
    "host uts": ("HostConfig", "UTSMode", "host"),
    "device": ("HostConfig", "Devices", [{"PathOnHost": "/dev/kvm"}]),
    "bind": ("HostConfig", "Binds", ["/var/run/docker.sock:/s"]),
    "no pid limit": ("HostConfig", "PidsLimit", 0),
    "swap": ("HostConfig", "MemorySwap", -1),
    "writable root": ("HostConfig", "ReadonlyRootfs", False),
    "logged": ("HostConfig", "LogConfig", {"Type": "json-file"}),
    "seccomp off": ("HostConfig", "SecurityOpt", ["no-new-privileges:true", "seccomp=unconfined"]),
    "unmasked": ("HostConfig", "MaskedPaths", []),
    "proc writable": ("HostConfig", "ReadonlyPaths", None),
    "ulimits": ("HostConfig", "Ulimits", []),
    "other runtime": ("HostConfig", "Runtime", "other"),
    "root": ("Config", "User", ""),
    "entry point": ("Config", "Entrypoint", ["/bin/sh"]),
    "image volume": ("Config", "Volumes", {"/data": {}}),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_every_drift_is_seen(name):
    part, key, value = DRIFTS[name]
    seen = inspection(spec())
    seen[part][key] = value
    assert drift(spec(), seen)


def test_an_accepted_risk_lets_its_own_limit_go_and_nothing_else():
    seen = inspection(spec())
    seen["HostConfig"]["NanoCpus"] = 0
    require_as_asked(spec(), seen, "sandbox", ["cpu"])
    for accepted in ([], ["memory", "pids"]):
        with pytest.raises(SandboxUnsafe):
            require_as_asked(spec(), seen, "sandbox", accepted)
    seen["HostConfig"]["Privileged"] = True
    with pytest.raises(SandboxUnsafe) as caught:
        require_as_asked(spec(), seen, "sandbox", ["cpu", "capabilities", "network"])
    assert caught.value.details == ("Privileged is True, not False",)


def test_other_images_and_mounts_are_seen():
    seen = inspection(spec())
    assert drift(spec(), seen | {"Image": "sha256:" + "9" * 64})
    assert drift(spec(), seen | {"AppArmorProfile": "unconfined"})
    socket = {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/s", "RW": False}
    assert drift(spec(), seen | {"Mounts": [*seen["Mounts"], socket]})
    assert drift(spec(), seen | {"Mounts": [m | {"RW": True} for m in seen["Mounts"]]})
    assert drift(spec(), seen | {"Mounts": []})


def test_files_and_the_working_set_must_fit_into_memory():
    check_limits(Limits(memory_mib=100, disk_mib=100 - WORKING_SET_MIB))
    with pytest.raises(UsageError) as caught:
        check_limits(Limits(memory_mib=100, disk_mib=101 - WORKING_SET_MIB))
    assert caught.value.code == "SBX020"


def test_seccomp_is_an_allow_list_without_the_dangerous_calls():
    assert SECCOMP["defaultAction"] == "SCMP_ACT_ERRNO"
    free = {n for r in SECCOMP["syscalls"] if r["action"] == "SCMP_ACT_ALLOW" and "args" not in r for n in r["names"]}
    forbidden = set(FORBIDDEN.split())
    assert free.isdisjoint(forbidden)
    assert {"read", "execve", "futex", "openat"} <= free


@pytest.mark.parametrize("path", sorted((ROOT / "sandboxes/capabilities").glob("*.yaml")), ids=lambda p: p.stem)
def test_capability_profiles_are_grants_that_can_hold(path):
    check_limits(Capabilities.model_validate(yaml.safe_load(path.read_text())).limits)


def test_the_profiles_digest_follows_what_matters():
    other = Profile(PROFILE.image, PROFILE.programs, PROFILE.programs_digest, '{"defaultAction":"x"}', "runc")
    assert PROFILE.digest() != other.digest()
    assert PROFILE.digest() == copy.copy(PROFILE).digest()


def test_programs_are_kept_by_digest_and_mended(tmp_path):
    source = tmp_path / "source"
    source.mkdir(mode=0o700)
    (source / "supervisor.py").write_text("1")
    (source / "supervisor.py").chmod(0o600)
    place, digest = programs.install(source, tmp_path / "state")
    assert place.name == digest.removeprefix("sha256:")
    assert place.stat().st_mode & 0o777 == 0o755
    assert (place / "supervisor.py").stat().st_mode & 0o777 == 0o444
    (place / "supervisor.py").chmod(0o644)
    (place / "supervisor.py").write_text("evil")
    assert programs.install(source, tmp_path / "state") == (place, digest)
    assert (place / "supervisor.py").read_text() == "1"
    (source / "supervisor.py").write_text("2")
    assert programs.install(source, tmp_path / "state")[1] != digest


def test_programs_without_a_supervisor_are_refused(tmp_path):
    with pytest.raises(SandboxUnavailable) as caught:
        programs.install(tmp_path, tmp_path / "state")
    assert caught.value.code == "SBX012"


def test_only_a_provably_dead_owner_is_dead():
    here = Owner.this()
    labels = here.labels()
    assert Owner.of(labels) == here
    assert not here.is_dead(container_runs=True)
    gone = {"dev.handrail.pid": "4194303"}
    reused = {"dev.handrail.started": "1"}
    reboot = {"dev.handrail.boot": "other"}
    assert Owner.of(labels | gone).is_dead(container_runs=True)
    assert Owner.of(labels | reused).is_dead(container_runs=True)
    assert Owner.of(labels | reboot).is_dead(container_runs=False)
    assert not Owner.of(labels | reboot).is_dead(container_runs=True)
    for change in ({"dev.handrail.instance": "other"}, {"dev.handrail.namespace": "pid:[1]"}):
        assert not Owner.of(labels | gone | change).is_dead(container_runs=True)
    assert not Owner.of({}).is_dead(container_runs=True)
    assert not Owner.of(labels | {"dev.handrail.pid": "../1"}).is_dead(container_runs=True)


def test_a_process_that_is_not_there_has_no_start():
    assert started_at(4194303) is None
