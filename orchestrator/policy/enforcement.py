"""Who holds each field of a grant to its word, in one table (D7), and a grant beside what was used of it.

Advisory fields are shown and recorded; no proof or certificate speaks of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from orchestrator.models.capabilities import Capabilities, Egress, Enforcement
from orchestrator.models.usage import Used


@dataclass(frozen=True, slots=True)
class Held:
    """``by`` whom, and ``how`` in a few words."""

    by: Enforcement
    how: str

    def words(self) -> str:
        """``enforced by the kernel: …``, or ``advisory: …``."""
        who = "advisory" if self.by is Enforcement.ADVISORY else f"enforced by the {self.by.value}"
        return f"{who}: {self.how}"


_K, _B, _H = Enforcement.KERNEL, Enforcement.BROKER, Enforcement.HOST
HELD: Final[Mapping[str, Held]] = MappingProxyType(
    {
        "read": Held(Enforcement.COPY, "what may not be read is not copied in"),
        "write": Held(_K, "root owns the tree and granted paths alone are open; judged again on the way out"),
        "write_protected": Held(_K, "as write, and a person approves each change of one"),
        "commands": Held(Enforcement.ADVISORY, "an agent has a shell; programs are seen from outside"),
        "refused": Held(_H, "looked for from outside; one that is seen ends the step"),
        "egress": Held(_B, "host, port, method, path and bytes, judged inside TLS"),
        "models": Held(_B, "a request for another model is refused"),
        "secrets": Held(_B, "a header added outside for the secret's own host; never readable inside"),
        "data": Held(_B, "restricted data goes to endpoints labelled local alone; planning refuses others"),
        "limits.cpus": Held(_K, "cgroup"),
        "limits.memory_mib": Held(_K, "cgroup, without swap"),
        "limits.pids": Held(_K, "cgroup"),
        "limits.disk_mib": Held(_K, "size of the file systems in memory, and of one file"),
        "limits.inodes": Held(_K, "inodes of these file systems; with gVisor refused on the way out"),
        "limits.wall_seconds": Held(_H, "the host's monotonic clock; PID 1 ends itself as well"),
        "limits.output_kib": Held(_H, "PID 1 cuts, and the host refuses more"),
        "limits.egress_kib": Held(_B, "bytes of all hosts together"),
        "limits.tokens": Held(_B, "reserved before a request is relayed"),
        "limits.cost_usd": Held(_B, "reserved before a request is relayed; an unknown price is refused"),
    }
)
"""Every field of :class:`Capabilities` and, below ``limits.``, of its limits."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One field of a grant. ``used`` is ``None`` where nobody looks."""

    name: str
    granted: tuple[str, ...]
    used: tuple[str, ...] | None
    held: Held

    def words(self) -> str:
        """For one line of text."""
        granted = ", ".join(self.granted) or "nothing"
        used = "not observed" if self.used is None else ", ".join(self.used) or "nothing"
        return f"{self.name}: granted {granted}; used {used} ({self.held.words()})"


def granted(grant: Capabilities) -> dict[str, tuple[str, ...]]:
    """Each field in words, by its name in :data:`HELD`."""
    limits = {f"limits.{name}": value for name, value in grant.limits.model_dump().items()}
    return {
        "read": grant.read,
        "write": grant.write,
        "write_protected": grant.write_protected,
        "commands": grant.commands,
        "refused": grant.refused,
        "egress": tuple(_rule(rule) for rule in grant.egress),
        "models": grant.models,
        "secrets": grant.secrets,
        "data": (grant.data.value,),
        **{name: ("unlimited" if value is None else f"{value:g}",) for name, value in limits.items()},
    }


def rows(grant: Capabilities, written: Iterable[str], used: Iterable[Used]) -> tuple[Grant, ...]:
    """Every field: what was granted, what was used of it over all attempts, and who holds the limit."""
    seen = _used(grant, tuple(written), tuple(used))
    return tuple(Grant(name, words, seen.get(name), HELD[name]) for name, words in granted(grant).items())


def as_json(found: Iterable[Grant]) -> list[dict[str, Any]]:
    """Rows for programs: ``used`` is ``None`` where nobody looks."""
    return [
        {
            "name": grant.name,
            "granted": list(grant.granted),
            "used": None if grant.used is None else list(grant.used),
            "by": grant.held.by.value,
            "how": grant.held.how,
        }
        for grant in found
    ]


def _rule(rule: Egress) -> str:
    """``GET,HEAD host:443 /path, at most N KiB``."""
    port = "" if rule.port == 443 else f":{rule.port}"  # noqa: PLR2004  https
    return f"{','.join(rule.methods)} {rule.host}{port} {' '.join(rule.paths)} (at most {rule.max_kib} KiB)"


def _used(
    grant: Capabilities, written: tuple[str, ...], attempts: tuple[Used, ...]
) -> dict[str, tuple[str, ...] | None]:
    if not attempts:
        return {"write": written}
    costs = [attempt.cost_usd for attempt in attempts]
    known = [cost for cost in costs if cost is not None]
    cost = f"{sum(known):.4f}" if len(known) == len(costs) else "price unknown"
    return {
        "write": written,
        "commands": _each(name for a in attempts for name in (*a.programs, *a.commands)),
        "refused": _refused(grant, attempts),
        "egress": _each(host for a in attempts for host in a.hosts),
        "models": _each(model for a in attempts for model in a.models),
        "limits.cpus": _cpus(attempts),
        "limits.memory_mib": _peak(a.peaks.memory_mib for a in attempts),
        "limits.pids": _peak(a.peaks.pids for a in attempts),
        "limits.disk_mib": _peak(a.peaks.disk_mib for a in attempts),
        "limits.wall_seconds": _peak(a.wall_seconds for a in attempts),
        "limits.egress_kib": (str(sum(a.egress_kib for a in attempts)),),
        "limits.tokens": (str(sum(a.tokens for a in attempts)),),
        "limits.cost_usd": (cost,),
    }


def _refused(grant: Capabilities, attempts: tuple[Used, ...]) -> tuple[str, ...] | None:
    """Of the programs that are refused, those that were seen; ``None`` where nobody looked."""
    looked = any(attempt.programs for attempt in attempts)
    return _each(p for a in attempts for p in a.programs if p in grant.refused) if looked else None


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _peak(values: Iterable[float | None]) -> tuple[str, ...] | None:
    seen = [value for value in values if value is not None]
    return (f"{max(seen):g}",) if seen else None


def _cpus(attempts: tuple[Used, ...]) -> tuple[str, ...] | None:
    """CPUs on average over the attempt that took most of them: its seconds of CPU by its seconds."""
    rates = [a.peaks.cpu_seconds / a.wall_seconds for a in attempts if a.peaks.cpu_seconds and a.wall_seconds]
    seconds = [a.peaks.cpu_seconds for a in attempts if a.peaks.cpu_seconds is not None]
    return (f"{max(rates, default=0.0):.2f} on average, {sum(seconds):.1f} s",) if seconds else None
