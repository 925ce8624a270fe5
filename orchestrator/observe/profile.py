"""One run as counts of what was seen. Every value may have been chosen by an agent: it is clipped, never acted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Setting:
    """Runs are compared only with runs of the same setting. '' is what no event told."""

    agent: str
    model: str
    template: str


@dataclass(frozen=True, slots=True)
class RunProfile:
    """``counts`` has every dimension; one in which nothing was seen is empty."""

    run: str
    setting: Setting
    counts: Mapping[Dimension, Mapping[str, int]]


def profile(run: str, agent: str, events: Iterable[Event]) -> RunProfile:
    """Of one run. Values of a wrong type are left out; beyond ``MAX_VALUES`` of a dimension they count as one."""
    counts: dict[Dimension, Counter[str]] = {d: Counter() for d in Dimension}
    models, templates = set[str](), set[str]()
    for event in events:
        models.update(_texts(event, EventKind.EXCHANGE, "model"))
        templates.update(_texts(event, EventKind.AGENT_PROMPT, "template"))
        for dimension, value in _seen(event):
            mine = counts[dimension]
            mine[value if value in mine or len(mine) < MAX_VALUES else OTHER] += 1
    return RunProfile(run, Setting(agent, _joined(models), _joined(templates)), counts)


def _seen(event: Event) -> Iterator[tuple[Dimension, str]]:
    for host in _texts(event, EventKind.EXCHANGE, "host"):
        yield Dimension.HOST, host
    argv = event.data.get("argv") if event.kind is EventKind.AGENT_COMMAND else None
    if isinstance(argv, list) and argv:
        first = cast("list[object]", argv)[0]
        if isinstance(first, str) and first:
            yield Dimension.PROGRAM, PurePosixPath(first).name[:MAX_VALUE]
    for path in _texts(event, EventKind.AGENT_FILE_WRITTEN, "path"):
        yield Dimension.FOLDER, str(PurePosixPath(path).parent)


def _texts(event: Event, kind: EventKind, name: str) -> tuple[str, ...]:
    value = event.data.get(name) if event.kind is kind else None
    return (value[:MAX_VALUE],) if isinstance(value, str) and value else ()


def _joined(values: set[str]) -> str:
    return "+".join(sorted(values)[:4])
