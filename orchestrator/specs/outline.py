"""How people mark a thing of its own in prose: ids and numbers, a name in bold, and lines that stand for headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from orchestrator.specs.body import pieces
from orchestrator.specs.draft import document_title
from orchestrator.specs.labels import label_of
from orchestrator.specs.lint.document import heading_name
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id
from orchestrator.specs.prose import Section, asks, names_document, says_section, section_of, wishes

_BOX = re.compile(r"\[[ xX]\]\s+")
_NUMBER = re.compile(
    r"([0-9]{1,3}(?:\.[0-9]{1,3})+|(?![MPQVX][0-9])[A-Z]{1,4}[0-9]{1,4}(?:\.[0-9]{1,3}){0,3})[.:)]?\s+(?!%|percent\b|(?:ms|s|[kmgt]i?b)\b)(?=\D)",
    re.ASCII,
)
_LISTED = re.compile(r"\[[A-Za-z_ ]{1,20}\]\s{0,4}[0-9]{1,3}[.)]|[0-9]{1,3}[.)]\s{1,4}[A-Z]")
"""``[DONE] 2. ...`` or ``3. ...``, where no empty line makes a list of such lines."""
_TITLED = re.compile(r"(?:\*\*(?P<a>[^*\n]{2,80})\*\*|__(?P<b>[^_\n]{2,80})__)(?P<after>\s{0,2}[:\u2014\u2013-])?")
_ALL_BOLD = re.compile(r"\*\*[^*\n]{2,80}\*\*:?|__[^_\n]{2,80}__:?")
_NAME_WORDS = 8
_REQUIREMENT_ID = re.compile(r"(?:REQ|FR|NFR|BR|UR|SR|QR|RF|RNF)-?[0-9]")


def unticked(text: str) -> str:
    """An item without the box that it can be ticked in."""
    return _BOX.sub("", text, count=1)


def key_of(text: str) -> tuple[str, str]:
    """The source's own id, when there is one, and the rest. ``3.1`` counts, a bare ``3`` does not."""
    parts = split_id(text)
    if parts is not None:
        return parts
    found = _NUMBER.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def is_named(text: str) -> bool:
    """Whether an item has an id that people give to requirements, in whatever language it is written."""
    key, rest = key_of(unticked(text))
    return bool(rest) and _REQUIREMENT_ID.match(key) is not None


def titled(raw: str, text: str) -> tuple[str, str]:
    """``**Rollback**: deploys can be undone`` as title and statement; without a stop between them it is emphasis."""
    found = _TITLED.match(unticked(raw))
    name = (found["a"] or found["b"]).strip() if found else ""
    if found is None or not (found["after"] or name.endswith((":", ".", "?", "!"))):
        return "", text
    name = name.rstrip(":").strip()
    rest = text[len(name) :].lstrip(" :.\u2014\u2013-") if name and text.startswith(name) else ""
    return (name, rest) if rest else ("", text)


def names_below(raw: str, text: str) -> bool:
    """Whether an item is but the name of what stands below it: ``**Login**``, or ``Login:``."""
    bold = _ALL_BOLD.fullmatch(unticked(raw).strip()) is not None
    return len(text.split()) <= _NAME_WORDS and (bold or (text.rstrip().endswith(":") and not wishes(text)))


def with_headings(blocks: Sequence[Block]) -> list[Block]:
    """Lines that only look like headings become some, one level below the last real one."""
    found: list[Block] = []
    level = 1
    for block in (part for whole in blocks for part in pieces(whole, _opens)):
        if block.kind is BlockKind.HEADING:
            level = block.level + 1
        if block.kind is not BlockKind.PARAGRAPH or block.level or block.quoted or "\n\n" in block.raw:
            found.append(block)
            continue
        first, _, rest = block.raw.partition("\n")
        if not says_section(first):
            found.append(block)
            continue
        parts = list(block.parts(partial(_is, rest.partition("\n")[0].strip()))) if rest else [block]
        if rest and len(parts) == 1:
            found.append(block)
            continue
        found += [replace(parts[0], kind=BlockKind.HEADING, level=level), *parts[1:]]
    return found


def title_of(blocks: Sequence[Block], first_line: str) -> str:
    """A text that begins with a line and not with a heading has its title there."""
    headed = bool(blocks) and blocks[0].kind is BlockKind.HEADING
    top = any(b.kind is BlockKind.HEADING and b.level == 1 for b in blocks)
    return document_title(blocks) if headed or top or not first_line else first_line


def heads_all(blocks: Sequence[Block]) -> Block | None:
    """The heading that names the whole document, whose words say nothing of what a section below it holds.

    That is the first one, when it is the only one so high and says what kind of document this is, or when a
    section below it says itself that it holds what is wanted.
    """
    headings = [b for b in blocks if b.kind is BlockKind.HEADING]
    if not headings or any(b.level <= headings[0].level for b in headings[1:]):
        return None
    below = [heading_name(b.text) for b in headings[1:]]
    named = names_document(headings[0].text) or section_of((heading_name(headings[0].text),)) is Section.CONTEXT
    return headings[0] if any(map(asks, below)) or (below and named) else None


def _is(wanted: str, line: str) -> bool:
    return bool(wanted) and line == wanted


def _opens(line: str) -> bool:
    """Whether a line of a paragraph begins something of its own: an id, a number such as 3.1, or a label."""
    return bool(key_of(line)[0]) or label_of(line) is not None or _LISTED.match(line) is not None
