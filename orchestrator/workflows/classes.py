"""What a sentence holds for, in front of it: ``For refund requests, ...``, ``With minors, ...``, ``On Mondays, ...``."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from orchestrator.workflows import words
from orchestrator.workflows.people import is_person

CASES: Final = (
    "issues?|problems?|failures?|errors?|incidents?|alerts?|outages?|requests?|cases|changes|emergencies|breaches|violations|complaints|refunds|returns|"
    "claims|disputes|vulnerabilities|findings|exceptions|deviations|purchases|payments|orders|hires|employees|leavers|joiners|contractors|visitors|customers"
)
"""Kinds of what comes in, and of who comes, of which a run is about one."""
_CASE: Final = re.compile(
    rf"{CASES}|minors|children|adults|infants|babies|pupils|seniors|residents|animals|pets", re.IGNORECASE
)
_OPENED: Final = re.compile(
    r"(?:(?:and|but|also|then|so),? )?(?P<by>for|with|during) (?P<what>[^,:;`?]{3,80}), (?P<then>.+)",
    re.IGNORECASE | re.DOTALL,
)
_NO_CLASS: Final = re.compile(
    r"(?:the|this|that|these|those|your|our|their|its|his|her|each|every|all|both|example|instance|more|further|additional|now|some|most|no|what|which|it|them|us|me|you|others|another|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|several|many|a few|a couple|a list|\d|up to|at least|about|approximately|around)\b|.*\b[a-z]+ing\b",
    re.IGNORECASE,
)
_PURPOSE: Final = re.compile(
    r"(?:reasons?|purposes?|results|details|instructions|examples|questions|seconds|minutes|hours|days|weeks|months|years|times|steps|benefits|ages|basics|starters|beginners|records|statistics|"
    r"comparisons?|savings|thanks|updates|docs|news|minimums?|hands|kudos|ideas|options|means|series|basis|process|access|business|analysis|progress|success)",
    re.IGNORECASE,
)
"""What something is for, or how long: no sort of thing."""
_HEAD_ENDS: Final = re.compile(
    r" (?:of|from|with|without|in|on|at|to|over|under|above|below|between|who|that|which|whose|where|for|by|than|up|made|sent|needing|not|only)\b",
    re.IGNORECASE,
)
_MANNER: Final = re.compile(r"(?:an?|any) ", re.IGNORECASE)


class Class(NamedTuple):
    """``what`` the sentence holds for. ``known``: a run surely is about one, or is not, so that it can be asked."""

    what: str
    known: bool


def of(text: str) -> Class | None:
    """The sort of things or people that a sentence begins with; ``None`` where it begins in another way."""
    found = _OPENED.match(text)
    if found is None or _NO_CLASS.match(found["what"]):
        return None
    what = found["what"]
    head = _HEAD_ENDS.split(re.sub(r" ?\([^()]*\)", "", what), maxsplit=1)[0].strip()
    last = re.split(r"[ /]", head)[-1].lower()
    is_many, is_one = words.singular(last) != last, _MANNER.match(what) is not None
    if not (is_many or is_one) or _PURPOSE.fullmatch(last):
        return None
    known = (
        _CASE.fullmatch(last) is not None or _CASE.fullmatch(f"{last}s") is not None or is_person(words.singular(last))
    )
    if not known and (is_one or found["by"].lower() != "for"):
        return None
    return Class(what, known)


_DAYS: Final = tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in (
    (r"(?:only )?(?:on|at) (?P<day>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|week|holi)day|(?:public|bank) holiday|weekend)s(?=, )", r"If it is a \g<day>"),
    (r"(?:only )?(?:in (?:the )?|during (?:the )?)(?P<season>winter|summer|spring|autumn)(?=, )", r"If it is \g<season>"),
))  # fmt: skip


def as_if(text: str) -> str | None:
    """``For refunds, ...`` as ``If this is about refunds, ...``, ``On Mondays, ...`` as ``If it is a Monday, ...``."""
    for pattern, said in _DAYS:
        if pattern.match(text):
            return pattern.sub(said, text, count=1)
    found = of(text)
    if found is None or not found.known:
        return None
    return f"If this is about {found.what}{text[text.index(found.what) + len(found.what) :]}"
