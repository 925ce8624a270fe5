"""Codex, headless (npm ``@openai/codex``).

``--ignore-user-config`` and ``--ignore-rules`` keep ``.codex`` out, ``project_doc_max_bytes=0`` AGENTS.md. Its own
sandbox is off: it needs namespaces that the container does not grant, and the container is the boundary.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import AGENT, HOME, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_ARGV = (
    *(f"{AGENT}/codex/vendor/x86_64-unknown-linux-musl/bin/codex", "exec", "--json", "--ephemeral"),
    *("--ignore-user-config", "--ignore-rules", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
)
_SETTINGS = {
    "model_provider": "handrail",
    "model_providers.handrail.name": "handrail",
    "model_providers.handrail.env_key": "HANDRAIL_TOKEN",
    "model_providers.handrail.wire_api": "responses",
    "project_doc_max_bytes": 0,
    "web_search": "disabled",
    "analytics.enabled": False,
    "check_for_update_on_startup": False,
    "shell_environment_policy.exclude": ["HANDRAIL_TOKEN"],
}


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin (``-``); the lease's token comes from the environment."""
    settings = _SETTINGS | {"model_providers.handrail.base_url": lease.urls[WireProtocol.RESPONSES] + "/v1"}
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={json.dumps(value)}")]
    env = {"CODEX_HOME": f"{HOME}/.codex", "HANDRAIL_TOKEN": lease.token}
    return Start((*_ARGV, *options, "-m", model, "-"), env, {".codex/.keep": ""})


DRIVER = Driver(
    name="codex",
    own_hosts=("api.github.com", "chatgpt.com", "github.com"),
    protocol=WireProtocol.RESPONSES,
    words="codex",
    start=start,
    wiring={"url": "model_providers.handrail.base_url", "token": "HANDRAIL_TOKEN", "model": "-m"},
)
