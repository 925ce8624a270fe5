"""What stands around an activity: conditions, timers, bounds, and where to go on.

If CONDITION, CLAUSE[, at most N times][, (then|otherwise) CLAUSE]
CLAUSE[, within DURATION][, otherwise CLAUSE]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows import classes, facts, forms, instruct, words
from orchestrator.workflows.naming import Unclear

_IF = re.compile(
    r"(?:(?:and|but|so|then|also|however),? )*(?:if|when(?! [a-z]+ing\b)|in case|should) (?P<when>(?:[^,`()]|,(?=\d)|`[^`]*`|\([^()]*\)|, (?:or|and) )+?)(?:(?:,(?! (?:or|and) |\d)|:)(?: then)? ?| then )(?P<then>.*)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"(?P<then>(?:stop|end)(?: the process| here| there)?|(?:go (?:back )?to|return to|continue with|repeat from|start again (?:at|from)) (?:step )?(?:`[^`]+`|\d[\d.]*)),? "
    r"(?P<how>if|when|unless) (?P<when>[^,;:]+)",
    re.IGNORECASE,
)
"""``Stop if the lamp is red``: where it leads on, and the condition behind it."""
_STATED: Final = r"(?=[^,:;`]{3,200}, )(?=[^,:;`]{0,200}? (?:is|are|has|have|was|were) )"
_LEAVES: Final = "(?:termination|resignation|dismissal|role change|change of role|job change|separation|loss|theft|expiry|expiration|breach|default|cancellation|suspension)"
_AS_IF: Final = tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in (
    (r"unless (?!(?:otherwise|done|specified|stated|noted|agreed|explicitly)\b)", "If it is not the case that "),
    (r"in (?:the )?(?:(?:rare|unlikely|unusual|exceptional) )?(?:event|case) that ", "If "),
    (r"in (?:the )?(?:event|case) of (?=[^,:;`]{3,200}, )", "If there is "),
    (rf"(?:on|upon|following) (?=[^,:;`]{{0,60}}?\b{_LEAVES}\b[^,:;`]*, )", "If there is "),
    (r"(?:on|upon|after|following) (?:its |the |an? |this )?(?:approval|acceptance), ", "If it is approved, "),
    (r"(?:on|upon|after|following) (?:its |the |an? |this )?(?:rejection|refusal), ", "If it is rejected, "),
    (rf"where (?=(?:the|a|an|this|that|there|it|any|no) ){_STATED}", "If "),
    (rf"provided(?: that)? {_STATED}", "If "),
    (rf"for (?=(?:(?!each\b|every\b|all\b|example\b|any of\b)[A-Za-z/-]+ ){{0,5}}(?:{classes.CASES})(?: [a-z ]+)?:)", "If this is about "),
))  # fmt: skip
"""Words that open a condition as ``If`` does."""
_ONCE = re.compile(
    r"(?:once|as soon as|after(?= [^,]* (?:is|are|was|were|has|have|had|been|[a-z]+ed)\b)) "
    r"(?P<when>(?!(?!(?:every|any|some|no)thing\b)[a-z]+ing\b|this\b|that\b|which\b|(?:reasonably )?(?:possible|practical|practicable|feasible|needed|necessary)\b)(?:[^,:;`]|`[^`]*`)+?)(?:,|(?= (?:you|we) (?:can|may|should|must|need)\b)) (?:then )?"
    r"(?:(?:you|we) (?:can|may) (?:now |then )?)?(?P<then>.+)",
    re.IGNORECASE,
)
_WHEN_DONE = re.compile(
    r"when (?P<when>(?:it|they|you|we|this|that|the|all|both|each)\b(?:(?!\b(?:tests?|gates?|checks?|build|more|less|over|under|least|most"
    r"|twice|times|ever|never|not|no|already|for|too)\b)[^,:;`])*? (?:has|have) (?:all |both |now )?(?:been |become )?[a-z]+(?:ed|en|wn|ne|id|nt|lt|ft|de|ld)\b"
    r"(?:(?!\b(?:more|less|over|under|least|most|twice|times|for)\b)[^,:;`])*),(?: then)? (?P<then>.+)",
    re.IGNORECASE,
)
"""``When it has arrived``: what is still to come, unlike ``When it is late``."""
_WAIT = re.compile(
    rf"(?:then )?wait (?P<how>until|for) (?!{words.DURATION})(?!(?:the |an )?(?:approval|sign-?off) (?:from|of|by) )(?!(?:the |a |an )?[a-z -]+ (?:says?|confirms?|reports?) )(?P<what>.+)",
    re.IGNORECASE,
)
_LATER = re.compile(rf"after (?P<time>{words.DURATION}), (?:then )?(?P<then>.+)", re.IGNORECASE)
_QUESTION = re.compile(
    r"(?P<verb>is|are|was|were|do|does|did|has|have|can) (?P<who>there|it|this|that|they|you|we) (?P<rest>[^,()?]+)\?",
    re.IGNORECASE,
)
_ANY_QUESTION = re.compile(
    r"(?:is|are|was|were|do|does|did|has|have|can|will) [A-Za-z][^,()?\"`:;.]{2,150}\?", re.IGNORECASE
)
_LATE = re.compile(
    rf"(?:(?:nobody|no one)(?: [a-z ]+)?|(?:there is )?(?:no|nothing)\b[a-z ]*|(?:it|this|that|the [a-z]+(?: [a-z]+)?) (?:is|has) not(?: been)? [a-z]+|"
    rf"(?P<who>[A-Za-z][A-Za-z -]*?) (?:does not|do not|has not|have not|doesn['\u2019]t|don['\u2019]t|hasn['\u2019]t|fails? to) [a-z]+(?: [a-z]+){{0,4}}) "
    rf"(?:within|in|after) (?P<time>{words.DURATION})",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(r"(?:(?:otherwise|else),?|if not,) (?P<then>.+)", re.IGNORECASE)
_RUN_ON = re.compile(
    r"^(?P<when>(?:if|when|in case) [^,:;]+?) (?P<then>(?:the following|these) (?:[a-z]+ )?(?:steps|actions|tasks|measures|procedure|protocol) (?:must|should|shall|will|would|(?:is|are) to|needs? to|ha(?:s|ve) to) .+)$",
    re.IGNORECASE,
)
"""``If it burns the following steps must be taken``: a condition without a comma behind it."""
_BOUND = re.compile(rf",? (?:at most|no more than|up to) (?P<times>{words.TIMES})\b", re.IGNORECASE)
_TIMER = re.compile(
    rf"(?<! or)(?<! and),? within (?P<time>{words.DURATION})\b(?! (?:of|after|from|before|since|prior to|following|upon|once|when|where)\b)",
    re.IGNORECASE,
)
"""A time from when the step begins; one that is counted from something else is for people to keep."""
_WAITED = re.compile(
    rf"(?P<clause>wait (?:until|for) .+?),? (?:but )?(?:for )?(?:at most|no longer than|up to) (?P<time>{words.DURATION})",
    re.IGNORECASE,
)
_TIMED_FIRST = re.compile(
    rf"within (?P<time>{words.DURATION}),? (?P<then>(?!of\b|after\b|from\b|before\b|since\b|prior\b).+)", re.IGNORECASE
)
_FAILING = re.compile(r"[,;] (?:otherwise|or else),? (?P<else>.+)$", re.IGNORECASE)
_ELSE = re.compile(r"[,;] (?:otherwise|after that|or else|then),? (?P<else>.+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Conditional:
    """``then`` '' means the nested list. ``spent`` is what follows when the bound is reached, or the condition fails."""

    when: str
    then: str
    times: int | None = None
    spent: str = ""


_RUNS_ON = re.compile(
    r".* (?:you|we|they|it) (?:can|could|may|might|should|must|will|need to|have to)(?: (?:also|then|try to|to|do|use|need|want))*",
    re.IGNORECASE,
)
_SWALLOWED = re.compile(r"\) (?:please )?(?P<verb>[a-z]+) (?:the|an?|your|all|any|it|them|this)\b", re.IGNORECASE)
_RESUMED = re.compile(
    r"[^,]{1,80}, (?:and|or) (?:it|they|he|she|this|that|you|the [a-z]+) (?!(?:must|should|will|shall)\b)[a-z]+ [^,]*, [a-z]",
    re.IGNORECASE,
)
"""``go to save it, and it says no, copy it``: another part of the condition behind its first comma."""
_ENUMERATED = re.compile(r"(?:have|has|had|know|knows|understand|are|is|been) .*, (?:and|or) .*", re.IGNORECASE)
_OF_A_THING = re.compile(
    r"(?:an?|the|any|this|that) (?P<what>[a-z][a-z-]*(?: [a-z][a-z-]*){0,3}?) (?:is|are|has|have|was|were|does|cannot|can|needs?|must)\b.*",
    re.IGNORECASE,
)
_IT = re.compile(r"(?:it|they) (?=(?:must|shall|should|has to|have to|needs? to|is|are|will be)\b)", re.IGNORECASE)


def spoken_of(when: str, then: str) -> str:
    """What follows a condition, with the thing that the condition is about in place of ``it``."""
    found = _OF_A_THING.fullmatch(when)
    return _IT.sub(f"the {found['what']} ", then, count=1) if found and _IT.match(then) else then


def ensure_ends(when: str, then: str) -> None:
    """Raises :class:`Unclear` where a condition may be longer, or shorter, than up to its comma."""
    if instruct.is_habitual(f"if {when},"):
        raise Unclear("When that is so is not said.", "If the CONDITION, ...")
    swallowed = _SWALLOWED.search(when)
    if swallowed is not None and swallowed["verb"].lower() in words.VERBS:
        raise Unclear("Where the condition ends is not clear.", "If A, ...: with a comma before what is done")
    if (not then and _RUNS_ON.fullmatch(when)) or _ENUMERATED.fullmatch(then) or _RESUMED.match(then):
        raise Unclear("Where the condition ends is not clear.", "If A and B and C, then ...: without commas in it")


@dataclass(frozen=True, slots=True)
class Timed:
    """A clause with its timer in seconds, and what follows when it runs out ('' is not said)."""

    clause: str
    seconds: int | None
    otherwise: str


def conditional(text: str) -> Conditional | None:
    """The parts of a sentence that begins with a condition, or ``None``."""
    text = _RUN_ON.sub(r"\g<when>, \g<then>", text, count=1)
    behind = _BEHIND.fullmatch(text)
    if behind is not None:
        denied = "it is not the case that " if behind["how"].lower() == "unless" else ""
        return Conditional(denied + behind["when"], behind["then"])
    found = None if instruct.is_habitual(text) else _IF.fullmatch(_as_if(text))
    if found is None:
        return None
    then = found["then"].strip()
    then = "" if forms.FOLLOWING.fullmatch(then) or forms.FOLLOWED.fullmatch(then) else then
    bound = _BOUND.search(then)
    spent = ""
    rest = then[bound.end() :] if bound else then
    # a timer's own "otherwise" stays with the timer; "then" is what follows only where a number of times came before
    tail = None if _TIMER.search(rest) else (_ELSE if bound else _FAILING).search(rest)
    if tail is not None:
        spent, cut = tail["else"], (bound.end() if bound else 0) + tail.start()
        then = then[:cut]
    if bound is not None:
        then = then[: bound.start()] + then[bound.end() :]
    return Conditional(found["when"].strip(), then.strip(" ,"), words.number(bound["times"]) if bound else None, spent)


def _as_if(text: str) -> str:
    """``In the event of a fire, ...`` as ``If there is a fire, ...``."""
    for pattern, said in _AS_IF:
        if pattern.match(text):
            return pattern.sub(said, text, count=1)
    return classes.as_if(text) or text


_WAIT_THEN = re.compile(
    r"(?:then )?(?P<wait>wait (?:until |for )?(?:(?!, then\b| and then\b)[^;`])+?)(?:,? and then,?|, then,?|; then,?) (?P<then>[a-z].+)",
    re.IGNORECASE,
)
_WAIT_AND = re.compile(r"(?:then )?wait (?:until |for )?[^,;]+ and (?P<verb>[a-z]+)\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Awaited:
    """``Once WHEN, THEN``, or with ``pause`` ``After 2 hours, THEN``."""

    wait: str
    then: str


def awaited(text: str, judge: Callable[[str], str]) -> Awaited | None:
    """What is waited for, as a clause of its own, and what follows. ``judge`` names who says that it has happened."""
    first, joined = _WAIT_THEN.fullmatch(text), _WAIT_AND.fullmatch(text)
    if first:
        return Awaited(first["wait"][0].upper() + first["wait"][1:], first["then"])
    if joined and joined["verb"] in words.VERBS:
        raise Unclear("A step stands within what is waited for.", "Wait until ..., then ...")
    later = _LATER.fullmatch(text)
    if later:
        return Awaited(f"Wait {later['time'].lower()}", later["then"])
    found = _ONCE.fullmatch(text) or _WHEN_DONE.fullmatch(text)
    by = judge(found["then"]) if found else ""
    if found is None or not by:
        return None
    ensure_ends(found["when"], found["then"])
    return Awaited(f"Wait until the {by.replace('-', ' ')} confirms that {found['when']}", found["then"])


def waiting(text: str, by: str) -> str:
    """``Wait until X`` and ``Wait for X`` with the one who says that it is over, when there is one."""
    found = _WAIT.fullmatch(text) if by else None
    if found is None:
        return text
    said = "confirms that" if found["how"].lower() == "until" else "reports"
    return f"Wait until the {by.replace('-', ' ')} {said} {found['what']}"


def question(text: str) -> str | None:
    """``Is there a commander?`` as what may hold: ``there is a commander``."""
    found = _QUESTION.fullmatch(text)
    if found is None:
        return f'the answer to "{text[:-1]}" is yes' if _ANY_QUESTION.fullmatch(text) else None
    verb, who, rest = found["verb"].lower(), found["who"].lower(), found["rest"].strip()
    return f"{who} {rest}" if verb == "do" else f"{who} {verb} {rest}"


_ONWARD = re.compile(
    r"(?P<does>.+?),? (?:and|then)(?: then)? (?P<go>(?:go (?:back )?to|return to|continue with|repeat from|start again (?:at|from)) "
    r"(?:step )?(?:`[^`]+`|\d[\d.]*)|(?:stop|end)s?(?: the process| here)?(?: as [a-z]+)?|go on|continue|proceed|the (?:process|run) (?:ends|stops|is over)(?: here)?)",
    re.IGNORECASE,
)


def onward(text: str) -> tuple[str, str] | None:
    """``restore it and go back to step 3``: what is done, and where it goes on then."""
    found = _ONWARD.fullmatch(text)
    return (found["does"], found["go"]) if found else None


@dataclass(frozen=True, slots=True)
class Late:
    """Somebody who does not come in time; ``who`` '' is whoever was asked."""

    who: str
    seconds: int


def late(when: str) -> Late | None:
    """``nobody answers within 2 days``, as the end of a timer."""
    found = _LATE.fullmatch(when)
    return Late(found["who"] or "", words.seconds(found["time"])) if found else None


def otherwise(text: str) -> str | None:
    """What follows ``Otherwise,``."""
    found = _OTHERWISE.fullmatch(text)
    return found["then"] if found else None


def timed(text: str) -> Timed:
    """The clause without its timer, behind it or before it."""
    first = _TIMED_FIRST.fullmatch(text)
    if first is not None and _TIMER.search(first["then"]) is None:
        then = first["then"]
        return Timed(then[0].upper() + then[1:], words.seconds(first["time"]), "")
    found = _TIMER.search(text) or _WAITED.fullmatch(text)
    if found is None:
        return Timed(text, None, "")
    if found.re is _WAITED:
        return Timed(found["clause"], words.seconds(found["time"]), "")
    rest = text[found.end() :]
    tail = _ELSE.search(rest)
    between = rest[: tail.start()] if tail else rest
    return Timed((text[: found.start()] + between).strip(), words.seconds(found["time"]), tail["else"] if tail else "")


_OUTCOMES: Final[tuple[tuple[str, tuple[NodeKind, ...], str], ...]] = (
    (r"(?:it|this|the .+|.*approval) is (?:approved|granted)|approved|granted|.+ approves?(?: it)?", (NodeKind.REVIEW,), "approve"),
    (r"there is (?:a )?(?:rejection|refusal|denial)|rejected|refused|denied|declined|(?:it is )?not approved|.+ (?:is|are) (?:rejected|refused|denied)|.+ (?:rejects?|refuses?|denies|deny)(?: it)?", (NodeKind.REVIEW,), "reject"),
    (r".+ (?:(?:asks? for|requests?|wants?) (?:any |some |a )?(?:changes?|corrections?|modifications?|rework)|(?:sends?|returns?) it(?: back)?)|changes are (?:requested|needed|required)|(?:a )?corrections? (?:is|are) (?:requested|needed|required)", (NodeKind.REVIEW,), "request-changes"),
    (r".+ (?:fails?|failed|is red|are red)", (NodeKind.COMMAND, NodeKind.AGENT), "failed"),
    (r".+ (?:fails?|failed|is red|are red)", (NodeKind.GATE,), "again"),
    (r".+ (?:pass|passes|succeeds?|is green|are green)", (NodeKind.COMMAND, NodeKind.GATE), "passed"),
    (r"a finding needs a person", (NodeKind.GATE,), "needs-person"),
    (r"a gate breaks|a gate cannot do its work", (NodeKind.GATE,), "error"),
    (r"(?:it|this|that) (?:cannot be done|is blocked|does not work|fails)", (NodeKind.TASK,), "blocked"),
    (r"the branch (?:has )?moved", (NodeKind.MERGE, NodeKind.REVIEW), "moved"),
    (r"(?:it|this|that|the (?:notice|message|e-?mail|webhook|call)) (?:fails|(?:cannot|could not) be (?:sent|delivered)|(?:is|was) not (?:sent|delivered))", (NodeKind.NOTIFY,), "unsent"),
    (r"nobody (?:answers|decides|does it|comes)|the time is up|(?:it|this) takes longer", (), "expired"),
    (r"(?:it|this|that) was tried too often|the attempts are used up", (), "exhausted"),
)  # fmt: skip
_DECIDING: Final = re.compile(
    r"(?:the |an? )?(?P<who>[a-z][a-z -]*?) (?:asks?|requests?|wants?|sends?|returns?|approves?|rejects?|refuses?|den(?:y|ies))\b.*",
    re.IGNORECASE,
)


def decider(when: str) -> str:
    """Who the words say decides: ``the manager requests changes``; '' where they name nobody."""
    found = _DECIDING.fullmatch(when)
    return found["who"] if found else ""


def outcome(when: str, kind: NodeKind) -> str | None:
    """Which outcome of a node of this kind the words mean, or ``None``."""
    for pattern, kinds, name in _OUTCOMES:
        if (not kinds or kind in kinds) and re.fullmatch(pattern, when, re.IGNORECASE):
            return name
    return None


def judged(when: str, by: str) -> str | None:
    """The question that ``by`` is asked when a condition compares no fact and is no outcome; ``None`` when nobody can be.

    Asked is what holds and not what does not. Not for words in which a timer, a bound or the kind of an answer would be
    found when they are read again.
    """
    said = re.sub(r"^it is not (?:true|the case) that ", "", when, flags=re.IGNORECASE)
    said = facts.asserted(said) or said
    if not by or _TIMER.search(said) or _BOUND.search(said):
        return None
    return f"Ask the {by.replace('-', ' ')} whether {said}"
