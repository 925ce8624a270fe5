"""What a change introduces: findings of the head minus findings of the base, counted as multisets.

A finding is the same on both sides when rule, enclosing definition and the
normalised text of its lines are the same. Line numbers are not part of it, so
a finding survives moves within a file; one more of the same is new, which set
membership would hide. Renames of files are followed by the caller, those of definitions as it says.

Not seen: an unchanged line that becomes dangerous because something around it
changed, and a finding that is removed in one place of a definition and added
word for word in another place of the same definition.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from orchestrator.models.found import Disposition, Finding
from orchestrator.models.ids import Digest, canonical, sha256

__all__ = ["FINDINGS_LIMIT", "Hit", "enclosing", "introduced", "line_text", "shared", "visible"]

FINDINGS_LIMIT = 200
"""Of one gate in one file; the rest are counted in one more finding per disposition."""

_TEXT_LIMIT = 4096
_MESSAGE_LIMIT = 400


class Hit(NamedTuple):
    """One raw result on one side. ``context`` is the enclosing definition or '', ``text`` the normalised lines."""

    rule: str
    message: str
    disposition: Disposition
    line: int = 0
    end_line: int = 0
    context: str = ""
    text: str = ""
    severity: str = "medium"
    cwe: int | None = None
    hint: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rule, self.context, self.text


def introduced(
    path: str,
    head: Iterable[Hit],
    base: Iterable[Hit],
    renamed: Callable[[], Mapping[str, str]] = dict[str, str],
) -> tuple[Finding, ...]:
    """Findings of ``head`` beyond those of ``base``, in order of lines.

    Of several equal ones the first count as old; ``base`` is not looked at when the head has none. The fingerprint
    covers path, rule, definition, text and the how-manieth of them it is. ``renamed`` tells new definitions that are
    old ones under another name; it is asked only where something is new and something else is gone.
    """
    hits = sorted(head, key=lambda h: (h.line, h.end_line, h.rule, h.text))
    if not hits:
        return ()
    old = Counter(hit.key for hit in base)
    met: Counter[tuple[str, str, str]] = Counter()
    new: list[tuple[Hit, int]] = []
    for hit in hits:
        met[hit.key] += 1
        if met[hit.key] > old[hit.key]:
            new.append((hit, met[hit.key]))
    new = _not_renamed(new, old - met, renamed)
    kept = new if len(new) <= FINDINGS_LIMIT else _capped(new)
    return tuple(_finding(path, hit, ordinal) for hit, ordinal in kept)


def _not_renamed(
    new: list[tuple[Hit, int]], gone: Counter[tuple[str, str, str]], renamed: Callable[[], Mapping[str, str]]
) -> list[tuple[Hit, int]]:
    """Without those that were there under the old name of their definition, each of which excuses one."""
    names: Mapping[str, str] = renamed() if new and gone else {}
    kept: list[tuple[Hit, int]] = []
    for hit, ordinal in new if names else ():
        before = (hit.rule, names.get(hit.context, ""), hit.text)
        if before[1] and gone[before] > 0:
            gone[before] -= 1
        else:
            kept.append((hit, ordinal))
    return kept if names else new


def _capped(new: Sequence[tuple[Hit, int]]) -> list[tuple[Hit, int]]:
    """The first of them, those that decide before notes, and per disposition one that counts the rest."""
    ranked = sorted(new, key=lambda pair: pair[0].disposition is Disposition.NOTE)
    rest = Counter(hit.disposition for hit, _ in ranked[FINDINGS_LIMIT:])
    # What stands for the rest names their bytes, so that no two different rests look alike.
    seal = sha256(repr([(hit.key, ordinal) for hit, ordinal in ranked[FINDINGS_LIMIT:]]).encode())
    counts = [
        (Hit(rule="MORE", message=f"{count} more findings in this file", disposition=kind, text=f"{kind} {seal}"), 1)
        for kind, count in sorted(rest.items())
    ]
    return [*ranked[:FINDINGS_LIMIT], *counts]


def _finding(path: str, hit: Hit, ordinal: int) -> Finding:
    return Finding(
        rule=hit.rule,
        message=visible(hit.message),
        path=path,
        line=hit.line,
        end_line=max(hit.line, hit.end_line),
        cwe=hit.cwe,
        severity=hit.severity,
        disposition=hit.disposition,
        fingerprint=_fingerprint(path, hit, ordinal),
        hint=hit.hint,
    )


def _fingerprint(path: str, hit: Hit, ordinal: int) -> Digest:
    # surrogatepass: a path that is not UTF-8 still has a fingerprint.
    parts = [part.encode("utf-8", "surrogatepass").hex() for part in (path, *hit.key)]
    return sha256(canonical([*parts, ordinal]))


def visible(text: str) -> str:
    """Hostile text made fit for a message: one line, control and format characters escaped, capped."""
    text = text[: 4 * _MESSAGE_LIMIT]
    shown = "".join(c if unicodedata.category(c)[0] not in "CZ" or c == " " else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= _MESSAGE_LIMIT else shown[:_MESSAGE_LIMIT] + "…"


def shared(one: Sequence[object], other: Sequence[object]) -> int:
    """How many lines both begin with: as multisets they differ in the rest alone."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def line_text(lines: Sequence[str], first: int, last: int) -> str:
    """Lines ``first`` to ``last`` (from 1), white space folded; beyond 4 KiB its digest stands for the rest."""
    text = " ".join(" ".join(lines[max(first - 1, 0) : max(last, first)]).split())
    if len(text) <= _TEXT_LIMIT:
        return text
    return text[:_TEXT_LIMIT] + sha256(text.encode("utf-8", "surrogatepass"))


def enclosing(outline: Mapping[str, Any], line: int) -> str:
    """The innermost definition that holds a line, or ''."""
    best = ""
    for first, last, name in outline.get("definitions", ()):
        if first <= line <= last and len(name) >= len(best):
            best = str(name)
    return best
