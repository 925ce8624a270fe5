"""Dockerfiles with here-documents, made readable for a linter that knows none: their bodies become empty lines.

What stands in a body is searched by our own rules, which are given the whole file. Taken for a here-document is only
what every builder takes for one: a word in ``RUN``, ``COPY`` or ``ADD``, on one line without quotes before it, which
ends on a line of its own. Anything else stays as it is, and is refused by the linter as unreadable.
"""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["without_heredocs"]

_OPENING = re.compile(
    rb"(?P<before>[ \t]*(?:RUN|COPY|ADD)\b[^'\"`\\$<\n]*[ \t])"
    rb"<<-?(?P<mark>['\"]?)(?P<word>\w+)(?P=mark)(?P<after>(?:[ \t][^<\n]*)?)",
    re.IGNORECASE,
)
_WORD = re.compile(rb"\w+")


def without_heredocs(data: bytes) -> bytes:
    """As many lines as before."""
    lines = data.split(b"\n")
    ends = _ends(lines)
    at = 0
    while at < len(lines):
        opened = _OPENING.fullmatch(lines[at].rstrip(b"\r"))
        end = _end(ends, at, opened["word"]) if opened and not opened["after"].rstrip().endswith(b"\\") else 0
        if opened and end:
            lines[at] = opened["before"] + b"heredoc" + opened["after"]
            lines[at + 1 : end + 1] = [b""] * (end - at)
            at = end
        at += 1
    return b"\n".join(lines)


def _ends(lines: list[bytes]) -> dict[bytes, list[int]]:
    """Of each word that stands alone on lines, which these are: looked up, no number of openings costs a search."""
    found: dict[bytes, list[int]] = {}
    for number, line in enumerate(lines):
        word = line.rstrip(b"\r").lstrip(b"\t")
        if word.isalnum() or _WORD.fullmatch(word):
            found.setdefault(word, []).append(number)
    return found


def _end(ends: dict[bytes, list[int]], at: int, word: bytes) -> int:
    """The next line that is the word alone, 0 without one."""
    numbers = ends.get(word, [])
    after = bisect_right(numbers, at)
    return numbers[after] if after < len(numbers) else 0
