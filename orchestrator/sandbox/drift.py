"""What the engine says that it made, compared with what was asked, before anything runs in it.

Covers settings alone: that they hold is the probe's business (D8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.errors import SandboxUnsafe

_CONFIG = ("User", "Entrypoint", "Tty", "OpenStdin", "StdinOnce", "Hostname", "WorkingDir")
_HOST = (
    "AutoRemove",
    "CapDrop",
    "CgroupnsMode",
    "IpcMode",
    "Memory",
    "MemorySwap",
    "NanoCpus",
    "NetworkMode",
    "PidsLimit",
    "Privileged",
    "ReadonlyRootfs",
    "Runtime",
    "Tmpfs",
)
_EMPTY = (
    "Binds",
    "CapAdd",
    "CgroupParent",
    "DeviceCgroupRules",
    "DeviceRequests",
    "Devices",
    "ExtraHosts",
    "GroupAdd",
    "Links",
    "PidMode",
    "PortBindings",
    "PublishAllPorts",
    "StorageOpt",
    "Sysctls",
    "UTSMode",
    "UsernsMode",
    "VolumesFrom",
)
_MASKED = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware")
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


_DROPPED = {"memory": ("Memory", "MemorySwap"), "pids": ("PidsLimit",), "cpu": ("NanoCpus",)}
"""Settings that an engine without the cgroup for them leaves out of what it makes."""


def drift(spec: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """One sentence per setting that is not as asked. ``seen`` is the engine's inspection."""
    asked, config, host = spec["HostConfig"], seen["Config"], seen["HostConfig"]
    wrong = [f"{k} is {config.get(k)!r}" for k in _CONFIG if config.get(k) != spec[k]]
    wrong += [f"{k} is {host.get(k)!r}, not {asked[k]!r}" for k in _HOST if host.get(k) != asked[k]]
    wrong += [f"{k} is {host.get(k)!r}, not empty" for k in _EMPTY if host.get(k) and k not in asked]
    wrong += [f"{k} is {host.get(k)!r}" for k in _EMPTY if k in asked and host.get(k) != asked[k]]
    wrong += [f"the image is {seen.get('Image')}"] if seen.get("Image") != spec["Image"] else []
    wrong += [f"volume {name} comes from the image" for name in _items(config, "Volumes")]
    return wrong + _lists(asked, host) + _mounts(asked, seen) + _kernel(host, seen)


def require_as_asked(spec: Mapping[str, Any], seen: Mapping[str, Any], what: str, accepted: Iterable[str] = ()) -> None:
    """Raises ``SandboxUnsafe`` (``SBX010``) with one sentence a setting.

    An engine that drops a limit which may be missing here is not held to it; no other setting is ever let go.
    """
    loose = {setting for name in accepted for setting in _DROPPED.get(name, ())}
    wrong = [words for words in drift(spec, seen) if words.partition(" ")[0] not in loose]
    if wrong:
        raise SandboxUnsafe("SBX010", f"the engine changed the settings of the {what}", "do not use it", wrong)


def _items(settings: Mapping[str, Any], name: str) -> list[Any]:
    """A list or the keys of a map; the engine writes an empty one as null."""
    return list(settings.get(name) or ())


def _lists(asked: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    wrong: list[str] = []
    if sorted(_items(host, "SecurityOpt")) != sorted(asked["SecurityOpt"]):
        wrong.append("SecurityOpt is not no-new-privileges with our seccomp profile")
    if host["LogConfig"]["Type"] != "none":
        wrong.append("output is logged")
    limits = {(u["Name"], u["Soft"], u["Hard"]) for u in _items(host, "Ulimits")}
    if limits != {(u["Name"], u["Soft"], u["Hard"]) for u in asked["Ulimits"]}:
        wrong.append(f"Ulimits are {sorted(limits)}")
    return wrong


def _mounts(asked: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    wanted = {(m["Type"], m["Source"], m["Target"], not m["ReadOnly"]) for m in asked["Mounts"]}
    made = {(m.get("Type"), _source(m), m.get("Destination"), m.get("RW")) for m in _items(seen, "Mounts")}
    made -= {m for m in made if m[0] == "tmpfs" and m[2] in asked["Tmpfs"]}
    return [f"mount {m[2]} was not asked for" for m in made - wanted] + [
        f"mount {m[2]} is missing" for m in wanted - made
    ]


def _source(made: Mapping[str, Any]) -> Any:  # noqa: ANN401  JSON
    return made.get("Name") if made.get("Type") == "volume" else made.get("Source")


def _kernel(host: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    wrong = [f"{p} is not masked" for p in _MASKED if p not in _items(host, "MaskedPaths")]
    wrong += [f"{p} is not read-only" for p in _READ_ONLY if p not in _items(host, "ReadonlyPaths")]
    if seen.get("AppArmorProfile") == "unconfined":
        wrong.append("AppArmor is unconfined")
    return wrong
