"""What a document says is left out, in any format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orchestrator.specs.body import Body, one_line
from orchestrator.specs.draft import Draft, extent
from orchestrator.specs.kinds import is_non_goal
from orchestrator.specs.lint.document import heading_name
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.outline import key_of, unticked

_NOTHING = re.compile(r"(?:nothing|none|n/?a|-|tbd)?[.!]?", re.IGNORECASE)


def excluded(blocks: Sequence[Block]) -> list[Draft]:
    """What a document of any format says is left out: the items of such sections, else their paragraphs."""
    found: list[Draft] = []
    i = 0
    while i < len(blocks):
        if blocks[i].kind is BlockKind.HEADING and is_non_goal(heading_name(blocks[i].text)):
            end = extent(blocks, i, frozenset())
            found += items_of(blocks[i + 1 : end])
            i = end
        else:
            i += 1
    return found


def _asks(block: Block, after: Block | None) -> bool:
    """A question of a template, with its answers below."""
    return block.text.rstrip().endswith("?") and after is not None and after.level > block.level


def items_of(inside: Sequence[Block]) -> Iterator[Draft]:
    """The items of a section that is left out, else its paragraphs; nested items belong to theirs."""
    items = [b for b, after in pairwise([*inside, None]) if b and b.kind is BlockKind.ITEM and not _asks(b, after)]
    shallow = min((b.level for b in items), default=0)
    for block in [b for b in items if b.level == shallow] or inside:
        if block.kind not in (BlockKind.CODE, BlockKind.HEADING) and not _NOTHING.fullmatch(one_line(block.text)):
            key, text = key_of(unticked(block.text))
            yield Draft(key, "", one_line(text) or one_line(block.text), Body(), block.span)
