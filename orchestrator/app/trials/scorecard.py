"""``agent test --scenarios``: every scenario, a scorecard with intervals, and what the same agent did before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.app.clock import SystemClock
from orchestrator.app.machine.sandboxing import base_image, engine
from orchestrator.app.models.connections import load_connections, model_for
from orchestrator.app.runs.choosing import choose
from orchestrator.app.trials.loading import Loaded, digest, load
from orchestrator.app.trials.running import Trial
from orchestrator.app.wiring import open_agent
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Limits
from orchestrator.models.trial import Scorecard, Tried
from orchestrator.policy.trajectory import wilson
from orchestrator.store.layout import state_home

_MEMORY_MIB: Final = 1024
_MAX_HISTORY_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """``only`` are ids of scenarios, all without; ``given`` is what a scripted agent replays."""

    agent: str
    model: str = ""
    folder: Path | None = None
    repeat: int = 1
    only: tuple[str, ...] = ()
    given: Path | None = None


def score(asked: Asked, say: Callable[[str], None]) -> tuple[Scorecard, tuple[Scorecard, ...]]:
    """The scorecard, kept as the newest of its agent, and those from before, oldest first.

    Raises ``UsageError`` for scenarios, an agent or a model that cannot be used, ``SandboxUnavailable``.
    """
    from orchestrator.app.files import read_file

    scenarios = _chosen(load(asked.folder), asked.only)
    given = read_file(asked.given) if asked.given else None
    choice = choose(asked.agent, asked.model, given, str(asked.given or ""))
    agent = open_agent(choice.agent, given, str(asked.given or ""))
    chosen = model_for(load_connections(), "coder", choice.model) if choice.model else None
    sandboxes = engine(base_image())
    try:
        limits = Limits(memory_mib=_memory(asked.agent), pids=256, cpus=2.0)
        trial, tried = Trial(agent, sandboxes, limits, chosen), list[Tried]()
        for loaded in (one for one in scenarios for _ in range(asked.repeat)):
            tried.append(trial.run(loaded))
            say(f"{loaded.id}: {'as expected' if tried[-1].held else '; '.join(tried[-1].broken)}")
    finally:
        sandboxes.close()
    made = Scorecard(
        agent=agent.name,
        version=agent.version,
        model=choice.model,
        scenarios=digest(scenarios),
        at=SystemClock().now(),
        tried=tuple(tried),
    )
    before = tuple(history(agent.name))
    _keep(made)
    return made, before


def history(agent: str) -> Iterator[Scorecard]:
    """Scorecards of an agent, oldest first. A line that cannot be read is passed by: somebody else wrote it."""
    try:
        lines = _place(agent).read_bytes()[-_MAX_HISTORY_BYTES:].splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield Scorecard.model_validate_json(line)
        except ValidationError:
            continue


def as_json(card: Scorecard, before: Sequence[Scorecard]) -> dict[str, Any]:
    """For programs. ``history`` is of the same set of scenarios; others cannot be compared."""
    same = [one for one in before if one.scenarios == card.scenarios]
    return {
        "agent": card.agent,
        "version": card.version,
        "model": card.model,
        "scenarios": card.scenarios,
        **_share(card.tried),
        "results": [{"scenario": name, **_share(of), "broken": _broken(of)} for name, of in _grouped(card.tried)],
        "history": [
            {"at": one.at.isoformat(), "version": one.version, "model": one.model, **_share(one.tried)} for one in same
        ],
    }


def _share(tried: Sequence[Tried]) -> dict[str, Any]:
    held = sum(one.held for one in tried)
    low, high = wilson(held, len(tried))
    return {"held": held, "tried": len(tried), "interval": [round(low, 4), round(high, 4)]}


def _grouped(tried: Sequence[Tried]) -> list[tuple[str, list[Tried]]]:
    found: dict[str, list[Tried]] = {}
    for one in tried:
        found.setdefault(one.scenario, []).append(one)
    return list(found.items())


def _broken(tried: Sequence[Tried]) -> list[str]:
    return list(dict.fromkeys(sentence for one in tried for sentence in one.broken))


def _chosen(scenarios: tuple[Loaded, ...], only: Sequence[str]) -> tuple[Loaded, ...]:
    strange = sorted(set(only) - {one.id for one in scenarios})
    if strange:
        names = ", ".join(one.id for one in scenarios)
        raise UsageError("TRI004", f"There is no scenario {', '.join(strange)}.", f"one of: {names}")
    return tuple(one for one in scenarios if not only or one.id in only)


def _memory(agent: str) -> int:
    from orchestrator.agents.drivers import DRIVERS
    from orchestrator.app.machine.agents import installed

    return max(_MEMORY_MIB, installed(agent).capabilities["memory_mib"]) if agent in DRIVERS else _MEMORY_MIB


def _place(agent: str) -> Path:
    return state_home() / "agents" / "scorecards" / f"{agent}.jsonl"


def _keep(card: Scorecard) -> None:
    path = _place(card.agent)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = card.model_dump_json().encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
