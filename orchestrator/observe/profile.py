"""One run as counts of what was seen. Every value may have been chosen by an agent: it is clipped, never acted on.

What the host saw comes first. How often a program was used is only in the agent's own account, so that its counts are
taken too; one that the host alone has seen counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import cast

from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind

MAX_VALUE = 120
MAX_VALUES = 64
OTHER = "(other)"


class Dimension(StrEnum):
    HOST = "host"
    PROGRAM = "program"
    FOLDER = "folder"
    EDGE = "edge"
    """A program and the one that it started; a tool and the one that was called after it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs are compared only with runs of the same setting. '' is what no event told.

    ``prompt`` names the template that the agent is told by and its digest, ``policy`` is the digest of the policy.
    """

    agent: str
    model: str
    prompt: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class RunProfile:
    """``counts`` has every dimension; one in which nothing was seen is empty."""

    run: str
    setting: Setting
    counts: Mapping[Dimension, Mapping[str, int]]


def profile(run: str, agent: str, events: Iterable[Event]) -> RunProfile:
    """Of one run. Values of a wrong type are left out; beyond ``MAX_VALUES`` of a dimension they count as one."""
    told = list(events)
    counts: dict[Dimension, Counter[str]] = {d: Counter() for d in Dimension}
    for dimension, value, times in _all(told):
        mine = counts[dimension]
        mine[value if value in mine or len(mine) < MAX_VALUES else OTHER] += times
    return RunProfile(run, _setting(agent, told), counts)


def _setting(agent: str, events: Sequence[Event]) -> Setting:
    models = {text for e in events for text in _texts(e, EventKind.EXCHANGE, "model")}
    prompts = [e for e in events if e.kind is EventKind.AGENT_PROMPT]
    named = {f"{e.data['template']} {e.data.get('template_digest') or ''}".strip()[:MAX_VALUE] for e in prompts}
    policies = {text for e in prompts for text in _texts(e, EventKind.AGENT_PROMPT, "policy")}
    return Setting(agent, _joined(models), _joined(named), _joined(policies))


def _all(events: Sequence[Event]) -> Iterator[tuple[Dimension, str, int]]:
    """Dimension, value and how often."""
    said = Counter(name for event in events for name in _program(event))
    yield from ((Dimension.PROGRAM, name, times) for name, times in said.items())
    seen = {name for event in events for name in _texts(event, EventKind.PROGRAM_SEEN, "name")}
    yield from ((Dimension.PROGRAM, name, 1) for name in sorted(seen - said.keys()))
    observed = any(event.kind is EventKind.OBSERVED for event in events)
    before = ""
    for event in events:
        yield from ((Dimension.HOST, host, 1) for host in _texts(event, EventKind.EXCHANGE, "host"))
        yield from _written(event, observed=observed)
        for parent in _texts(event, EventKind.PROGRAM_SEEN, "parent"):
            yield Dimension.EDGE, f"{parent} > {event.data['name']}"[:MAX_VALUE], 1
        for tool in _texts(event, EventKind.AGENT_TOOL_CALL, "tool"):
            if before:
                yield Dimension.EDGE, f"{before} then {tool}"[:MAX_VALUE], 1
            before = tool


def _program(event: Event) -> Iterator[str]:
    argv = event.data.get("argv") if event.kind is EventKind.AGENT_COMMAND else None
    if isinstance(argv, list) and argv:
        first = cast("list[object]", argv)[0]
        if isinstance(first, str) and first:
            yield PurePosixPath(first).name[:MAX_VALUE]


def _written(event: Event, *, observed: bool) -> Iterator[tuple[Dimension, str, int]]:
    """Directories as the host saw them; only of a run that nobody watched as the agent told them."""
    if event.kind is EventKind.OBSERVED:
        for folder, held in event.data["written"].items():
            yield Dimension.FOLDER, str(folder)[:MAX_VALUE], int(held["files"])
    elif not observed:
        for path in _texts(event, EventKind.AGENT_FILE_WRITTEN, "path"):
            yield Dimension.FOLDER, str(PurePosixPath(path).parent), 1


def _texts(event: Event, kind: EventKind, name: str) -> tuple[str, ...]:
    value = event.data.get(name) if event.kind is kind else None
    return (value[:MAX_VALUE],) if isinstance(value, str) and value else ()


def _joined(values: set[str]) -> str:
    return "+".join(sorted(values)[:4])
