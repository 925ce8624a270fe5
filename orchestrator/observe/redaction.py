"""Secrets taken out of texts that leave: known values, forms that tell what they are, what is named as a secret. Pure.

It rather takes out too much. NOT seen: a secret of no known form and value that nothing beside it names as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

MARK: Final = "[redacted]"
_LEAST: Final = 6
"""Characters of a known value: shorter ones stand everywhere."""
_WORD: Final = r"(?:api|access|private|auth|account)[_-]?key|token|secret|passw(?:or)?d|passwd|pwd|credential"
_NAME: Final = rf"[A-Za-z0-9_.-]{{0,40}}(?:{_WORD})s?"
_NAMED: Final = (
    re.compile(rf"(?i)(\b{_NAME}[\"']?\s{{0,8}}(?:[:=]|=>|:=)\s{{0,8}}[rbuf]{{0,2}}[\"'])([^\"'\n]{{4,}})(?=[\"'])"),
    re.compile(r"(?m)(^[ +-]{0,8}(?:export\s{1,4})?[A-Z0-9_]{0,40}(?:KEY|TOKEN|SECRET|PASS|PASSWORD|PWD)S?=)(\S{4,})"),
    re.compile(rf"(?im)(^[ +-]{{0,8}}{_NAME}:\s{{1,4}})([^\s\"'#(\[{{]{{6,}})$"),
    re.compile(
        r"(?i)(\b(?:authorization|x-api-key|x-auth-token|cookie|set-cookie)\b[\"']?\s{0,4}[:=]\s{0,4}[\"']?)([^\"'\n]{6,})"
    ),
    re.compile(r"(?i)(\b(?:bearer|basic)\s{1,4})([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(://[^\s/@:]{0,100}:)([^\s/@]{1,200})(?=@)"),
    re.compile(rf"(?i)((?:^|\s)--?{_NAME}[= ])([^\s\"']{{4,}})"),
)
_HINT: Final = re.compile(r"(?i)key|token|secret|pass|pwd|credential|authorization|cookie|bearer|basic|://")
"""A piece of each: most texts are done with after one search."""
_OPTION: Final = re.compile(rf"(?i)--?{_NAME}")
_BLOCK: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL
)

Forms = Callable[[str], Iterable[str]]


@dataclass(slots=True)
class Redactor:
    """``known`` are values themselves, ``patterns`` forms by their name, ``forms`` names what a line hides otherwise.

    ``found`` counts what was taken out, by kind, and never holds any of it.
    """

    known: Sequence[str]
    patterns: Mapping[str, re.Pattern[str]]
    forms: Forms
    found: dict[str, int] = field(default_factory=dict[str, int])

    def text(self, text: str) -> str:
        """The text without what looks like a secret."""
        for value in sorted((v for v in self.known if len(v) >= _LEAST), key=len, reverse=True):
            text = self._without("known value", re.compile(re.escape(value)), text)
        text = self._without("private key", _BLOCK, text)
        for name, pattern in self.patterns.items():
            text = self._without(name, pattern, text)
        for pattern in _NAMED if _HINT.search(text) else ():
            text = self._without("named as a secret", pattern, text, named=True)
        return "\n".join(self._line(line) for line in text.split("\n"))

    def clean(self, value: Any) -> Any:  # noqa: ANN401  plain data of any shape
        """Plain data with every text in it redacted, also those that are keys, and what follows ``--password``."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.text(str(k)): self.clean(v) for k, v in cast("dict[str, Any]", value).items()}
            case list() | tuple():
                return self._row(cast("Sequence[Any]", value))
            case _:
                return value

    def holds(self, text: str) -> bool:
        """Whether a text that must stay as it is has something that would be taken out."""
        return Redactor(self.known, self.patterns, self.forms).text(text) != text

    def _row(self, values: Sequence[Any]) -> list[Any]:
        named = [isinstance(v, str) and _OPTION.fullmatch(v) is not None for v in (None, *values)][: len(values)]
        return [
            self._named(v) if n and isinstance(v, str) else self.clean(v) for v, n in zip(values, named, strict=True)
        ]

    def _named(self, _value: str) -> str:
        self._count("named as a secret", 1)
        return MARK

    def _without(self, kind: str, pattern: re.Pattern[str], text: str, *, named: bool = False) -> str:
        clean, count = pattern.subn(_keep_name if named else _nothing, text)
        self._count(kind, count)
        return clean

    def _line(self, line: str) -> str:
        """A line in which a form still hides, in base64 or in pieces, goes as a whole."""
        kinds = list(self.forms(line))
        for kind in kinds:
            self._count(kind, 1)
        return MARK if kinds else line

    def _count(self, kind: str, count: int) -> None:
        if count:
            self.found[kind] = self.found.get(kind, 0) + count


def _keep_name(found: re.Match[str]) -> str:
    return found[1] + MARK


def _nothing(_found: re.Match[str]) -> str:
    return MARK
