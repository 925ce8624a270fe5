"""Numbers and letters before items that Markdown takes for none: ``4.1 Check it``, ``a. Check it``, ``(ii) Check it``; and front matter.

Lines stay lines, so that places do.
"""

from __future__ import annotations

import re
from typing import Final

DOTTED: Final = re.compile(r"([ \t]*)\d{1,3}(?:\.\d{1,3}){1,4}[.)]? (?=[A-Z`*\"\u201c])")
_CHAPTER: Final = re.compile(r"(?P<n>\d{1,2}) (?=[A-Z][A-Za-z ,&/'-]{1,60}$)")
_HASHED: Final = re.compile(r"(#{1,6})(?=[A-Z][a-z]+ [^#]*$)")
"""A heading without the blank behind its marks, as it was once read: ``#Normal release``."""
_COUNTED: Final = re.compile(r"\s*(?:\d+[.)]|[-*+]|[a-z][.)]|\([a-z]{1,4}\)|[ivx]{1,4}[.)]) ")
_LETTERED: Final = re.compile(
    r"(?P<indent> *)(?:(?P<dot>[a-z]|[ivx]{2,4})\.|(?P<close>[a-z]|[ivx]{2,4})\)|\((?P<open>[a-z]|[ivx]{2,4})\)) (?=\S)"
)
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_FRONT: Final = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){1,80}?---[ \t]*(?=\n|$)")


ORNAMENT: Final = "a picture or a tag"
"""What says nothing by itself: a remark, and no sentence."""
_TAGS: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>")
_PICTURES: Final = re.compile(r"\[?!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])(?:\](?:\([^()]*\)|\[[^\[\]]*\]))?")


def is_ornament(text: str) -> bool:
    """Whether nothing is left of a text without its pictures and HTML tags: ``</details>``, ``![Dialog](a.png)``."""
    return (_TAGS.search(text) or _PICTURES.search(text)) is not None and not re.search(
        r"\w", _TAGS.sub("", _PICTURES.sub("", text))
    )


def block(said: str, *, is_html: bool) -> tuple[str, bool]:
    """Why a block cannot be read, '' for a comment; and whether it is a remark."""
    if is_html and is_ornament(said):
        return ORNAMENT, True
    return ("", True) if is_html and said.startswith("<!--") else ("a block of code or of HTML", False)


def front_matter(text: str) -> int:
    """How many lines at the beginning are fields between two lines of hyphens; 0 for none."""
    found = _FRONT.match(text)
    return found[0].count("\n") + 1 if found and ":" in found[0] else 0


def numbered(text: str) -> str:
    """The text with items that Markdown finds. Only where the line before is empty, a heading or an item: within a paragraph they are words."""
    lines, begins, fenced, before = text.split("\n"), True, False, ""
    for number in range(front_matter(text)):
        lines[number] = ""
    for number, line in enumerate(lines):
        below = "".join(lines[number + 1 : number + 3]).strip()  # an empty line may stand between
        if (
            not fenced
            and begins
            and (head := _HASHED.sub(r"\1 ", line) if _HASHED.match(line) else _chapter(line, below))
        ):
            lines[number] = head
            continue
        fenced = fenced != line.lstrip().startswith(("```", "~~~"))
        if not fenced and begins:
            lines[number], before = _item(line, before)
        begins = (
            not line.strip() or line.startswith("#") or (begins and lines[number] != line) or bool(_COUNTED.match(line))
        )
    return "\n".join(lines)


def _chapter(line: str, below: str) -> str:
    """``4 Receipt`` above ``4.1 ...`` as a heading; '' for any other line."""
    found = _CHAPTER.match(line)
    if found is None or not below.startswith(f"{found['n']}.1"):
        return ""
    return f"{'#' * len(found['n'])}{line[len(found['n']) :]}"


def _item(line: str, before: str) -> tuple[str, str]:
    """The line as that of an item, and its mark, which tells the letter ``i`` from the number."""
    dotted, lettered = DOTTED.match(line), _LETTERED.match(line)
    if dotted:
        return f"{dotted[1]}-{' ' * (len(dotted[0]) - len(dotted[1]) - 1)}{line[dotted.end() :]}", ""
    if lettered is None or (lettered["dot"] and not before and line[lettered.end()].islower()):
        return line, before
    mark = lettered["dot"] or lettered["close"] or lettered["open"]
    is_roman = mark in _ROMAN and not (
        len(mark) == 1 and before and ord(before[0]) == ord(mark) - 1 and len(before) == 1
    )
    if not is_roman and len(mark) > 1:
        return line, before
    value = _ROMAN.index(mark) + 1 if is_roman else ord(mark) - ord("a") + 1
    return f"{lettered['indent']}{value}{'.' if lettered['dot'] else ')'} {line[lettered.end() :]}", mark
