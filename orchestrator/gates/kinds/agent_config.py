"""Settings of coding agents and editors that run something, open a door, or send keys elsewhere.

Read with the agents' own forms in mind: Claude Code, Codex, Gemini and Qwen,
Cursor, opencode, VS Code. Known cases, each a test: CVE-2025-59536 (hooks and
MCP servers of a project run before it is trusted), CVE-2026-21852 (a base URL in
a project's settings takes the API key), CVE-2026-25725 (settings written from
inside a sandbox gain hooks that run outside it).

All these paths are protected as well; here each gained power is named.
Not checked: what a named command does, and settings outside the tree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.changes.plain_toml import toml
from orchestrator.gates.kinds.agent_words import COMMAND, ORDERS, TOOLS, is_spoken, word_hits
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.policy.late import Late
from orchestrator.policy.paths import fold, protects

__all__ = ["RULES", "AgentConfig"]

_PATHS = (
    "**/.claude/**/*.json",
    "**/.claude.json",
    "**/.mcp.json",
    "**/mcp.json",
    "**/mcp_settings.json",
    "**/.codex/**/*.toml",
    "**/.codex/**/*.json",
    "**/.gemini/**/*.json",
    "**/.qwen/**/*.json",
    "**/.cursor/**/*.json",
    "**/opencode.json",
    "**/opencode.jsonc",
    "**/.opencode/**/*.json",
    "**/.vscode/*.json",
    "**/*.code-workspace",
    "**/.devcontainer/**/*.json",
    "**/.devcontainer.json",
    "**/.aider.conf.yml",
    "**/.continue/**/*.yaml",
    "**/.continue/**/*.json",
    "**/.windsurf/**/*.json",
    "**/.zed/*.json",
    "**/.claude-plugin/*.json",
    ".github/hooks/**",
    "**/.kiro/**/*.json",
    "**/.kiro/**/*.hook",
    "**/.amp/*.json",
    "**/.env",
)

HOOK = KindRule(
    "AGENT-HOOK",
    "an agent's setting runs a command",
    "A hook of the repository runs on the machine of whoever opens it (CVE-2025-59536, CVE-2026-25725).",
    "let each person keep hooks in their own settings",
    cwe=94,
)
MCP = KindRule(
    "AGENT-MCP",
    "an agent is given an MCP server",
    "Its program is started, or its answers are read, with the agent's rights (CVE-2025-59536).",
    "let each person add servers in their own settings",
    cwe=829,
)
URL = KindRule(
    "AGENT-URL",
    "an agent's endpoint is redirected",
    "Whoever answers under the address gets the user's API key and every prompt (CVE-2026-21852).",
    "remove it: addresses of models are the user's own setting",
    cwe=522,
)
PERMISSION = KindRule(
    "AGENT-PERMISSION",
    "an agent's permissions are widened",
    "With it the agent acts without asking, or reaches what it should not.",
    "let each person decide in their own settings",
    cwe=732,
)
VARIABLE = KindRule(
    "AGENT-ENVIRONMENT",
    "a setting changes how programs are found or loaded",
    "Such a variable makes every later program run code of the repository.",
    "remove it",
    cwe=426,
)
RULES = (HOOK, MCP, URL, PERMISSION, VARIABLE, ORDERS, COMMAND, TOOLS)

_HOOKS = frozenset(
    {"hooks", "notify", "apikeyhelper", "awsauthrefresh", "awscredentialexport", "otelheadershelper", "statusline"}
    | {"gcpauthrefresh", "forceloginmethod", "runon", "initializecommand", "oncreatecommand", "updatecontentcommand"}
    | {"postcreatecommand", "poststartcommand", "postattachcommand", "tooldiscoverycommand", "toolcallcommand"}
    | {
        "tasks",
        "lint-cmd",
        "test-cmd",
        "auto-test",
        "filesuggestion",
        "install",
        "start",
        "terminals",
        "formatter",
        "lsp",
    }
    | {"extraknownmarketplaces", "enabledplugins", "plugin"}
)
_SERVERS = frozenset({"mcpservers", "mcp_servers", "mcp", "servers", "context_servers", "modelcontextprotocolservers"})
_SERVER_SWITCHES = frozenset({"enableallprojectmcpservers", "enabledmcpjsonservers", "trust"})
_PERMISSIONS = frozenset(
    {"allow", "defaultmode", "additionaldirectories", "bypasspermissions", "skipdangerousmodepermissionprompt"}
    | {"approval_policy", "sandbox_mode", "network_access", "writable_roots", "danger-full-access", "yolo"}
    | {
        "autoaccept",
        "allowedtools",
        "coretools",
        "auto_approve",
        "alwaysallow",
        "autoapprove",
        "chat.tools.autoapprove",
    }
    | {"chat.tools.global.autoapprove", "security.workspace.trust.enabled", "yes-always", "dangerouslyskippermissions"}
    | {"task.allowautomatictasks", "allowunsandboxedcommands", "excludedcommands", "autoallowbashifsandboxed"}
    | {
        "always_allow_tool_actions",
        "ignore_default_excludes",
        "enableweakernestedsandbox",
        "privileged",
        "capadd",
        "runargs",
        "securityopt",
        "mounts",
        "permission",
    }
)
_URL_NAME = Late(r"(?i).*(?:base[_-]?url|api[_-]?base|api[_-]?url|endpoint|_proxy|proxy[_-]?url|helicone.*url)")
_LOADER = Late(
    r"(?i)(?:LD_PRELOAD|LD_LIBRARY_PATH|DYLD_.*|PATH|PYTHONPATH|PYTHONSTARTUP|PYTHONHOME|NODE_OPTIONS|NODE_PATH|BASH_ENV"
    r"|ENV|PROMPT_COMMAND|GIT_SSH(?:_COMMAND)?|GIT_CONFIG.*|GIT_EXEC_PATH|GIT_EXTERNAL_DIFF|PERL5OPT|RUBYOPT"
    r"|JAVA_TOOL_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|SSL_CERT_FILE|EDITOR|PAGER|GIT_PAGER)"
)
_PROGRAM_SETTING = Late(
    r"(?i).*(?:\.path|executable|executablepath|pythonpath|interpreter.*|shellargs|command|profiles\.\w+|env\.\w+)"
)
_VARIABLE = Late(r"\s*(?:export\s+)?(?P<name>\w+)\s*=\s*(?P<value>.*)")
_OF_MODELS = Late(
    r"(?i)(?:anthropic|claude|openai|codex|azure_openai|gemini|google_gemini|vertex|mistral|qwen|dashscope|openrouter"
    r"|litellm|ollama|groq|deepseek|xai)_(?:.*_)?(?:base_?url|api_base|api_url|endpoint|host)"
)
_OFF: tuple[Any, ...] = (
    False,
    None,
    "",
    [],
    {},
    "never-allow",
    "ask",
    "default",
    "deny",
    "on-request",
    "untrusted",
    "read-only",
)
_COMMENT = Late(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = Late(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])')


class AgentConfig:
    """The check. A file that its own format cannot read is refused: an agent may be more lenient than we are."""

    name = "agent-config"
    what = "an agent's or editor's settings"
    rules: Sequence[KindRule] = RULES

    def applies(self, path: str) -> bool:
        return protects(_PATHS, path) or is_spoken(path)

    def hits(self, path: str, text: str) -> Sequence[Hit]:
        if not protects(_PATHS, path):
            return list(word_hits(path, text))
        lines = text.split("\n")
        found = _Found(lines, editor=".vscode/" in fold(path) or fold(path).endswith(".code-workspace"))
        found.walk(_parsed(fold(path), text), ())
        return found.hits


def _parsed(path: str, text: str) -> Any:  # noqa: ANN401 - settings of a stranger
    if not text.strip():
        return {}
    try:
        if path.endswith(".env"):
            return _variables(text)
        if path.endswith(".toml"):
            return toml(text)
        if path.endswith((".yml", ".yaml")):
            return _yaml(text)
        plain = _COMMENT.sub(lambda m: m.group() if m.group()[0] == '"' else " ", text)
        even = _TRAILING.sub(lambda m: m.group() if m.group()[0] == '"' else "", plain)
        return json.loads(even, object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(f"not readable settings ({type(error).__name__})") from error


def _variables(text: str) -> Mapping[str, str]:
    """What agents take from ``.env`` of the folder they work in: addresses of models, and how programs are loaded."""
    read: dict[str, str] = {}
    for found in filter(None, map(_VARIABLE.fullmatch, text.splitlines())):
        name, value = found["name"], found["value"].strip()
        if _LOADER.fullmatch(name) or _OF_MODELS.fullmatch(name):
            # Readers differ in which of two they take: a person sees both.
            read[name] = f"{read[name]} {value}" if name in read else value
    return read


def _yaml(text: str) -> Any:  # noqa: ANN401 - settings of a stranger
    # Late: most changes hold no such file, and the import costs as much as judging one.
    yaml = import_module("yaml")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two equal keys a reviewer reads one and the agent the other."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


class _Found:
    def __init__(self, lines: Sequence[str], *, editor: bool) -> None:
        self._lines, self._editor = lines, editor
        self.hits: list[Hit] = []

    def walk(self, value: Any, route: tuple[str, ...]) -> None:  # noqa: ANN401 - settings of a stranger
        for key, inner in _pairs(value):
            here = (*route, key)
            rule = self._rule(key, inner, route)
            if rule is not None:
                self._say(rule, here, inner)
            self.walk(inner, here)

    def _rule(self, key: str, value: Any, route: tuple[str, ...]) -> KindRule | None:  # noqa: ANN401
        name, text = key.casefold(), isinstance(value, str)
        if _is_off(value):
            # A protection that is switched off is a gain.
            off = name == "security.workspace.trust.enabled" or (name == "enabled" and "sandbox" in route[-1:])
            return PERMISSION if value is False and off else None
        checks = (
            (URL, text and _URL_NAME.fullmatch(key)),
            (VARIABLE, text and _LOADER.fullmatch(key)),
            (HOOK, name in _HOOKS),
            (MCP, name in _SERVERS or (name in _SERVER_SWITCHES and route)),
            (PERMISSION, name in _PERMISSIONS or "dangerously" in name),
            (PERMISSION, name == "inherit" and value == "all"),
            (HOOK, name == "type" and value == "runCommand"),
            (HOOK, self._editor and text and _PROGRAM_SETTING.fullmatch(key)),
        )
        return next((rule for rule, found in checks if found), None)

    def _say(self, rule: KindRule, route: tuple[str, ...], value: Any) -> None:  # noqa: ANN401
        where = ".".join(route)
        number = next((n for n, line in enumerate(self._lines, 1) if f"{route[-1]}" in line), 0)
        # What is lifted is this very value, not the key.
        key = f"{where} {json.dumps(value, sort_keys=True, default=str)}"
        self.hits.append(rule.at(self._lines, number, where, key=key))


def _is_off(value: Any) -> bool:  # noqa: ANN401 - settings of a stranger
    """Nothing is given by it: also a table of which nothing gives anything."""
    given = [inner for _, inner in _pairs(value)]
    if given:
        return all(map(_is_off, given))
    return any(value == off and type(value) is type(off) for off in _OFF)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - settings of a stranger
    if isinstance(value, dict):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(key), inner  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for number, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            yield str(number), inner
