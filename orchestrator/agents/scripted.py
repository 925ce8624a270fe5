"""The ``scripted`` agent: a replay of a file of actions, for demos and tests. It is no coding agent.

It thinks nothing, reads no prompt and no finding. What it replays, and when, stands in its script
(:mod:`orchestrator.agents.script`); the actions happen inside the sandbox, done by a small program
of the image, so that grants, limits and gates meet it as they meet any agent. This side touches no file of
the host but the script, and takes every line that comes back as hostile.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from orchestrator.agents.events import EventReader
from orchestrator.agents.script import Action, Replay, load_script
from orchestrator.errors import AgentFailed
from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import sha256
from orchestrator.ports import AgentEvent, AgentOutcome, AgentTask, Sandbox

PROGRAM = ("python3", "-I", "/opt/handrail/agents/scripted.py")


class ScriptedAgent:
    """Implements :class:`orchestrator.ports.Agent`.

    Making one raises ``UsageError`` (``AGT001`` … ``AGT003``) for a bad script.
    """

    def __init__(self, script: bytes, path: str = "script") -> None:
        self._script = load_script(script, path)
        self._digest = sha256(script)

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def version(self) -> str:
        """The script is what it does, so its digest is the version."""
        return f"1+{self._digest.removeprefix('sha256:')[:16]}"

    @property
    def image(self) -> None:
        """The base image has the program."""
        return

    @property
    def hidden(self) -> tuple[str, ...]:
        """It runs and obeys nothing that lies in a tree."""
        return ()

    @property
    def own_hosts(self) -> tuple[str, ...]:
        return ()

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        """It asks no model."""
        return ()

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Replay the actions of this step and attempt.

        A step of several requirements gets the actions of each, in their order; an entry for the step's
        own id replaces them. Raises :class:`AgentFailed`: ``AGT010`` the script has no entry, ``AGT011`` the image
        has no such program.
        """
        actions = self._actions(task)
        reader = EventReader(emit)
        seconds = min(task.step.budget.wall_seconds, task.step.capabilities.limits.wall_seconds)
        execution = sandbox.execute(
            PROGRAM,
            stdin=json.dumps({"actions": actions}).encode(),
            timeout_seconds=seconds,
            on_output=reader.feed,
        )
        if not reader.fed:
            reader.feed(execution.stdout)
        reader.close()
        if not reader.events and not execution.timed_out:
            words = execution.stderr.decode(errors="replace").splitlines()[-5:]
            hint = "build the image again with `handrail sandbox build`"
            raise AgentFailed("AGT011", f"the agent's program ended with {execution.exit_code}", hint, words)
        finished = reader.finished is not None and execution.exit_code == 0 and not execution.timed_out
        return AgentOutcome(
            finished,
            timed_out=execution.timed_out,
            summary=reader.finished or "the replay did not end",
            transcript=execution.stdout,
        )

    def _actions(self, task: AgentTask) -> list[Action]:
        replays = self._replays(task)
        if not replays:
            hint = f"add an entry for {task.step.requirements[0]} to the script"
            raise AgentFailed("AGT010", f"the script has no entry for step {task.step.id}", hint)
        return [action for replay in replays for action in replay.actions(task.attempt)]

    def _replays(self, task: AgentTask) -> list[Replay]:
        if task.step.id in self._script:
            return [self._script[task.step.id]]
        found: list[Replay] = []
        for requirement in task.requirements:
            names = (requirement.id, requirement.id.rpartition("/")[2], *requirement.aliases)
            found += [self._script[name] for name in names if name in self._script][:1]
        return found
