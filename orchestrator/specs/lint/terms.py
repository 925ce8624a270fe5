"""Rules about the words of a spec: one spelling each, defined ones used, short ones explained."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Sentence
from orchestrator.specs.lint.rule import Edit, Family, Remark, Rule, clip, remark, two_requirements
from orchestrator.specs.markdown import BlockKind

_ACRONYM = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,5}s?(?![\w-])")
_KNOWN = frozenset(
    [
        "A",
        "I",
        "ID",
        "IDs",
        "UI",
        "UX",
        "URL",
        "URLs",
        "URI",
        "API",
        "APIs",
        "HTTP",
        "HTTPS",
        "HTML",
        "CSS",
        "JS",
        "JSON",
        "YAML",
        "TOML",
        "XML",
        "CSV",
        "PDF",
        "CLI",
        "TUI",
        "GUI",
        "OS",
        "CPU",
        "GPU",
        "RAM",
        "SSD",
        "SQL",
        "DB",
        "PR",
        "PRs",
        "CI",
        "CD",
        "QA",
        "PM",
        "UTC",
        "GMT",
        "ISO",
        "RFC",
        "IP",
        "TCP",
        "UDP",
        "DNS",
        "TLS",
        "SSL",
        "SSH",
        "FTP",
        "SMS",
        "EU",
        "US",
        "UK",
        "USA",
        "GDPR",
        "PNG",
        "JPG",
        "JPEG",
        "GIF",
        "SVG",
        "MP",
        "MB",
        "KB",
        "GB",
        "TB",
        "MIT",
        "OK",
        "FAQ",
        "PRD",
        "MVP",
        "KPI",
        "TBD",
        "TODO",
        "FIXME",
        "XXX",
        "AM",
        "PM",
        "MUST",
        "SHALL",
        "SHOULD",
        "MAY",
        "NOT",
        "OR",
        "AND",
        "IF",
        "THEN",
        "WHEN",
        "WHILE",
        "WHERE",
        "GIVEN",
        "REQ",
        "FR",
        "SC",
        "US",
        "NFR",
        "TXT",
        "MD",
        "ASCII",
        "UTF",
        "NULL",
        "TRUE",
        "FALSE",
        "GET",
        "PUT",
        "POST",
        "PATCH",
        "HEAD",
        "DELETE",
        "SDK",
        "IDE",
        "VM",
        "AI",
        "ML",
        "LLM",
        "LLMs",
        "MCP",
        "AWS",
        "GCP",
        "ENV",
        "README",
        "LICENSE",
        "CI",
        "NEVER",
        "ALWAYS",
        "ALL",
        "ANY",
        "ONLY",
        "P0",
        "P1",
        "P2",
        "P3",
        "P4",
        "V1",
        "V2",
        "Q1",
        "Q2",
        "Q3",
        "Q4",
        "NO",
        "YES",
        "ON",
        "OFF",
        "IN",
        "TO",
        "BY",
        "IT",
        "IS",
        "WITH",
        "WITHOUT",
        "FROM",
        "EVERY",
        "EACH",
        "BUT",
        "BOTH",
        "ARE",
        "HAS",
        "CAN",
        "CANNOT",
        "ZIP",
        "TAR",
        "NPM",
        "PYPI",
        "OIDC",
        "OAUTH",
        "JWT",
        "REST",
        "CRUD",
        "WIP",
        "POC",
        "ETA",
        "EOF",
        "EOL",
        "BOM",
        "SHA",
        "MD5",
        "SHA256",
        "UUID",
        "GUID",
    ]
)


def _spellings(document: Document) -> Iterator[Remark]:
    """``e-mail`` and ``email``: one word in two spellings, both in requirements."""
    forms: dict[str, Counter[str]] = {}
    places: dict[str, tuple[Sentence, int]] = {}
    for sentence in document.demands:
        for found in re.finditer(r"[A-Za-z]+(?:-[A-Za-z]+)*", sentence.text):
            word = found[0].casefold()
            joined = word.replace("-", "")
            if len(joined) > 4:  # noqa: PLR2004  short words differ by more than a hyphen
                forms.setdefault(joined, Counter())[word] += 1
                places.setdefault(word, (sentence, found.start()))
    for spelled in forms.values():
        if len(spelled) > 1:
            usual = max(spelled, key=lambda w: (spelled[w], w))
            for other in sorted(set(spelled) - {usual}):
                sentence, at = places[other]
                word = sentence.text[at : at + len(other)]
                edit = Edit(*sentence.place(at), word, usual) if word.islower() else None
                yield remark(sentence, at, at + len(other), f"{other!r} is {usual!r} elsewhere.", edit)


def _glossary(document: Document) -> dict[str, tuple[int, int]]:
    section = document.section("glossary", "definitions", "terms", "key entities")
    terms: dict[str, tuple[int, int]] = {}
    for block in section.blocks if section else ():
        if block.kind not in (BlockKind.ITEM, BlockKind.ROW) or (block.kind is BlockKind.ITEM and block.level != 1):
            continue
        head = re.split(r"[:|\u2014\u2013]", block.text, maxsplit=1)
        term = head[0].strip(' *`"')
        if len(head) > 1 and 1 <= len(term.split()) <= 4 and term.casefold() not in ("term", "name", "entity"):  # noqa: PLR2004  a term, not a sentence
            terms.setdefault(term, (block.line, block.column))
    return terms


def _unused_terms(document: Document) -> Iterator[Remark]:
    section = document.section("glossary", "definitions", "terms")
    if section is None:
        return
    inside = {id(b) for b in section.blocks}
    rest = " ".join(b.raw.casefold() for b in document.blocks if id(b) not in inside and b.kind is not BlockKind.CODE)
    for term, place in _glossary(document).items():
        if term.casefold().rstrip("s") not in rest:
            yield Remark(*place, f"{clip(term)!r} is defined and used nowhere.", len(term))


def _capitals(document: Document) -> Iterator[Remark]:
    """A defined term written in small letters is another word to a careful reader."""
    terms = [t for t in _glossary(document) if len(t.split()) > 1 and t != t.casefold()]
    for sentence in document.statements:
        for term in terms:
            for found in re.finditer(rf"\b{re.escape(term.casefold())}\b", sentence.text):
                yield remark(
                    sentence,
                    found.start(),
                    found.end(),
                    f"{found[0]!r} is defined as {term!r}.",
                    Edit(*sentence.place(found.start()), found[0], term),
                )


def _acronyms(document: Document) -> Iterator[Remark]:
    seen: set[str] = set()
    for sentence in document.demands:
        for found in _ACRONYM.finditer(sentence.text):
            bare = found[0].rstrip("s")
            if bare in seen or found[0] in _KNOWN or bare in _KNOWN or not any(c.isalpha() for c in bare[1:]):
                continue
            if re.fullmatch(r"[IVX]+", bare) or sentence.text.isupper() or not _first_use(document, bare):
                continue
            seen.add(bare)
            yield remark(sentence, found.start(), found.end(), f"{found[0]!r} is nowhere said in full.")


def _first_use(document: Document, acronym: str) -> bool:
    """Whether no place says the words: in brackets after them, before them, or as a row of a glossary."""
    lowered = acronym.casefold()
    explained = re.compile(
        rf"\({re.escape(lowered)}s?\)|\b{re.escape(lowered)}s?\s*(?:\(|:|\u2014|\u2013|=|\||,? (?:stands for|short for|means))"
    )
    return explained.search(document.lowered.replace("*", "")) is None


RULES = (
    Rule(
        "PRD151",
        Family.SET,
        "one word in two spellings",
        "A search for one misses the other, and a reader wonders whether they differ.",
        "choose one",
        bad=two_requirements("The till must send an e-mail.", "The till must show each email that was sent."),
        good=two_requirements("The till must send an e-mail.", "The till must show each e-mail that was sent."),
        check=_spellings,
    ),
    Rule(
        "PRD158",
        Family.SET,
        "a defined term that is used nowhere",
        "Either the text says it with another word, or the definition is left over.",
        "use it, or delete it",
        bad=two_requirements(
            "The till must show the balance.",
            "The till must print it.",
            before="## Glossary\n\n- **Voucher**: a card of paper.\n\n",
        ),
        good=two_requirements(
            "The till must show the voucher.",
            "The till must print it.",
            before="## Glossary\n\n- **Voucher**: a card of paper.\n\n",
        ),
        check=_unused_terms,
        severity=Severity.INFO,
    ),
    Rule(
        "PRD159",
        Family.SET,
        "an abbreviation that nobody explains",
        "Who joins later, and every model, will guess.",
        "write it out once, with the abbreviation in brackets",
        bad=two_requirements("The till must show the GCV of a card.", "The till must print it."),
        good=two_requirements(
            "The till must show the gift card value (GCV) of a card.", "The till must print the GCV."
        ),
        check=_acronyms,
        severity=Severity.INFO,
    ),
    Rule(
        "PRD115",
        Family.SET,
        "a defined term in other letters",
        "A defined term in small letters reads as the ordinary word.",
        "write it as it is defined",
        bad=two_requirements(
            "The till must show the gift card.",
            "The till must print it.",
            before="## Glossary\n\n- **Gift Card**: a card of paper.\n\n",
        ),
        good=two_requirements(
            "The till must show the Gift Card.",
            "The till must print it.",
            before="## Glossary\n\n- **Gift Card**: a card of paper.\n\n",
        ),
        check=_capitals,
        severity=Severity.INFO,
        default=False,
    ),
)
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
