"""The drivers of programs from package indexes, by name. Imported one by one, when asked for."""

from __future__ import annotations

from importlib import import_module

from orchestrator.agents.program import Driver
from orchestrator.errors import UsageError

_MODULES = {
    "aider": "aider",
    "claude-code": "claude_code",
    "cline": "cline",
    "codex": "codex",
    "gemini-cli": "gemini_cli",
    "gemini-cli-acp": "acp",
    "mini-swe-agent": "mini_swe_agent",
    "opencode": "opencode",
    "opencode-acp": "acp",
    "qwen-code": "qwen_code",
    "qwen-code-acp": "acp",
}
DRIVERS = tuple(sorted(_MODULES))


def driver(name: str) -> Driver:
    """Raises ``UsageError`` (``AGT004``) for an unknown name."""
    if name not in _MODULES:
        raise UsageError("AGT004", f"There is no agent {name!r}.", f"one of: {', '.join(DRIVERS)}")
    module = import_module(f"orchestrator.agents.{_MODULES[name]}")
    found: Driver = module.DRIVERS[name] if _MODULES[name] == "acp" else module.DRIVER
    return found
