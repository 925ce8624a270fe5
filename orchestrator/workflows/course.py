"""Sections beside the one that is called the procedure: what stands in them is not surely part of its course."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from orchestrator.workflows import alternatives, duties, headings, standing, words
from orchestrator.workflows.prose import Prose, every
from orchestrator.workflows.standing import Under


class Held(NamedTuple):
    """Why a sentence may not be done in every run. ``case``: words of a case of which a condition can speak; '' for none."""

    case: str
    message: str
    hint: str


_NUMBER: Final = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*|[A-H]|[IVX]{1,4})[.):]? (?:[-\u2013\u2014:] )?")
_MAIN: Final = re.compile(
    r"(?:the )?(?:(?:standard |detailed |main |general |operating |process |procedural |step[- ]by[- ]step )*(?:procedures?|steps?|protocol|instructions?|process))(?: (?:steps?|details?|description|instructions?|overview))?"
    r"|how to (?:do it|proceed)|steps to follow",
    re.IGNORECASE,
)
_TOPICS: Final = re.compile(
    r"(?:.* )?(?:waste|disposal|clean[- ]?up|cleaning|decontamination|maintenance|storage|hazards?|ppe|personal protective equipment|safety|precautions?|emergency|emergencies|spills?|first aid|"
    r"quality control|calibration|documentation|recordkeeping|record[- ]keeping|training|monitoring|reporting|troubleshooting|exceptions?|escalations?|communication|security|compliance|enforcement|review|audit)"
    r"(?: (?:procedures?|instructions?|information|measures|requirements|plan))?(?:(?:,| and| &|/) .*)?",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?!(?:\w+ing)\b).*\b(?:requirements|guidelines|categories|metrics|types|standards|policies|considerations|levels|techniques|strategies|matrix|options|methods|methodology|schedule|schedules|indicators|definitions|principles|limits|thresholds|"
    r"management|documentation|handling|storage|reporting|monitoring|training|communication|communications|security|safety|equipment|protection|prevention|education|quality|controls?|measures|resources|tools|information|records|access|compliance|responsibilities|supplies|oversight|governance|assurance|confidentiality|privacy|hygiene|rights|roles|structure|"
    r"identification|classification|eligibility|coverage|privileges|usage|ownership|retention|sources|characteristics|features|components|systems)(?: (?:for|of|and|in) .+)?",
    re.IGNORECASE,
)
"""Names of topics, and of no part of a course."""
_AFTER: Final = re.compile(
    r"(?:post|after|follow[- ]?up|verif|clos|complet|finish|wrap|next|confirm|sign[- ]?off|final|hand[- ]?over|at the end|when done|end of|last)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"(?:if|unless|in case|in (?:the )?event|only (?:if|when|for)|when (?!done|ready|finished|complete|all|everything|you|to)[a-z]+ing)\b",
    re.IGNORECASE,
)
"""Headings that say when, in words that are not read."""
_RARE: Final = re.compile(
    r"(?:in (?:an |case of (?:an? )?)?)?(?:medical )?(?:emergenc(?:y|ies)|first aid|spills?|accidents?|injur(?:y|ies)|fires?|floods?|exposures?|evacuations?|power (?:outage|failure)s?|bomb threats?|gas leaks?|lost child(?:ren)?|"
    r"theft|intruders?|earthquakes?|severe weather|equipment failures?|failures?|breakdowns?|complaints?|outages?|delays?|cancel(?:l)?ations?|no[- ]shows?|absences?|disputes?|appeals?|refunds?|returns?|"
    r"discovery of (?:an? )?(?:emergency|fire)|unexpected (?:events|problems|results)|errors?|problems?|issues?)"
    r"(?: (?:procedures?|response|handling|instructions?|actions?|steps|plan|protocol))?",
    re.IGNORECASE,
)
_OFTEN: Final = re.compile(
    r"(?:daily|weekly|bi-?weekly|monthly|quarterly|annual|yearly|hourly|nightly|routine|regular|ongoing|periodic) [a-z -]+|[a-z]+-(?:sensitive|critical|dependent) [a-z -]+",
    re.IGNORECASE,
)
"""Headings of what is done again and again, or with some things only."""
_FEW: Final = 3
_SAID: Final = "When this is done is not said"
_DUTY: Final = Held("", "Below this heading stands who is there for what, and no step.", "## Steps")


def held(tree: Prose) -> dict[int, Held]:
    """The sentences that may not be done in every run, by identity."""
    found = {key: Held(case, *alternatives.message(case)) for key, case in alternatives.held(tree).items()}
    sections = tree.sections
    found |= dict.fromkeys(duties.held(tree), _DUTY)
    for at, main in _beside(tree):
        level = sections[at].level
        end = next((n for n in range(at + 1, len(sections)) if sections[n].level <= level), len(sections))
        where = f": it stands beside {main!r}" if main else f" by the heading {sections[at].title!r}"
        told = Held("", f"{_SAID}{where}.", "## If ...; or, for all headings: The phases follow each other")
        for section in sections[at:end]:
            found |= {id(sentence): told for sentence in every(section.items)}
    return found


def _plain(title: str) -> str:
    return _NUMBER.sub("", re.sub(r"^\W+", "", title), count=1).strip(" :")


def _beside(tree: Prose) -> Iterator[tuple[int, str]]:
    """The places of such sections, with the title of the procedure; '' where the heading names what happens seldom."""
    sections = tree.sections
    for group in alternatives.groups(sections):
        plain = [_plain(sections[at].title) for at in group]
        mains = [n for n, title in enumerate(plain) if _MAIN.fullmatch(title)]
        topics = _topics(plain, [standing.under(title) is Under.STEPS for title in plain]) if not mains else set[int]()
        for n, at in enumerate(group):
            if headings.is_condition(sections[at]) or standing.under(plain[n]) is not Under.STEPS:
                continue
            if (
                (_CONDITION.match(plain[n]) and not headings.is_named(sections[at]))
                or (len(group) > 1 and _is_at_times(plain[n]) and not _is_of(tree.title, plain[n]))
                or n in topics
            ):
                yield at, ""
            elif mains and n not in mains:
                is_before = n < mains[-1] and _TOPICS.fullmatch(plain[n])
                is_later = n > mains[-1] and not _AFTER.match(plain[n])
                if is_before or is_later:
                    yield at, sections[group[mains[0]]].title


def _topics(plain: Sequence[str], asks: Sequence[bool]) -> set[int]:
    """The places of headings that name topics, where most do: such a text has no course that goes from one to the next."""
    found = {n for n, title in enumerate(plain) if asks[n] and _NAMED.fullmatch(title) and not _is_act(title)}
    return found if len(found) >= _FEW and len(found) * 2 >= sum(asks) else set()


def _is_at_times(title: str) -> bool:
    return _RARE.fullmatch(title) is not None or _OFTEN.fullmatch(title) is not None


def _is_act(title: str) -> bool:
    first = title.split(" ", maxsplit=1)[0].lower()
    return (
        words.base_verb(first) == first
        or re.match(r"(?:step|phase|stage|day|week)\b", title, re.IGNORECASE) is not None
    )


def _is_of(title: str, heading: str) -> bool:
    """Whether the whole text is of what the heading names."""
    return not set(re.findall(r"[a-z]{4,}", heading.lower())).isdisjoint(re.findall(r"[a-z]{4,}", title.lower()))
