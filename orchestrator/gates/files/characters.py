"""Characters that make a reviewer see another program than the one that runs.

Bidirectional controls and marks, zero-width and filler characters, tags,
control characters (also a lone carriage return, which Python takes for a new
line), words that mix alphabets, and very long lines. See Unicode TR 36 and 39;
the mixed-script test here is a small part of the latter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["LINE_COLUMNS", "character_hits"]

LINE_COLUMNS = 500
ODD_LINES_LIMIT = 2000
TEXT_LIMIT = 1024 * 1024

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2065\u206a-\u206f\u2028\u2029\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_BIDI_RE = Late(f"[{_BIDI}]")
_HIDDEN_RE = Late(
    # A joiner has its place inside emoji and inside words of some scripts, a selector after an emoji; not elsewhere.
    f"[{_HIDDEN}]|(?<![^\\x00-\\x7f])[{_JOINERS}]|[{_JOINERS}](?![^\\x00-\\x7f])|[{_JOINERS}]{{2,}}"
    "|(?<=\\w)\u2800|\u2800(?=\\w)|[\ufe00-\ufe0f]{2,}|(?<![^\\x00-\\x7f])(?<![0-9#*])[\ufe00-\ufe0f]"
)
_CONTROL_RE = Late("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]|\r(?!\n|$)")
# Cyrillic, Cherokee, and of Greek only what looks Latin: a Greek letter before a Latin one is ordinary mathematics.
_LOOKALIKE = (
    "\u0370-\u0373\u037f\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u0400-\u052f\u13a0-\u13ff"
)
# What is read as a semicolon, a backtick, K, a dot, a colon, an exclamation mark or a bar, and is none.
_READ_AS_MARKS = "\u037e\u1fef\u212a\u2024\ua789\u01c0\u01c3"
_MIXED_RE = Late(rf"[A-Za-z][{_LOOKALIKE}]|[{_LOOKALIKE}][A-Za-z]|[{_READ_AS_MARKS}]")
_DIGITS_RE = Late("[\"']([^\x00-\x7f]{1,40})[\"']")
_PLAIN = b"\t\n\x0c" + bytes(range(0x20, 0x7F))
_EXTENDED_RE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]|[^\x00-\x7f]|\r(?!\n|$)")


_CHECKS = (
    ("BIDI", "bidirectional control characters", _BIDI_RE),
    ("INVISIBLE", "invisible characters", _HIDDEN_RE),
    ("CONTROL", "control characters", _CONTROL_RE),
)


def character_hits(text: str, *, code: bool) -> Iterator[Hit]:
    """One hit per rule and line; lines end at LF only. In a flood or a very large file one per rule, with a count.

    ``code``: what deceives goes back to the agent; in prose a person looks at it.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > TEXT_LIMIT:
        yield from _whole(text, code=code)
        return
    lines = text.split("\n")
    odd = [n for n, line in enumerate(lines, start=1) if _EXTENDED_RE.search(line)] if _may_be_odd(text) else []
    if len(odd) > ODD_LINES_LIMIT:
        yield from _whole(text, code=code)
        return
    if max(map(len, lines)) > LINE_COLUMNS:
        for number, line in enumerate(lines, start=1):
            if len(line) > LINE_COLUMNS:
                yield _hit("LONG-LINE", f"a line of {len(line)} columns", lines, number, Disposition.NOTE)
    for number in odd:
        yield from _odd(lines, number, lines[number - 1], code=code)


def _may_be_odd(text: str) -> bool:
    """Whether a line may hold what :data:`_EXTENDED_RE` finds: to strike out plain bytes takes a tenth of a search."""
    return not text.isascii() or bool(text.encode().translate(None, _PLAIN))


def _whole(text: str, *, code: bool) -> Iterator[Hit]:
    disposition = Disposition.AGENT if code else Disposition.PERSON
    mixed = (("MIXED-SCRIPT", "words that mix alphabets", _MIXED_RE),) if code else ()
    checks: Sequence[tuple[str, str, Late]] = (*_CHECKS, *mixed)
    if text.isascii():
        checks = [check for check in checks if check[0] == "CONTROL"]
    for rule, what, pattern in checks:
        count = sum(1 for _ in pattern.finditer(text))
        if count:
            yield _hit(rule, f"{what}: {count} in the file", [], 0, disposition)


def _odd(lines: list[str], number: int, line: str, *, code: bool) -> Iterator[Hit]:
    disposition = Disposition.AGENT if code else Disposition.PERSON
    for rule, what, pattern in _CHECKS:
        points = [f"U+{ord(found[0]):04X}" for found in pattern.findall(line)]
        if points:
            shown = ", ".join(sorted(set(points))[:8])
            yield _hit(rule, f"{what}: {len(points)} ({shown})", lines, number, disposition)
    digits = _DIGITS_RE.search(line) if code else None
    if digits and digits[1].isdecimal():
        what = f"digits of another script alone: {digits[1]!a}"
        yield _hit("MIXED-SCRIPT", what, lines, number, Disposition.PERSON)
    mixed = _MIXED_RE.search(line) if code else None
    if mixed:
        around = line[max(mixed.start() - 20, 0) : mixed.end() + 20]
        yield _hit("MIXED-SCRIPT", f"a word that mixes alphabets: {around!a}", lines, number, disposition)


def _hit(rule: str, message: str, lines: list[str], number: int, disposition: Disposition) -> Hit:
    note = disposition is Disposition.NOTE
    return Hit(
        rule=rule,
        message=message,
        disposition=disposition,
        line=number,
        end_line=number,
        text=f"{message} {line_text(lines, number, number)}",
        severity="low" if note else "high",
        cwe=None if note else 1007,
        hint="" if note else "write it as an escape, or remove it",
    )
