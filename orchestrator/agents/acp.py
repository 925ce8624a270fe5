"""Agents over the Agent Client Protocol: the program of another driver, asked by our client in the image.

The client (``/opt/handrail/agents/acp.py``) starts the agent as its child, answers what it asks to be allowed by the
step's grant, and tells what it does. Cooperative: what an agent does without asking, the container decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from orchestrator.agents import gemini_cli, opencode, qwen_code
from orchestrator.agents.program import Driver, Start
from orchestrator.policy.paths import expression
from orchestrator.ports import AgentTask, Lease

_CLIENT = ("python3", "-I", "/opt/handrail/agents/acp.py")


def _over(inner: Driver, speaking: Callable[[Start], Start], *, authenticate: str = "", usage: bool = True) -> Driver:
    """``speaking`` turns the inner driver's start into one that speaks the protocol on stdio."""

    def start(task: AgentTask, lease: Lease, model: str) -> Start:
        agent, grant = speaking(inner.start(task, lease, model)), task.step.capabilities
        asked = {
            "argv": agent.argv,
            "write": expression(grant.write),
            "hosts": bool(grant.egress),
            "authenticate": authenticate,
        }
        return replace(agent, argv=_CLIENT, env={**agent.env, "HANDRAIL_ACP": json.dumps(asked)})

    return replace(inner, name=f"{inner.name}-acp", words="own", start=start, asks=True, usage=usage)


def _opencode(start: Start) -> Start:
    """Its model is its configuration's; it asks before it edits or runs, and not before it reads outside the tree."""
    settings = json.loads(start.env["OPENCODE_CONFIG_CONTENT"])
    asks = dict.fromkeys(("edit", "bash", "webfetch"), "ask")
    settings |= {"model": start.argv[-1], "permission": {**asks, "external_directory": "allow"}}
    return replace(
        start,
        argv=(start.argv[0], "acp", "--pure"),
        env={**start.env, "OPENCODE_CONFIG_CONTENT": json.dumps(settings)},
    )


def _without(*left_out: str) -> Callable[[Start], Start]:
    """The same words without those of a run that asks nobody."""
    return lambda start: replace(start, argv=(*(word for word in start.argv if word not in left_out), "--acp"))


DRIVERS = {
    driver.name: driver
    for driver in (
        _over(opencode.DRIVER, _opencode),
        _over(
            gemini_cli.DRIVER,
            _without("-o", "stream-json", "--approval-mode", "yolo", "-p", " "),
            authenticate="gemini-api-key",
            usage=False,
        ),
        _over(qwen_code.DRIVER, _without("--yolo", "-o", "stream-json"), usage=False),
    )
}
