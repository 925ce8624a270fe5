"""Dockerfiles with here-documents, made readable for a linter that knows none: their bodies become empty lines.

What stands in a body is searched by our own rules, which are given the whole file. Taken for a here-document is only
what every builder takes for one: a word in ``RUN``, ``COPY`` or ``ADD``, on one line without quotes before it, which
ends on a line of its own. Anything else stays as it is, and is refused by the linter as unreadable.
"""

from __future__ import annotations

import re

__all__ = ["without_heredocs"]

_OPENING = re.compile(
    rb"(?P<before>[ \t]*(?:RUN|COPY|ADD)\b[^'\"`\\$<\n]*[ \t])"
    rb"<<-?(?P<mark>['\"]?)(?P<word>\w+)(?P=mark)(?P<after>(?:[ \t][^<\n]*)?)",
    re.IGNORECASE,
)


def without_heredocs(data: bytes) -> bytes:
    """As many lines as before."""
    lines = data.split(b"\n")
    at = 0
    while at < len(lines):
        opened = _OPENING.fullmatch(lines[at].rstrip(b"\r"))
        end = _end(lines, at, opened["word"]) if opened and not opened["after"].rstrip().endswith(b"\\") else 0
        if opened and end:
            lines[at] = opened["before"] + b"heredoc" + opened["after"]
            lines[at + 1 : end + 1] = [b""] * (end - at)
            at = end
        at += 1
    return b"\n".join(lines)


def _end(lines: list[bytes], at: int, word: bytes) -> int:
    """The line that is the word alone, 0 without one."""
    return next((n for n in range(at + 1, len(lines)) if lines[n].rstrip(b"\r").lstrip(b"\t") == word), 0)
