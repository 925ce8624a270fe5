"""A ceiling with less granted: what nobody used in many runs is taken away. Pure; a person decides whether it holds.

The proposal never grants more than the ceiling does. What was used stays, with room: limits fall to twice what was
seen of them, and only where that is less than half of what is granted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.usage import Peaks
from orchestrator.policy import capabilities, egress, globs
from orchestrator.policy.paths import covers

__all__ = ["Seen", "tightened"]

_ROOM: Final = 2
_LEAST: Final = {"memory_mib": 256, "pids": 64, "wall_seconds": 60, "tokens": 100_000, "egress_kib": 1024}
"""No limit is proposed below this: the next task may be larger than those that were seen."""
_BESIDE_FILES_MIB: Final = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What some runs used together. ``paths`` were written, ``endpoints`` answered; the rest are the most of one."""

    paths: frozenset[str]
    hosts: frozenset[str]
    endpoints: frozenset[str]
    peaks: Peaks
    wall_seconds: float = 0.0
    tokens: int = 0
    egress_kib: int = 0


def tightened(ceiling: Capabilities, seen: Seen) -> Capabilities:
    """Within ``ceiling``; the same when everything that it grants was used."""
    rules = tuple(rule for rule in ceiling.egress if any(egress.reaches([rule], h, rule.port) for h in seen.hosts))
    proposal = ceiling.model_copy(
        update={
            "write": tuple(dict.fromkeys(p for glob in ceiling.write for p in _used(glob, seen.paths))),
            "write_protected": _kept(ceiling.write_protected, seen.paths),
            "egress": rules,
            "models": _models(ceiling.models, seen.endpoints),
            "secrets": ceiling.secrets if rules else (),
            "limits": _limits(ceiling.limits, seen),
        }
    )
    return proposal if capabilities.is_within(proposal, ceiling) else ceiling


def _kept(patterns: Iterable[str], paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(glob for glob in patterns if any(covers([glob], path) for path in paths))


def _used(glob: str, paths: frozenset[str]) -> Sequence[str]:
    """The pattern where it was used, nothing where not; of the whole tree the folders at its top that were."""
    mine = sorted(path for path in paths if covers([glob], path))
    if glob != "**":
        return [glob] if mine else []
    tops = [path.partition("/") for path in mine]
    return [f"{top}/**" if slash else top for top, slash, _ in tops if globs.refusal(top) is None]


def _models(patterns: Sequence[str], endpoints: frozenset[str]) -> tuple[str, ...]:
    found = [p for p in patterns if p != "*" and p.partition("/")[0] in endpoints]
    return (*found, *(f"{name}/*" for name in sorted(endpoints) if "*" in patterns))


def _limits(limits: Limits, seen: Seen) -> Limits:
    used = {
        "memory_mib": seen.peaks.memory_mib,
        "pids": seen.peaks.pids,
        "wall_seconds": seen.wall_seconds or None,
        "tokens": seen.tokens,
        "egress_kib": seen.egress_kib,
    }
    wanted = {name: max(math.ceil(most * _ROOM), _LEAST[name]) for name, most in used.items() if most is not None}
    if "memory_mib" in wanted:  # files count as memory
        wanted["memory_mib"] = max(wanted["memory_mib"], limits.disk_mib + _BESIDE_FILES_MIB)
    lower = {name: value for name, value in wanted.items() if value * 2 <= getattr(limits, name)}
    return limits.model_copy(update=lower)
