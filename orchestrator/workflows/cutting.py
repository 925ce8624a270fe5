"""Stretches of text to sentences, and each as a reader sees it: without emphasis, link targets and ornaments."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

_PIECE = re.compile(
    r"`[^`]*`|(?<![\w\"])(?P<quote>\"[^\"`]{2,600}\"|\u201c[^\u201c\u201d`]{2,600}\u201d)|(?P<stop>[.!?]+(?:\[\^[^\]\s]{1,40}\])*[\"'\u201d\u2019)\]*_]*(?:(?<=\])\([^()\s]*\))?)(?=\s|$)|[^.!?`\"\u201c]+|.",
    re.DOTALL,
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|approx|incl|excl|ex|eg|ie|cf|no|mr|ms|mrs|dr|dept|fig|tel|ext|est|inc|ltd|corp|[A-Za-z]|\d\\)$",
    re.IGNORECASE,
)
_READ_BACK = re.compile(r"\s+(?:Go (?:back )?to step `|End as |If it ends as `|Otherwise, |About this: )")
"""What a workflow that is read back says right after a step."""
_LINK = re.compile(r"!?\[([^\]]{0,1000})\]\([^)]{0,2000}\)")
_TITLED = re.compile(
    r"\*\*(?P<title>[A-Za-z][^*`\n:.!?]{0,59})\*\*(?:[ \t]*\n\s*|[ \t]+[-\u2013\u2014]+[ \t]+)(?=[A-Z`])"
)
_ENTITY = re.compile(r"(`[^`]*`)|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FIELD = re.compile(r"(?:\*\*|__)?[A-Z][A-Za-z /-]{1,30}:(?:\*\*|__)? [^.!?]+[.;]?")
_COUNTED = re.compile(r"^\s*(?P<mark>\*\*|__)\d{1,2}[.)] ")
_COUNT = re.compile(r"\s*(?:\*\*|__)\d{1,2}")
"""The number of a step that is bold: ``**4. Ring the bell.** It is old.``"""
_ESCAPED = re.compile(r"(?:\[[ xX]\] )?\d{1,2}\\\. ")
"""A number that is kept from beginning a list of its own."""
_BEHIND = re.compile(r"\s+[A-Z`*\[]|\s*$")
"""What stands behind a quotation with which a sentence ends."""
_NEAR = 40
_LOOKED_BACK = 4_000
BOX = re.compile(r"\[[ xX]\] ")
"""A box to be ticked."""
_NOTE = re.compile(r"(`[^`]*`)|(?<=[\w.,;!?)\"'*_`\]])\[\^[^\]\s]{1,40}\]")
"""The mark of a footnote, which is no word."""
_HYPHEN = re.compile("(`[^`]*`)|[\u2010\u2011]")
_MARKS = re.compile(r"(`[^`]*`)|\*\*|__|(?<![A-Za-z0-9/])[*_](?![./])|(?<!/)[*_](?![A-Za-z0-9./])")


def fields(content: str) -> list[tuple[int, int]]:
    """The lines of a paragraph of which each is a label and its value, as ``Owner: lead`` and ``Done by: clerk`` below it."""
    lines, start, found = content.split("\n"), 0, list[tuple[int, int]]()
    if len(lines) > 1 and all(_FIELD.fullmatch(line.strip()) for line in lines):
        for line in lines:
            found += _trimmed(content, start, start + len(line))
            start += len(line) + 1
    return found


def bounds(content: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    start = 0
    for found in _PIECE.finditer(content):
        mark = found["stop"] or _ended(found["quote"], content, found.end())
        if mark and not (mark == "." and _is_abbreviated(content, start, found)):
            yield from _trimmed(content, start, found.end())
            start = found.end()
    yield from _trimmed(content, start, len(content))


def _ended(quote: str | None, content: str, end: int) -> str:
    """The stop within a quotation at whose end the sentence ends; '' where it goes on behind it."""
    stop = re.search(r"[.!?](?=.$)", quote or "")
    return stop[0] if stop and _BEHIND.match(content, end) else ""


def _is_abbreviated(content: str, start: int, found: re.Match[str]) -> bool:
    """Whether the dot belongs to the word before it. ``etc.`` and ``no.`` before a capital end the sentence, and so does any before words of a read-back."""
    before = content[max(start, found.start() - _LOOKED_BACK) : found.start()]
    last, after = before[-_NEAR:], content[found.end() : found.end() + _NEAR]
    if _COUNT.fullmatch(before):
        return True
    is_last = re.search(r"\b(?:etc|no)$", last, re.IGNORECASE) and re.match(r"\s+[A-Z`]", after)
    is_within = before.count("(") > before.count(")") and re.match(r"\s+[a-z]", after) is not None
    return not (is_last or _READ_BACK.match(after)) and (is_within or _ABBREVIATION.search(last) is not None)


def _trimmed(content: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and content[start].isspace():
        start += 1
    while end > start and content[end - 1].isspace():
        end -= 1
    if end > start:
        yield start, end


def is_one(text: str) -> bool:
    """Whether a reader finds one sentence here, with these words, also before another: ``labels, etc`` would run on into it."""
    ends, then = len(text) + 1, "End as done."
    return [*bounds(f"{text}. {then}")] == [(0, ends), (ends + 1, ends + 1 + len(then))] and plain(text) == text


def plain(raw: str) -> str:
    """As a reader sees it, on one line; code keeps its backticks. A bold title before a sentence becomes a label."""
    raw = _ESCAPED.sub("", raw, count=1) if _ESCAPED.match(raw) else _COUNTED.sub(r"\g<mark>", raw, count=1)
    text = _TITLED.sub(r"\g<title>: ", raw, count=1) if _TITLED.match(raw) else raw
    text = _NOTE.sub(lambda m: m.group(1) or "", text)
    text = _MARKS.sub(lambda m: m.group(1) or "", _LINK.sub(r"\1", _ENTITY.sub(_character, text)))
    return _bare(re.sub(r"\s+", " ", _HYPHEN.sub(lambda m: m.group(1) or "-", text)).strip())


def _bare(text: str) -> str:
    """Without the arrows, ticks and boxes that stand before it."""
    start = 0
    while start < len(text):
        if BOX.match(text, start):
            start += 4
        elif text[start] in " \ufe0f\u200d\u20e3" or _is_ornament(text[start]):
            start += 1
        else:
            break
    return text[start:]


def _is_ornament(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character) in {"So", "Sm", "Sk"}


def _character(found: re.Match[str]) -> str:
    """What an entity shows; those that hide or reorder text, and markup, stay as they are written."""
    shown = html.unescape(found[0])
    hidden = any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"} or c in "<>`*_&[]" for c in shown)
    return found[0] if found[1] or hidden else shown
