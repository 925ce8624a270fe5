"""Which agents a run names, and which model each of them asks."""

from __future__ import annotations

from orchestrator.app.models.connections import load_connections, model_for
from orchestrator.app.wiring import installed_agents, open_agent
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Limits
from orchestrator.models.run import AgentChoice

_ROLE = "coder"


def choose(agent: str, model: str, agent_input: bytes | None = None, path: str = "script") -> AgentChoice:
    """An agent that is there, with a model that it can speak to.

    Without ``model`` it is the one of the role *coder* in the user's models file. Raises ``UsageError``: AGT006 no
    agent is named, AGT026 agent and endpoint do not speak the same protocol, AGT027 a model for an agent that asks
    none, and what opening the agent and reading the file raise.
    """
    if not agent:
        there = ", ".join(installed_agents()) or "none"
        text = f"No agent is named. Installed: {there}."
        raise UsageError("AGT006", text, "handrail agent add NAME, then: handrail run SPEC --agent NAME")
    opened = open_agent(agent, agent_input, path)
    if not opened.protocols:
        if model:
            raise UsageError("AGT027", f"The agent {agent} asks no model.", "leave --model out")
        return AgentChoice(agent=agent)
    chosen = model_for(load_connections(), _ROLE, model)
    if chosen.endpoint.protocol not in opened.protocols:
        spoken = ", ".join(opened.protocols)
        text = f"The agent {agent} speaks {spoken}; the endpoint {chosen.endpoint.name} {chosen.endpoint.protocol}."
        raise UsageError("AGT026", text, "name a model of another endpoint: handrail models list")
    return AgentChoice(agent=agent, model=chosen.name)


def choose_spelled(text: str, agent_input: bytes | None) -> AgentChoice | None:
    """``AGENT`` or ``AGENT:ENDPOINT/MODEL``; nothing for ''."""
    agent, _, model = text.partition(":")
    return choose(agent, model, agent_input) if text else None


def read_limits(given: tuple[str, ...]) -> dict[str, float]:
    """``NAME=NUMBER`` each. Raises ``UsageError`` (CFG021) for another form, name or number."""
    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            checked = Limits.model_validate({**Limits().model_dump(), name: value})
            found[name] = float(getattr(checked, name))
        except (ValueError, AttributeError) as error:
            names = ", ".join(Limits.model_fields)
            hint = f"NAME=NUMBER, with a name of: {names}"
            raise UsageError("CFG021", f"--limit {text} is no limit.", hint) from error
    return found
