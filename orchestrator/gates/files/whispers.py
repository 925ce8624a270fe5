"""Words to a model that reads the change, in whatever file: comments, texts, data.

Found by the form of a line. Not checked: other words, and other languages. Files that agents take for their orders are
read by :mod:`orchestrator.gates.kinds.agent_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.gates.changes.differential import Hit
from orchestrator.policy.late import Late

__all__ = ["whispers"]

_WHISPER = Late(
    r"\b(?:ignore|disregard|forget|override)\b.{0,20}\b(?:all|any|your|the|previous|prior|above|earlier)\b.{0,30}"
    r"\b(?:instruction|prompt|order|guideline)s?\b"
    r"|\b(?:AI|LLM|GPT|Claude|Copilot|Gemini|automated)\s+(?:code\s+)?(?:review(?:er)?s?\b|(?:agent|model|assistant)s?\s?[:,;!]).{0,80}"
    r"\b(?:approve|accept|pass|skip|ignore|do\s+not\s+(?:report|flag|mention))\b"
    r"|\b(?:AI|LLM|coding)\s+(?:agent|model|assistant)s?\s?[:,;!].{0,200}"
    r"\b(?:without\s+(?:telling|asking)|do\s+not\s+(?:tell|mention)|mark\b.{0,40}\bas\s+(?:done|complete|passed))\b"
    r"|\b(?:assistant|agent|model)s?\s?[:,;!].{0,120}\b(?:approve\s+(?:every|all|any|this)|do\s+not\s+report|never\s+report)\b"
    r"|<(?:IMPORTANT|SYSTEM|INSTRUCTIONS?)>|\b(?:before|after|when)\s+(?:using|calling)\s+(?:this|any)\s+tool\b.{0,160}\b(?:~/|\.ssh|\.env\b|password|token|secret)"
    r"|!\[[^\]\n]{0,200}\]\(https?://[^)\s]{0,400}(?:\$\{|%7B|\{\{)",
    re.IGNORECASE,
)
_WORDS = (
    *("instruction", "prompt", "review", "guideline", "approve", "agent", "assistant", "model"),
    *("<important>", "<system>", "this tool", "any tool", "](http"),
)
_LINE_CHARACTERS = 4096


def whispers(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1."""
    low = text.lower()
    if not any(word in low for word in _WORDS) or not _WHISPER.search(text):
        return
    from orchestrator.gates.kinds.agent_words import ORDERS, is_spoken  # noqa: PLC0415 - hardly a change has such words

    lines = text.split("\n") if not is_spoken(path) else []
    for number, line in enumerate(lines, start=1):
        if _WHISPER.search(line[:_LINE_CHARACTERS]):
            yield ORDERS.at(lines, number, line.strip()[:80])
