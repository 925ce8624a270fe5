"""The agents that this installation has, by name."""

from __future__ import annotations

from orchestrator.agents.drivers import DRIVERS
from orchestrator.agents.native import NativeAgent
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.errors import UsageError
from orchestrator.ports import Agent

AGENTS = ("native", "scripted")
"""``scripted`` replays a file of actions, for demos and tests; ``native`` is Handrail's own loop."""

HEARING = frozenset({"native"})
"""Agents that hear a person while they work; all others take one prompt and read no more."""


def make_agent(name: str, agent_input: bytes | None, path: str = "script") -> Agent:
    """The driver ``name``; ``path`` is what messages call its input.

    Raises ``UsageError``: AGT004 unknown, AGT005 no input, AGT001 to AGT003 a bad script.
    """
    if name == "native":
        return NativeAgent()
    if name != "scripted":
        raise UsageError("AGT004", f"There is no agent {name!r}.", f"one of: {', '.join((*AGENTS, *DRIVERS))}")
    if agent_input is None:
        raise UsageError("AGT005", "The scripted agent needs its file of actions.", "handrail run SPEC --script FILE")
    return ScriptedAgent(agent_input, path)
