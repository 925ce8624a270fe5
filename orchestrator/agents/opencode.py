"""opencode, headless (npm ``opencode-ai``).

``--pure`` and ``OPENCODE_DISABLE_PROJECT_CONFIG`` keep ``opencode.json``, ``.opencode`` and AGENTS.md of the tree out.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import AGENT, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_ENV = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_CLAUDE_CODE": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_EXTERNAL_SKILLS": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
    "OPENCODE_DISABLE_SHARE": "1",
}


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin; the whole configuration, with the lease's token, in one variable."""
    options = {"baseURL": lease.urls[WireProtocol.CHAT] + "/v1", "apiKey": lease.token}
    provider: dict[str, object] = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "handrail",
        "options": options,
        "models": {model: {}},
    }
    settings: dict[str, object] = {
        "provider": {"handrail": provider},
        "autoupdate": False,
        "share": "disabled",
        "snapshot": False,
        "permission": "allow",
        "lsp": False,
        "formatter": False,
    }
    argv = (f"{AGENT}/opencode/bin/opencode", "run", "--pure", "--format", "json", "--title", "step")
    env = _ENV | {"OPENCODE_CONFIG_CONTENT": json.dumps(settings)}
    return Start((*argv, "-m", f"handrail/{model}"), env)


DRIVER = Driver(
    name="opencode",
    own_hosts=("models.opencode.ai",),
    protocol=WireProtocol.CHAT,
    words="opencode",
    start=start,
    wiring={
        "url": "OPENCODE_CONFIG_CONTENT provider.options.baseURL",
        "token": "provider.options.apiKey",
        "model": "-m",
    },
)
