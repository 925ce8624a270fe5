"""mini-swe-agent (PyPI ``mini-swe-agent``), driven by its Python interface from a program in the image."""

from __future__ import annotations

from orchestrator.agents.program import Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin. ``-I``: neither the tree nor the project's environment decides what it imports."""
    url = lease.urls[WireProtocol.CHAT] + "/v1"
    env = {"HANDRAIL_URL": url, "HANDRAIL_TOKEN": lease.token, "HANDRAIL_MODEL": model}
    return Start(("python3", "-I", "/opt/handrail/agents/mini_swe_agent.py"), env)


DRIVER = Driver(
    name="mini-swe-agent",
    protocol=WireProtocol.CHAT,
    words="own",
    start=start,
    wiring={"url": "api_base", "token": "api_key", "model": "model_name"},
)
