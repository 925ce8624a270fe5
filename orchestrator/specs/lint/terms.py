"""Rules about the words of a spec: one spelling each, defined ones used, short ones explained."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Sentence
from orchestrator.specs.lint.rule import Edit, Family, Remark, Rule, clip, remark, two_requirements
from orchestrator.specs.lint.texts import word_heads
from orchestrator.specs.markdown import BlockKind

_ACRONYM = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,5}s?(?![\w-])")
_SAID_IN_FULL = re.compile(
    r"\(([a-z][a-z0-9]{1,6})\)|\b([a-z][a-z0-9]{1,6})(?=\s{0,9}(?:[(:\u2014\u2013=|]|,? (?:stands for|short for|means)))"
)
_SPELLED = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_HYPHENED = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)+")
_KNOWN = frozenset(
    (  # noqa: SIM905  a hundred lines of one word each are not read
        "A I ID IDs UI UX URL URLs URI API APIs HTTP HTTPS HTML CSS JS JSON YAML TOML XML CSV PDF CLI TUI GUI OS CPU"
        " GPU RAM SSD SQL DB PR PRs CI CD QA PM UTC GMT ISO RFC IP TCP UDP DNS TLS SSL SSH FTP SMS EU US UK USA GDPR PNG"
        " JPG JPEG GIF SVG MP MB KB GB TB MIT OK FAQ PRD MVP KPI TBD TODO FIXME XXX AM MUST SHALL SHOULD MAY NOT OR AND"
        " IF THEN WHEN WHILE WHERE GIVEN REQ FR SC NFR TXT MD ASCII UTF NULL TRUE FALSE GET PUT POST PATCH HEAD DELETE"
        " SDK IDE VM AI ML LLM LLMs MCP AWS GCP ENV README LICENSE NEVER ALWAYS ALL ANY ONLY P0 P1 P2 P3 P4 V1 V2 Q1 Q2"
        " Q3 Q4 NO YES ON OFF IN TO BY IT IS WITH WITHOUT FROM EVERY EACH BUT BOTH ARE HAS CAN CANNOT ZIP TAR NPM PYPI"
        " OIDC OAUTH JWT REST CRUD WIP POC ETA EOF EOL BOM SHA MD5 SHA256 UUID GUID"
    ).split()
)


def _spellings(document: Document) -> Iterator[Remark]:
    """``e-mail`` and ``email``: one word in two spellings, both in requirements."""
    forms: dict[str, Counter[str]] = {}
    places: dict[str, tuple[Sentence, int]] = {}
    hyphened = {w.casefold() for s in document.demands if "-" in s.text for w in _HYPHENED.findall(s.text)}
    wanted = {w.replace("-", "") for w in hyphened}
    heads = {w[:4] for w in (*(w.partition("-")[0] for w in hyphened), *wanted)}
    for sentence in document.demands if heads else ():
        if heads.isdisjoint(word_heads(sentence.text)):
            continue
        for found in _SPELLED.finditer(sentence.text):
            word = found[0].casefold()
            joined = word.replace("-", "")
            if joined in wanted and len(joined) > 4:  # noqa: PLR2004  short words differ by more than a hyphen
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
    terms = {t.casefold(): t for t in _glossary(document) if len(t.split()) > 1 and t != t.casefold()}
    written = re.compile("|".join(rf"\b{re.escape(small)}\b" for small in terms))
    for sentence in document.statements if terms else ():
        for found in written.finditer(sentence.text):
            term = terms[found[0]]
            edit = Edit(*sentence.place(found.start()), found[0], term)
            yield remark(sentence, found.start(), found.end(), f"{found[0]!r} is defined as {term!r}.", edit)


def _acronyms(document: Document) -> Iterator[Remark]:
    seen: set[str] = set()
    explained: set[str] | None = None
    for sentence in document.demands:
        for found in _ACRONYM.finditer(sentence.text):
            bare = found[0].rstrip("s")
            if bare in seen or found[0] in _KNOWN or bare in _KNOWN or not any(c.isalpha() for c in bare[1:]):
                continue
            if re.fullmatch(r"[IVX]+", bare) or sentence.text.isupper():
                continue
            explained = _explained(document) if explained is None else explained
            seen.add(bare)
            if bare.casefold() not in explained:
                yield remark(sentence, found.start(), found.end(), f"{found[0]!r} is nowhere said in full.")


def _explained(document: Document) -> set[str]:
    """What is said in full somewhere: in brackets after the words, before them, or as a row of a glossary."""
    words = {found[1] or found[2] for found in _SAID_IN_FULL.finditer(document.lowered.replace("*", ""))}
    return words | {word.removesuffix("s") for word in words}


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
        default=False,
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
