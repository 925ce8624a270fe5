"""Cline, headless (npm ``cline``).

Its session runs in its own process (``CLINE_SESSION_BACKEND_MODE``), with no daemon behind it. Hooks, plugins, skills
and rules that lie in a tree it runs and obeys, and no switch turns that off: those paths are hidden from it.
"""

from __future__ import annotations

import json

from orchestrator.agents.program import AGENT, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_ENV = {
    "CLINE_NO_AUTO_UPDATE": "1",
    "CLINE_SESSION_BACKEND_MODE": "local",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
_ASKED = "Do this task."
"""Its JSON output wants a prompt in an argument; the task itself is added to it from stdin."""
_PIPED = 'cat "$HOME/prompt.txt" | "$0" "$@"'
"""It reads stdin only from a pipe."""
_PROVIDER = "openai-compatible"


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin; the lease's token lies in the settings below HOME."""
    url = lease.urls[WireProtocol.CHAT] + "/v1"
    provider = {"provider": _PROVIDER, "apiKey": lease.token, "baseUrl": url, "model": model}
    kept = {"settings": provider, "updatedAt": "2026-01-01T00:00:00.000Z", "tokenSource": "manual"}
    settings = {"version": 1, "lastUsedProvider": _PROVIDER, "modes": {}, "providers": {_PROVIDER: kept}}
    argv = (
        "sh",
        "-c",
        _PIPED,
        f"{AGENT}/cline/bin/cline",
        "--json",
        "--auto-approve",
        "true",
        "-P",
        _PROVIDER,
        "-m",
        model,
        _ASKED,
    )
    return Start(argv, _ENV, {".cline/data/settings/providers.json": json.dumps(settings)})


DRIVER = Driver(
    name="cline",
    protocol=WireProtocol.CHAT,
    words="cline",
    start=start,
    wiring={"url": "providers.json baseUrl", "token": "providers.json apiKey", "model": "-m"},
    hidden=("**/.cline/**", "**/.clinerules/**", "**/.agents/**", "**/AGENTS.md"),
)
