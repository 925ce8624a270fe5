"""Whether a sentence that has the form of no step has somebody who acts in it, or tells somebody to do something."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from orchestrator.workflows import clauses, instruct, words
from orchestrator.workflows.people import DEPARTMENTS, is_person, is_surely_person, is_thing

_YOU: Final = re.compile(
    r"\b(?:(?:gives?|shows?|tells?|helps?|brings?|takes?|sends?|for|from|of|with) you(?= (?:a|an|the|what|how|which|to the)\b|[,.)]|$)|(?:helps?|lets?|allows?|enables?) you(?: to)? (?=see|find|look|compare|browse|search|view|know|understand|read)"
    r"|(?:what|which|that) you (?:have |had |just )+[a-z]+ed\b)",
    re.IGNORECASE,
)
BY_ITSELF: Final = re.compile(
    r"\bautomatic(?:ally)?\b|\bby (?:the |an? |our |this |that )?(?:[a-z]+ ){0,2}?(?:workflow|script|job|pipeline|bot|tool|system|server|service|build|ci|action|command|app|program|software|robot)\b",
    re.IGNORECASE,
)
_BY: Final = re.compile(r"\bby (?!default\b|design\b|[a-z]+ing\b)(?P<who>[^,;.()]+)", re.IGNORECASE)
_PARTS: Final = re.compile(
    r"(?:[,;:!?(\u2013\u2014]| - )\s*(?:(?:and|or|but|so|then|now|also|just|simply) )*|\b(?:and|or|but|so|then) (?:(?:then|also|just|simply|now) )*"
)
_MODAL: Final = re.compile(r"\b(?:will|would|may|might|can|to|does|do|not|helps?|lets?)\b", re.IGNORECASE)
_TO_DO: Final = re.compile(
    r"\b(?:is|are|was|were) (?:(?:[a-z]+ly|now|then|also|not|a|an|the) )*(?:(?!likely|unlikely|able|unable|about|prone|easy|hard|difficult|used|meant|designed|intended|configured)[a-z]+ ){0,3}?to (?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
_UNSURE: Final = frozenset({
    "support", "lead", "security", "sales", "legal", "finance", "head", "individual", "associate", "agent",
    "operations", "board", "desk", "user", "staff", "hire", "ops", "principal", "client", "expert", "peer", "team",
})  # fmt: skip
"""Words for people that are as often part of the name of a thing, or a verb."""
_SO_FORMED: Final = frozenset({
    "relevant", "important", "significant", "constant", "redundant", "instant", "dominant", "newer", "older", "longer", "shorter",
    "latter", "former", "proper", "upper", "inner", "outer", "dist", "sdist",
})  # fmt: skip
"""Words that end as those for people do."""


def asks(said: str) -> bool:
    """Whether the sentence, or a part of it, tells somebody to do something: ``The page opens, click it``."""
    first = said.split(" ", maxsplit=1)[0].lower().rstrip(",")
    if instruct.clause(said) is not None or (first in words.VERBS and not instruct.is_noun_too(first)):
        return True
    for found in _PARTS.finditer(said):
        rest = said[found.end() :]
        next_ = re.match(r"[A-Za-z-]+", rest)
        if next_ is None:
            continue
        verb = next_[0].lower()
        is_joined = found[0].strip().rstrip("(").lower() in {"and", "or", ", and", ", or"}
        if (
            verb in words.VERBS
            and not (is_joined and _MODAL.search(said[: found.start()]))
            and not instruct.begins_with_a_thing(rest)
        ):
            return True
        if verb in {"do", "don", "you", "avoid"}:
            return True
    to_do = _TO_DO.search(said)
    return to_do is not None and to_do["verb"] in words.VERBS


_LABELLED: Final = re.compile(
    r"(?:note|warning|important|caution|attention|remember|tip|danger)s?[:!,.] *", re.IGNORECASE
)
_ORDER: Final = re.compile(
    r"(?:never|always|do not|don['\u2019]t)\b|(?:you|we|(?:the )?[a-z]+(?: [a-z]+)?) must\b", re.IGNORECASE
)


def is_order(text: str) -> bool:
    """Whether a quotation forbids, obliges, or says what is done under a condition: ``If it fails, call the guard``."""
    if len(text) > _LONG or text.startswith(("<!--", "---")):
        return False
    said = _LABELLED.sub("", text, count=1) if _LABELLED.match(text) else text
    held = clauses.conditional(said)
    return _ORDER.match(said) is not None or (held is not None and instruct.clause(held.then) is not None)


_LONG: Final = 1500
_BEFORE: Final = frozenset({"the", "a", "an", "our", "your", "by", "another", "its", "their", "to", "for"})
"""Words before the name of somebody."""


_OTHER: Final = re.compile(
    r"(?:\bthe|\ban?|\bour|\banother|\beach) (?P<who>[a-z-]+) (?:(?:must|should|will|shall|has to|needs to|may|then|also) )*(?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
EXAMPLE: Final = re.compile(r"(?:for (?:example|instance)|e\.g\.),? ", re.IGNORECASE)


_SUPPOSED: Final = re.compile(
    r"(?:(?:if|when|where) (?P<when>[^,;:]+), )?(?:(?:then|you) )*(?:(?:would|will|need to|must|should|have to) )?(?P<verb>[a-z]+) (?P<what>[^;:]+)",
    re.IGNORECASE,
)
_DID: Final = re.compile(r"(?:you|the [a-z]+)(?: have| had)? (?P<done>[a-z]+)\b", re.IGNORECASE)
_VALUE: Final = re.compile(r"\d|`[^`]+`|[\"\u201c]")
_TURNS: Final = re.compile(
    r"\b(?:not?|never|nothing|nobody|always|only|unless|until|otherwise|instead|before|after|then|without|except|above|over|below|under|(?:more|less|fewer|later|earlier) than|at (?:most|least)|approv\w*|agree\w*|sign\w*|consent\w*|confirm\w*|reviews?|stop|skip|"
    r"if|when(?:ever)?|once|while|where|as soon|within|by|until|each|every|daily|weekly|monthly|twice|again|per|must)\b|n['\u2019]t\b",
    re.IGNORECASE,
)


def _illustrates(said: str, step: str) -> bool:
    """Whether an example has its reader do no more than the step, with a value: ``if you extracted 300 \u00b5l, add 750 \u00b5l`` of ``Add ethanol``."""
    found = _SUPPOSED.fullmatch(said)
    if (
        found is None
        or _TURNS.search(f"{found['when'] or ''}, {found['what']}")
        or not _VALUE.search(found["what"])
        or asks(found["what"])
    ):
        return False
    joined = re.findall(r"(?:,|\band|\bor|\bto) ([a-z]+)", found["what"].lower())
    if not words.VERBS.isdisjoint(joined):
        return False
    did = _DID.match(found["when"]) if found["when"] else None
    is_done = did is not None and words.of_passive(did["done"]) is not None and _VALUE.search(found["when"]) is not None
    acts = {words.base_verb(word) for word in re.findall(r"[a-z]+", step.lower())[:_FIRST]}
    return (is_done or found["when"] is None) and found["verb"].lower() in acts


_FIRST: Final = 5
"""Words of a task among which its verb stands."""


def is_of_another(text: str, own: str, step: str) -> bool:
    """Whether somebody but ``own`` does something in a pointer, an example or a note, or an example tells to do something else than the ``step``."""
    found = ((words.singular(m["who"].lower()), m["verb"]) for m in _OTHER.finditer(text[:_LONG]))
    acts = any(is_person(who) and who != own and words.base_verb(verb) and not is_thing(who) for who, verb in found)
    example = EXAMPLE.match(text)
    said = text[example.end() :] if example else ""
    return acts or (asks(said) and not _illustrates(said, step))


def names_people(said: str, known: Collection[str]) -> bool:
    """Whether somebody may act in a sentence: one of the roles in ``known``, a word for people, or the reader."""
    low = said[:1].lower() + said[1:]
    if re.search(r"\bIT\b", said) or re.search(r"\byou\b", _YOU.sub("", low), re.IGNORECASE):
        return True
    if any(re.search(rf"\b{re.escape(role.replace('-', ' '))}s?\b", low, re.IGNORECASE) for role in known):
        return True
    by = _BY.search(said)
    if by and not BY_ITSELF.search(said):
        return True
    for found in re.finditer(r"(?:(?<![\w-])(?P<before>[A-Za-z]+) )?(?<![\w-])(?=(?P<word>[A-Za-z-]+))", low):
        word = words.singular(found["word"].lower())
        is_after = (found["before"] or "").lower() in _BEFORE
        is_name = found.start("word") > 0 and found["word"][0].isupper() and word in DEPARTMENTS | _UNSURE
        if is_name or (is_surely_person(word) and (word not in _UNSURE or is_after)):
            return True
        if (
            is_after
            and found["before"].lower() not in {"to", "for"}
            and found["word"][0].islower()
            and is_person(word)
            and not (is_thing(word) or word in _SO_FORMED)
        ):
            return True
    return False
