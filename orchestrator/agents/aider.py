"""aider (PyPI ``aider-chat``), driven by its Python interface from a program in the image.

It edits the files that it is given and runs no command, so it is for steps that name their files: globs are not its.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.policy.globs import is_exact
from orchestrator.ports import AgentTask, Lease


def start(task: AgentTask, lease: Lease, model: str) -> Start:
    """Prompt on stdin; the files that the step may write by name are those in its chat."""
    url = lease.urls[WireProtocol.CHAT] + "/v1"
    files = [path for path in task.step.capabilities.write if is_exact(path)]
    env = {"HANDRAIL_URL": url, "HANDRAIL_TOKEN": lease.token, "HANDRAIL_MODEL": model}
    return Start(("python3", "-I", "/opt/handrail/agents/aider.py"), env | {"HANDRAIL_FILES": json.dumps(files)})


DRIVER = Driver(
    name="aider",
    protocol=WireProtocol.CHAT,
    words="own",
    start=start,
    wiring={"url": "OPENAI_API_BASE", "token": "OPENAI_API_KEY", "model": "Model name"},
    tools=False,
)
