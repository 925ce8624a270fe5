"""Namespaces and ids: short, stable, and never made up when nothing offers one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from orchestrator.specs.codes import Report, shown
from orchestrator.specs.read import Text

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
ID = r"[A-Z]{1,8}(?:-[A-Z]{1,8}){0,2}-[0-9]{1,6}(?:\.[0-9]{1,4}){0,3}[a-z]?"
"""``FR-001``, ``FR-AUTH-2``, ``FR-1.2``: an id that its author wrote, as an expression."""
_ID = re.compile(
    r"(?:\[[ xX]\]\s{1,3})?\[?"
    rf"({ID})(?:\(([a-z])\))?(?![A-Za-z0-9-])"
    r"\]?\s*[:.|\u2014\u2013-]?\s*"
)
_KIND_OF_TEXT = re.compile(
    r"^(?:PRD|Product requirements(?: document)?|PR/?FAQ|RFC|Feature request|Issue)\s*[:\u2014\u2013-]\s*",
    re.IGNORECASE,
)
_KIND_AT_END = re.compile(
    r"\s*[:|\u2014\u2013-]?\s*\b(?:product requirements?(?: documents?)?|PRD|product spec(?:ification)?)"
    r"\s*(?:\(PRD\))?$",
    re.IGNORECASE,
)
_GENERIC = frozenset(
    {"", "docs", "doc", "spec", "specs", "prd", "requirements", "requirements-document", "readme", "feature"}
)


def slug(text: str) -> str:
    """Lower-case ASCII words joined by dashes, at most 64 characters; empty when nothing is left."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", folded))[:64].strip("-")


def split_id(text: str) -> tuple[str, str] | None:
    """``FR-001: text`` as id and text, ``FR-3(b)`` as FR-3b, or ``None`` when the text does not start with an id."""
    found = _ID.match(text)
    return (f"{found[1]}{found[2] or ''}", text[found.end() :]) if found else None


def starts_with_id(line: str) -> bool:
    """Whether a line opens with an id and a colon, as a new item would."""
    found = _ID.match(line)
    return found is not None and ":" in found[0]


def without_kind(title: str) -> str:
    """A document's title without the kind of document that it begins or ends with, such as ``PRD:``."""
    bare = _KIND_OF_TEXT.sub("", title)
    return _KIND_AT_END.sub("", bare) or bare


def choose_namespace(text: Text, given: str | None, offers: Iterable[str], report: Report) -> str:
    """The caller's, else the front matter's, else the first offer that makes a slug.

    Offers are a document's own names (feature branch, title), then its folder
    and its file name. Words that every document has are no names.
    """
    if given is not None:
        return _checked(given, 1, 1, report)
    if "namespace" in text.front:
        value, line, column = text.front["namespace"]
        return _checked(value, line, column, report)
    path = PurePosixPath(text.path.replace("\\", "/"))
    for offer in (*offers, path.parent.name, path.stem):
        name = slug(offer.removesuffix(".md"))
        if name not in _GENERIC:
            return name
    report.add("PRD009", 1, 1, "Neither title nor folder nor file name can serve as the namespace of the ids.")
    return ""


def _checked(value: str, line: int, column: int, report: Report) -> str:
    if not _NAMESPACE.fullmatch(value):
        report.add("PRD009", line, column, f"{shown(value)!r} cannot be a namespace.")
    return value
