"""``The clerk sees to this as it is written:`` above a quotation: what stands in it is told to a person word for word.

The words of the quotation are not read: they bind whoever sees to them, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from markdown_it.token import Token

from orchestrator.workflows.naming import MODAL, ROLE, Unclear, role_name
from orchestrator.workflows.words import DURATION, seconds

if TYPE_CHECKING:
    from orchestrator.workflows.prose import Sentence

_NAMED: Final = r"this|\"[^\"`:.!?]{1,100}\""
_LEAD: Final = re.compile(
    rf"(?P<title>(?:(?:the|an?) )?(?P<role>{ROLE}){MODAL} (?:sees?|keeps?) to (?:{_NAMED}) as it is written(?:, as far as it applies)?)"
    rf"(?: within (?P<time>{DURATION}))?",
    re.IGNORECASE,
)
_ID: Final = re.compile(r"`[a-z][a-z0-9-]*`: ")
_MARK: Final = re.compile(r"[ \t]*>[ ]?")


@dataclass(frozen=True, slots=True)
class Lead:
    """Who sees to what is quoted, in which words, and how long that may take."""

    title: str
    role: str
    seconds: int | None


def lead_of(text: str) -> Lead:
    """What a sentence says that leads on to a quotation. Raises :class:`Unclear` for who is nobody."""
    found = _LEAD.fullmatch(text.rstrip(":"))
    role = role_name(found["role"]) if found else None
    if found is None or role is None:
        raise Unclear("Who sees to what is quoted is not said.", "The clerk sees to this as it is written:")
    return Lead(found["title"], role, seconds(found["time"]) if found["time"] else None)


def leads(text: str) -> bool:
    """Whether a sentence leads on to what is quoted below it."""
    return text.endswith(":") and _LEAD.fullmatch(_ID.sub("", text, count=1).rstrip(":")) is not None


def needs(clause: str) -> bool:
    """Whether a clause means nothing without a quotation below it."""
    return _LEAD.fullmatch(clause.rstrip(":")) is not None


def lead(role: str, title: str, *, is_standing: bool = False) -> str:
    """The sentence above the words of a part, with its colon. ``title``: how the part is called, '' for one without a name."""
    clean = " ".join(re.sub(r"[\"`:.!?\u201c\u201d]", " ", title).split())[:100].strip()
    verb = "keeps" if is_standing else "sees"
    named = f'"{clean}"' if clean else "this"
    return f"The {role.replace('-', ' ')} {verb} to {named} as it is written, as far as it applies:"


def quoted(text: str) -> str:
    """The lines of a text as a quotation, one to one."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def words(lines: Iterable[str]) -> str:
    """What is quoted in these lines, without the mark before each and without blanks behind it."""
    return "\n".join(_MARK.sub("", line, count=1).rstrip() for line in lines)


@dataclass(slots=True)
class Quotation:
    """One that is told as it stands, while it is read: its place and the sentences in it. ``cut`` makes sentences of a stretch of text."""

    first: int
    last: int
    cut: Callable[[str, int], Iterable[Sentence]]
    sentences: list[Sentence] = field(default_factory=list["Sentence"])
    depth: int = 1
    _aside: str = ""

    def take(self, token: Token) -> bool:
        """One more token of it; whether it is over. Headings and tables within it are no sentences."""
        if token.type in {"blockquote_open", "blockquote_close"}:
            self.depth += token.nesting
        elif token.type in {"heading_open", "table_open"}:
            self._aside = token.type.replace("open", "close")
        elif token.type == self._aside:
            self._aside = ""
        elif token.type == "inline" and not self._aside:
            self.sentences += self.cut(token.content, (token.map or [0])[0])
        return self.depth == 0
