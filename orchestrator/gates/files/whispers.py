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

_REVIEWERS = Late(
    r"\b(?:ignore|disregard|forget|override)\b.{0,20}\b(?:all|any|your|the|previous|prior|above|earlier)\b.{0,30}"
    r"\b(?:instruction|prompt|order|guideline)s?\b"
    r"|\b(?:AI|LLM|GPT|Claude|Copilot|Gemini|automated)\s+(?:code\s+)?(?:review(?:er)?s?\b|(?:agent|model|assistant)s?\s?[:,;!]).{0,80}"
    r"\b(?:approve|accept|pass|skip|ignore|do\s+not\s+(?:report|flag|mention))\b",
    re.IGNORECASE,
)
_AGENTS = Late(
    r"\b(?:AI|LLM|coding)\s+(?:agent|assistant)s?\s?[:,;!].{0,200}"
    r"\b(?:without\s+(?:telling|asking)|do\s+not\s+(?:tell|mention)|mark\b.{0,40}\bas\s+(?:done|complete|passed))\b"
    r"|\b(?:assistant|agent)s?\s?[:,;!].{0,120}\b(?:approve\s+(?:every|all|any|this)|do\s+not\s+report|never\s+report)\b",
    re.IGNORECASE,
)
_TOOLS = Late(
    r"<(?:IMPORTANT|SYSTEM|INSTRUCTIONS?)>"
    r"|\b(?:before|after|when)\s+(?:using|calling)\s+(?:this|any)\s+tool\b.{0,160}\b(?:~/|\.ssh|\.env\b|password|token|secret)",
    re.IGNORECASE,
)
_PICTURES = Late(r"!\[[^\]\n]{0,200}\]\(https?://[^)\s]{0,400}(?:\$\{|%7B|\{\{)")
_FORMS = (
    (("instruction", "prompt", "review", "guideline", "approve", "agent", "assistant"), _REVIEWERS),
    (("agent", "assistant"), _AGENTS),
    (("<important>", "<system>", "<instruction", "this tool", "any tool"), _TOOLS),
    (("](http",), _PICTURES),
)
"""Words of which one is in each text that a form fits, and the form."""
_LINE_CHARACTERS = 4096


def whispers(path: str, text: str) -> Iterator[Hit]:
    """Line numbers from 1."""
    low = text.lower()
    forms = [form for words, form in _FORMS if any(word in low for word in words) and form.search(text)]
    if not forms:
        return
    from orchestrator.gates.kinds.agent_words import ORDERS, is_spoken  # noqa: PLC0415 - hardly a change has such words

    lines = text.split("\n") if not is_spoken(path) else []
    for number, line in enumerate(lines, start=1):
        if any(form.search(line[:_LINE_CHARACTERS]) for form in forms):
            yield ORDERS.at(lines, number, line.strip()[:80])
