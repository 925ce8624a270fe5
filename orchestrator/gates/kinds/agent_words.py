"""Prose that coding agents take for orders: what in it asks for more than a reader of it would agree to.

``AGENTS.md`` and its kin, rules of Cursor and others, commands, skills and subagents of Claude Code. Found by the form
of a line, without understanding it. All these paths are protected as well; here the order is named.

Not checked: orders in other words or in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.kinds.shell_rules import GRAVE, shell_hits
from orchestrator.policy.late import Late
from orchestrator.policy.paths import fold, protects

__all__ = ["COMMAND", "ORDERS", "TOOLS", "is_spoken", "word_hits"]

_PATHS = (
    "**/AGENTS.md",
    "**/AGENTS.override.md",
    "**/CLAUDE.md",
    "**/CLAUDE.local.md",
    "**/GEMINI.md",
    "**/QWEN.md",
    "**/CONVENTIONS.md",
    "**/.cursorrules",
    "**/.windsurfrules",
    "**/.clinerules",
    "**/.clinerules/**",
    "**/.roorules",
    "**/.cursor/rules/**",
    "**/.windsurf/rules/**",
    "**/.continue/rules/**",
    "**/.github/copilot-instructions.md",
    "**/.github/instructions/**",
    "**/.github/prompts/**",
    "**/.github/chatmodes/**",
    "**/.github/agents/**",
    "**/.windsurf/workflows/**",
    "**/.kiro/steering/**",
    "**/.amazonq/rules/**",
    "**/.roo/rules*/**",
    "**/.junie/**/*.md",
    "**/.claude/**/*.md",
    "**/.gemini/**/*.md",
    "**/.gemini/commands/**",
    "**/.codex/**/*.md",
    "**/.opencode/**/*.md",
    "**/SKILL.md",
)
ORDERS = KindRule(
    "AGENT-ORDERS",
    "an agent is told to do what nobody would see",
    "Every agent that works here reads this text as its orders, also the parts that a reader of the page does not see.",
    "say what is to be done in the open, and let each person decide what an agent may do",
    cwe=1427,
)
COMMAND = KindRule(
    "AGENT-COMMAND",
    "a command runs before an agent's prompt is read",
    "The agent fills the command's output into the prompt, on the machine of whoever calls it.",
    "let the agent be asked to run it",
    cwe=94,
)
TOOLS = KindRule(
    "AGENT-TOOLS",
    "a prompt brings its own permissions",
    "Whoever calls it lets the agent run any command without being asked.",
    "name the commands: Bash(git diff:*)",
    cwe=732,
)
_HUSHES = (
    r"(?:ignore|disregard|forget|override)\b.{0,30}\b(?:previous|prior|above|earlier|all other|system)\b.{0,20}"
    r"\b(?:instruction|rule|prompt|order)s?"
    r"|(?:do\s*n[o']t|never|without)\s+(?:ever\s+)?(?:mention|tell|report|reveal|disclos|show|inform)\w*\s+"
    r"(?:it|this|that|them|about|the\s+(?:user|reviewer|developer|human)|to\s+the|anyone|anybody)"
    r"|(?<!not )(?<!n't )(?<!never )(?<!cannot )\b"
    r"(?:skip|disable|bypass|turn\s+off|avoid|suppress|switch\s+off)\b.{0,30}"
    r"\b(?:security|safety|review|gates?|checks?|sandbox|approval|permission|audit|scann\w+)\b"
    r"|(?:approve|accept|allow)\b.{0,20}\b(?:everything|all\s+(?:changes|commands|tools|requests)|any\s+command|automatically)\b"
    r"|--(?:dangerously-skip-permissions|yolo|no-verify|dangerously-bypass-approvals-and-sandbox)\b"
)
_ORDER = Late(_HUSHES, re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
_IN_COMMENT = Late(
    r"\b(?:you\s+(?:must|should|are|will)|always|never|run|execute|send|post|upload|fetch|install|commit|push|delete|add)\b\s+\S+.{8,}",
    re.IGNORECASE,
)
_RUN_FIRST = Late(r"(?:^|\s)!`[^`\n]{1,2000}`|^!\{[^}\n]{1,2000}\}|!\{[^}\n]{1,2000}\}")
_ALL_TOOLS = Late(
    r"^\s*//\s*turbo(?:-all)?\b|^\s*(?:allowed-tools|tools|allowedTools|permissions)\s*:.*?"
    r"(?:\bBash\s*(?:\(\s*:?\*\s*(?::\*\s*)?\)|,|\]|$)|[\"'\[\s]\*[\"'\],\s]*$|\bBash\b\s*[\"'])",
    re.IGNORECASE,
)
_PROMPTS = (
    "**/.claude/**",
    "**/.gemini/**",
    "**/.github/prompts/**",
    "**/.github/agents/**",
    "**/.github/chatmodes/**",
    "**/.windsurf/workflows/**",
    "**/SKILL.md",
)
_LINE_CHARACTERS = 4096


def is_spoken(path: str) -> bool:
    """By its name, whatever the case."""
    return protects(_PATHS, path)


def word_hits(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1."""
    lines = text.split("\n")
    prompts = protects(_PROMPTS, fold(path))
    for number, line in enumerate(lines, start=1):
        part = line[:_LINE_CHARACTERS]
        if _ORDER.search(part):
            yield ORDERS.at(lines, number, line.strip()[:80])
        if prompts and _RUN_FIRST.search(part):
            yield COMMAND.at(lines, number, line.strip()[:80])
        if prompts and _ALL_TOOLS.search(part):
            yield TOOLS.at(lines, number, line.strip()[:80])
    number, seen = 1, 0
    for found in _COMMENT.finditer(text):
        number, seen = number + text.count("\n", seen, found.start()), found.start()
        said = found[1][:_LINE_CHARACTERS]
        if _IN_COMMENT.search(said) and not _ORDER.search(said):
            yield ORDERS.at(lines, number, "words in a comment that no page shows", key=" ".join(said.split()))
    for hit in shell_hits(text):
        if hit.rule in GRAVE:
            yield hit
