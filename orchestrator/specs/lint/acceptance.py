"""Rules about acceptance criteria: whether somebody could see them come true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.models.spec import Criterion, Requirement, Severity, SpecFormat
from orchestrator.specs.lint.document import Document, Part
from orchestrator.specs.lint.rule import Family, Remark, Rule, clip
from orchestrator.specs.lint.texts import content_words, heads_in, heads_of, holds

MAX_CRITERIA = 15
_MOST_REPEATED = 2
"""A criterion more than this many times as long as its requirement, or as short, says something else."""
_WORDS = {word: re.compile(rf"\b{word}\b", re.IGNORECASE) for word in ("given", "when", "then")}
_EARS_START = re.compile(r"^(?:when|while|where|if)\b.*\b(?:shall|must|will|then)\b", re.IGNORECASE | re.DOTALL)
_OUTCOME = re.compile(
    r"\d|[\"\u201c`']|\b(?:shows?|shown|displays?|displayed|returns?|returned|prints?|says?|sees?|seen|appears?|contains?|lists?|sends?|sent|receives?|received|stores?|stored|saves?|saved|"
    r"deletes?|deleted|creates?|created|rejects?|rejected|refuses?|refused|fails?|opens?|opened|closes?|closed|equals?|matches|remains?|becomes?|is|are|has|have|can|cannot|exits?|logs?|raises?|"
    r"updates?|updated|adds?|added|removes?|removed|shall|must|will|includes?|only|no|not|unchanged|redirects?|emits?|writes?|asks?|accepts?|completes?|runs?|prompts?|explains?|documents?|documentation|diagrams?|information|gets?|finds?|stays?|keeps?|skips?|reads?|takes?|leaves?|left|moves?|does|do|marks?|links?|lets?|allows?|warns?|blocks?|stops?|starts?|provides?|uses?|maps?|applies|reports?|\w+ed)\b",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(
    r"(?<=\w )[a-z]{2,}s (?!(?:and|or|of|for|in|with|to|on|at|by|from)\b)\w"
    r"|^(?!Works?\b)[A-Z][a-z]+(?:s|es) (?:the |an? |all |each |every |terminal|screen)\w*"
    r"|\b(?:builds|installs|compiles|passes|exists|ends|matches|differs|preserves)\b"
    r"|\b(?:accessible|available|visible|present|absent|identical|equal|green|disabled|enabled)\b"
)
"""``the badge turns green``: a word with *s* that neither begins nor ends the criterion is nearly always a verb."""
_UNHAPPY = re.compile(
    r"\b(?:not|no|without|invalid|unknown|wrong|fail\w*|error\w*|refus\w*|reject\w*|den(?:y|ied|ies)|empty|missing|expired?|unauthori[sz]ed|forbidden|timeout|times? out|unavailable|offline|already|duplicate\w*|exceed\w*|too (?:many|long|large|short|small|old)|cannot|never|unless|malformed|corrupt\w*|conflict\w*|cancel\w*|abort\w*|limit|zero|negative|blocked?|skip\w*|warn\w*|ignor\w*|instead|only|unchanged|nothing|non-?\w+|absent|except)\b",
    re.IGNORECASE,
)
_TAKES_INPUT = re.compile(
    r"\b(?:enter(?:s|ed)?|typ(?:e|es|ed|ing)|upload\w*|submit\w*|import\w*|pars(?:e|es|ing)|pay(?:s|ment|ing)?|log(?:s|ging)? ?in|sign(?:s|ing)? ?in|search(?:es|ed|ing)?|sends? (?:a|the) request|fills? (?:in|out)|password|download(?:s|ed|ing)|fetch(?:es|ed|ing)|delet\w*|transfer\w*)\b",
    re.IGNORECASE,
)
_OPEN_OUTCOME = re.compile(
    r"\b(?:works?|working|functions?|behaves?) (?:correctly|properly|as (?:expected|intended|designed)|well|fine)\b|\bas expected\b|\bcorrectly\b(?=\s*[.,;]?$)",
    re.IGNORECASE,
)
_OPEN_WORDS = ("work", "function", "behave", "expected", "correctly")
_INPUT = heads_of(
    "enter typ type types typed typing upload submit import pars parse parsing pay pays payment paying log logs logging"
    " sign signs signing search send sends fill fills password download fetch delete transfer"
)
_WITHOUT = heads_of("without")
_TROUBLE = heads_of(
    "not no invalid unknown wrong fail error refuse reject deny denied denies empty missing expire unauthorized forbidden"
    " timeout time times unavailable offline already duplicate exceed too cannot never unless malformed corrupt conflict"
    " cancel abort limit zero negative block skip warn ignore instead only unchanged nothing non none absent except"
)
_CANNOT_FAIL = re.compile(
    r"^(?:true|:|echo\b.*|printf\b.*|ls\b.*|cat\b.*|pwd|date|exit 0|sleep\b.*|/bin/true|git status\b.*|test 1 -eq 1|python3? -c (['\"]?)(?:pass|)\1|which\b.*)$"
)


def _accepted_by_spec(document: Document) -> bool:
    """spec-kit keeps scenarios and success criteria beside the requirements."""
    return document.spec.format is SpecFormat.SPEC_KIT and (
        bool(document.spec.criteria) or any(r.acceptance for r in document.requirements)
    )


def _none(document: Document) -> Iterator[Remark]:
    if _accepted_by_spec(document):
        return
    apart = {r.id for r in document.spec.throughout}
    for requirement in document.requirements:
        if requirement.id not in apart and not requirement.acceptance and not requirement.verify_by:
            place = requirement.span
            yield Remark(
                place.line,
                place.column,
                f"{requirement.aliases[0]} does not say how anybody would see that it is true.",
            )


def _each(document: Document) -> Iterator[tuple[Requirement | None, Criterion]]:
    for requirement in document.requirements:
        for criterion in requirement.acceptance:
            yield requirement, criterion
    for criterion in document.spec.criteria:
        yield None, criterion


def _once(document: Document) -> Iterator[Criterion]:
    seen: set[tuple[int, int]] = set()
    for _, criterion in _each(document):
        place = (criterion.span.line, criterion.span.column)
        if place not in seen:
            seen.add(place)
            yield criterion


def _at(criterion: Criterion, message: str) -> Remark:
    return Remark(criterion.span.line, criterion.span.column, message, max(len(criterion.text.partition("\n")[0]), 1))


def _without_then(document: Document) -> Iterator[Remark]:
    for criterion in _once(document):
        text = criterion.text.strip()
        opens = re.match(r"(?:\d+[.)]\s*)?(given|when)\b", text, re.IGNORECASE)
        if opens and not text.endswith(":") and not _WORDS["then"].search(text) and not _EARS_START.match(text):
            if opens[1].casefold() == "when" and "," in text:
                continue
            yield _at(criterion, f"{opens[1].capitalize()} without Then: nothing is expected.")


def _then_alone(document: Document) -> Iterator[Remark]:
    for criterion in _once(document):
        if re.match(r"(?:\d+[.)]\s*)?then\b", criterion.text.strip(), re.IGNORECASE):
            yield _at(criterion, "Then without Given or When: nobody knows after what.")


def _not_observable(document: Document) -> Iterator[Remark]:
    for criterion in _once(document):
        text = criterion.text
        if not (_OUTCOME.search(text) or _THIRD_PERSON.search(text) or _WORDS["given"].match(text)):
            yield _at(criterion, f"{clip(criterion.text)!r} names nothing that could be seen.")


def _happy_only(document: Document) -> Iterator[Remark]:
    taking = document.saying(_INPUT, Part.STATEMENT)
    takers = {id(s.requirement) for s in taking if _TAKES_INPUT.search(s.text)}
    troubled = (*document.saying(_TROUBLE, Part.STATEMENT), *document.saying(_WITHOUT, Part.STATEMENT))
    careful = {id(s.requirement) for s in troubled if _speaks_of_trouble(s.text)}
    for requirement in document.requirements:
        if not requirement.acceptance or id(requirement) not in takers:
            continue
        if id(requirement) in careful or any(_speaks_of_trouble(c.text) for c in requirement.acceptance):
            continue
        yield Remark(
            requirement.span.line,
            requirement.span.column,
            f"{requirement.aliases[0]} takes something in, and no criterion says what happens to a bad one.",
        )


def _speaks_of_trouble(text: str) -> bool:
    """Whether :data:`_UNHAPPY` is in a text; a look at its words first, since the expression is slow where it is not."""
    return ("without" in text.casefold() or heads_in(text) & _TROUBLE > 0) and _UNHAPPY.search(text) is not None


def _repeated(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        seen: dict[str, Criterion] = {}
        for criterion in requirement.acceptance:
            key = " ".join(criterion.text.casefold().split())
            first = seen.setdefault(key, criterion)
            if first is not criterion:
                yield _at(criterion, f"This criterion stands in line {first.span.line} already.")


def _restates(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        for criterion in requirement.acceptance:
            long, short = max(lengths := (len(criterion.text), len(requirement.statement))), min(lengths)
            if long > _MOST_REPEATED * short:
                continue
            words = set(content_words(criterion.text))
            if len(words) > 3 and words == set(document.content(requirement.statement)):  # noqa: PLR2004  fewer words may agree by chance
                yield _at(criterion, "This criterion repeats the requirement.")


def _trivial_command(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        for command in requirement.verify_by:
            if _CANNOT_FAIL.match(command.value.strip()):
                yield Remark(
                    command.span.line,
                    command.span.column,
                    f"{clip(command.value)!r} succeeds whatever was built.",
                    len(command.value),
                )


def _too_many(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        if len(requirement.acceptance) > MAX_CRITERIA:
            yield Remark(
                requirement.span.line,
                requirement.span.column,
                f"{requirement.aliases[0]} has {len(requirement.acceptance)} criteria; {MAX_CRITERIA} can be reviewed at once.",
            )


def _open_outcome(document: Document) -> Iterator[Remark]:
    for criterion in _once(document):
        lowered = criterion.text.casefold()
        found = holds(lowered, _OPEN_WORDS) and _OPEN_OUTCOME.search(criterion.text)
        if found:
            yield _at(criterion, f"{found[0]!r}: expected by whom?")


_HEAD = "# Till\n\nCashiers wait.\n\n## Requirements\n\n### REQ-001: Show\n\n"


def _with(statement: str, *criteria: str, verify: str = "") -> str:
    lines = "".join(f"  - {c}\n" for c in criteria)
    return _HEAD + statement + "\n\n- *Accept:*\n" + lines + (f"- *Verify by:* `{verify}`\n" if verify else "")


_SHOWS = "The till must show the balance."

RULES = (
    Rule(
        "PRD140", Family.ACCEPTANCE, "a requirement without acceptance",
        "Whether it is done is then a matter of opinion, and an agent's is always yes.",
        "add *Accept* with what a person would see, or *Verify by* with a command",
        bad=_HEAD + _SHOWS + "\n",
        good=_with(_SHOWS, "Given a card with 20.00 left, when its number is typed, then the till shows 20.00."),
        check=_none, languages=(),
    ),
    Rule(
        "PRD141", Family.ACCEPTANCE, "Given or When without Then",
        "A test could set it up, and then has nothing to compare.",
        "end it with Then and what is seen",
        bad=_with(_SHOWS, "Given a card with 20.00 left"),
        good=_with(_SHOWS, "Given a card with 20.00 left, when its number is typed, then the till shows 20.00."),
        check=_without_then,
    ),
    Rule(
        "PRD142", Family.ACCEPTANCE, "Then without Given or When",
        "A test does not know what to do before it compares.",
        "begin with Given or When",
        bad=_with(_SHOWS, "Then the till shows 20.00."),
        good=_with(_SHOWS, "When a number is typed, then the till shows 20.00."),
        check=_then_alone,
    ),
    Rule(
        "PRD143", Family.ACCEPTANCE, "a criterion that names nothing to be seen",
        "Nobody could say whether it came true.",
        "name what a person, a file, an exit status or a message then shows",
        bad=_with(_SHOWS, "Good usability for cashiers"),
        good=_with(_SHOWS, "The balance is shown within 1 second."),
        check=_not_observable,
    ),
    Rule(
        "PRD144", Family.ACCEPTANCE, "only the happy path",
        "What goes wrong is where programs differ, and where agents invent.",
        "add a criterion for a wrong, missing or repeated input",
        bad=_with("The till must accept a card number that the cashier enters.", "Given a card, when its number is entered, then the till shows 20.00."),
        good=_with("The till must accept a card number that the cashier enters.", 'Given an unknown number, when it is entered, then the till shows "unknown card".'),
        check=_happy_only, severity=Severity.INFO,
    ),
    Rule(
        "PRD145", Family.ACCEPTANCE, "a criterion that stands twice",
        "Two copies are changed one at a time.",
        "delete one",
        bad=_with(_SHOWS, "The balance is shown in euros.", "The balance is shown in euros."),
        good=_with(_SHOWS, "The balance is shown in euros.", "The balance is shown in cents."),
        check=_repeated, languages=(),
    ),
    Rule(
        "PRD146", Family.ACCEPTANCE, "a criterion that repeats its requirement",
        "It adds no case that could be tried.",
        "give an example with values",
        bad=_with("The till must show the balance of the gift card.", "The till shows the balance of the gift card, show."),
        good=_with("The till must show the balance of the gift card.", "Given 20.00 left, the till shows 20.00."),
        check=_restates,
    ),
    Rule(
        "PRD147", Family.ACCEPTANCE, "a command that cannot fail",
        "It passes before the work as well as after it.",
        "name a command that fails until the requirement is met",
        bad=_with(_SHOWS, "The balance is shown.", verify="echo done"),
        good=_with(_SHOWS, "The balance is shown.", verify="python -m unittest tests.test_balance"),
        check=_trivial_command, languages=(),
    ),
    Rule(
        "PRD148", Family.ACCEPTANCE, "as expected",
        "The expectation is what the criterion was to say.",
        "say what is seen",
        bad=_with(_SHOWS, "When a number is typed, then the balance works as expected."),
        good=_with(_SHOWS, "When a number is typed, then the till shows 20.00."),
        check=_open_outcome,
    ),
    Rule(
        "PRD149", Family.ACCEPTANCE, f"more than {MAX_CRITERIA} criteria under one id",
        "A reviewer cannot keep them apart, and one step has to meet them all.",
        "split the requirement",
        bad=_with(_SHOWS, *(f"Given {n}.00 left, the till shows {n}.00." for n in range(1, 18))),
        good=_with(_SHOWS, *(f"Given {n}.00 left, the till shows {n}.00." for n in range(1, 4))),
        check=_too_many, languages=(),
    ),
)  # fmt: skip
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
