"""What stands among acceptance criteria and is none: notes, the words that lead to a list, the head of a table."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.specs.markdown import Block, BlockKind

_REMARK = re.compile(
    r"(?:notes?|nb|n\.b\.|assumptions?|rationale|remarks?|comments?|reason|background|motivation|open questions?"
    r"|(?:implementation|technical) notes?)\s*(?:\([^)]{0,40}\))?\s*:",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:examples?|e\.g\.|hints?|tips?|context|why|see also|references?|sources?|discussion|dependencies|owner|status)"
    r"\s*(?:\([^)]{0,40}\))?\s*:(?!\s*(?:given|when)\b)",
    re.IGNORECASE,
)
_CRITERION = re.compile(
    r"(?:[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}[.:)]?\s+)?(?:given|when|whenever|then|and|but|if|while|where)\b"
    r"|.{0,2000}\b(?:shall|must)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_remark(block: Block) -> bool:
    """Whether an item or a paragraph says itself that it is a note and no criterion."""
    return block.kind in (BlockKind.ITEM, BlockKind.PARAGRAPH) and _REMARK.match(block.text.strip()) is not None


def asides(section: Sequence[Block]) -> frozenset[int]:
    """Which blocks under a heading such as Acceptance Criteria are none, by their places.

    Where criteria are a list, a paragraph outside of it is one only when it reads like one. Where there is no
    list, each paragraph is one, but for those that begin with a word such as *Example*.
    """
    listed = any(b.kind is BlockKind.ITEM for b in section)
    return frozenset(i for i, block in enumerate(section) if _is_aside(section, i, block, listed=listed))


def _is_aside(section: Sequence[Block], i: int, block: Block, *, listed: bool) -> bool:
    if block.kind is BlockKind.ROW:
        return i == 0 or section[i - 1].kind is not BlockKind.ROW
    if is_remark(block):
        return True
    if block.kind is not BlockKind.PARAGRAPH or block.level:
        return False
    text = block.text.strip()
    leads = text.endswith(":") and i + 1 < len(section) and section[i + 1].kind is BlockKind.ITEM
    return leads or _ASIDE.match(text) is not None or (listed and _CRITERION.match(text) is None)
