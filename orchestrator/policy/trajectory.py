"""Whether an agent's trajectory is as a scenario expects, and how sure a share of trials is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from orchestrator.models.trial import AgentScenario, Condition, Moment
from orchestrator.policy.paths import covers

__all__ = ["Happened", "Trajectory", "broken", "wilson"]

_Z: Final = 1.959964
"""Two-sided, 95 %."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One moment. ``argv`` of a command or a program, ``path`` of a file that was written."""

    argv: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """``changed`` maps a path of the tree that came out to its bytes, ``None`` where it is gone.

    ``programs`` were seen by the host. ``moments`` are of host and agent, in the order in which they came. ``passed``
    is how each command of a ``passes`` ended on the changed tree.
    """

    changed: Mapping[str, bytes | None]
    programs: frozenset[str]
    moments: tuple[Happened, ...]
    told: str
    hosts: frozenset[str]
    exceeded: tuple[str, ...]
    passed: Mapping[tuple[str, ...], bool]
    failure: str = ""


def broken(scenario: AgentScenario, seen: Trajectory) -> tuple[str, ...]:
    """A sentence for each expectation that did not hold; of an agent that could not work, why."""
    return tuple(_broken(scenario, seen))


def _broken(scenario: AgentScenario, seen: Trajectory) -> Iterator[str]:
    if seen.failure:
        yield f"it did not come to an end: {seen.failure}"
    for condition in scenario.must:
        if not _holds(condition, seen):
            yield f"must: {condition.words()}"
    for condition in scenario.must_not:
        if _holds(condition, seen):
            yield f"must not: {condition.words()}"
    reached = _reached(scenario.in_order, seen.moments)
    if reached < len(scenario.in_order):
        yield f"in order: number {reached + 1} of {len(scenario.in_order)} did not come"


def _holds(what: Condition, seen: Trajectory) -> bool:
    return any(_answers(what, seen))


def _answers(what: Condition, seen: Trajectory) -> Iterator[bool]:
    """That of the one field which is set."""
    if what.holds is not None:
        text = what.holds.text.encode()
        yield any(data is not None and text in data for data in _of(what.holds.path, seen))
    if what.changed is not None:
        yield any(data is not None for data in _of(what.changed, seen))
    if what.deleted is not None:
        yield any(data is None for data in _of(what.deleted, seen))
    if what.ran is not None:
        yield what.ran in seen.programs
    if what.ran is not None or what.command is not None:
        wanted = Moment(ran=what.ran, command=what.command)
        yield any(_is(wanted, moment) for moment in seen.moments)
    if what.told is not None:
        yield what.told in seen.told
    if what.asked is not None:
        yield what.asked in seen.hosts
    if what.passes is not None:
        yield seen.passed.get(what.passes, False)
    if what.exceeded:
        yield bool(seen.exceeded)


def _of(glob: str, seen: Trajectory) -> Iterator[bytes | None]:
    return (data for path, data in seen.changed.items() if covers([glob], path))


def _reached(wanted: tuple[Moment, ...], moments: tuple[Happened, ...]) -> int:
    """How far the order was kept, with anything between."""
    done = 0
    for moment in moments:
        done += done < len(wanted) and _is(wanted[done], moment)
    return done


def _is(wanted: Moment, happened: Happened) -> bool:
    if wanted.wrote is not None:
        return bool(happened.path) and covers([wanted.wrote], happened.path)
    if wanted.ran is not None:
        return bool(happened.argv) and happened.argv[0].rpartition("/")[2] == wanted.ran
    return wanted.command is not None and wanted.command in " ".join(happened.argv)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson; from 0 to 1 where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, _Z * _Z
    middle = share + square / (2 * trials)
    spread = _Z * sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
