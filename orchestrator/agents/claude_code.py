"""Claude Code, headless (npm ``@anthropic-ai/claude-code``).

``--bare`` leaves out hooks, plugins, CLAUDE.md and what else lies in a tree; ``--setting-sources ""`` and
``--strict-mcp-config`` say the same once more, for versions in which ``--bare`` means less.
"""

from __future__ import annotations

from orchestrator.agents.program import AGENT, Driver, Start
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentTask, Lease

_ARGV = (
    *(f"{AGENT}/claude/claude", "-p", "--output-format", "stream-json", "--verbose", "--bare"),
    *("--setting-sources", "", "--strict-mcp-config", "--dangerously-skip-permissions"),
    *("--tools", "Bash,Read,Write,Edit,Glob,Grep", "--disable-slash-commands", "--no-session-persistence"),
)
_ENV = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "IS_SANDBOX": "1",
}


def start(task: AgentTask, lease: Lease, model: str) -> Start:  # noqa: ARG001  all drivers have one signature
    """Prompt on stdin; the lease's token is the API key."""
    url = lease.urls[WireProtocol.ANTHROPIC]
    env = _ENV | {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": lease.token, "ANTHROPIC_SMALL_FAST_MODEL": model}
    return Start((*_ARGV, "--model", model), env)


DRIVER = Driver(
    name="claude-code",
    protocol=WireProtocol.ANTHROPIC,
    words="claude",
    start=start,
    wiring={"url": "ANTHROPIC_BASE_URL", "token": "ANTHROPIC_API_KEY", "model": "--model"},
)
