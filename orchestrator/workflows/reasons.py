"""Why a sentence is neither step nor detail, and how it could be written: the one place that says so.

What is said follows from the form of the sentence alone, so it says what the sentence seems to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from orchestrator.workflows import instruct, words
from orchestrator.workflows.binding import binding, plainly
from orchestrator.workflows.explaining import STATIVE
from orchestrator.workflows.naming import Unread, role_name
from orchestrator.workflows.people import is_group, is_person, is_thing

Reason = tuple[str, str]
"""What the sentence seems to be, and how it would be written."""

_TITLE: Final = 60
_QUOTED: Final = "or, if it only explains, a quotation: > ..."
_DUTY: Final = r"(?:must|shall|should|ought to|needs? to|ha(?:s|ve) to|(?:is|are) (?:required|obliged|expected|responsible|accountable|supposed|to))"
_WHEN: Final = re.compile(
    r"(?:(?:and|but|also|then|so|however),? )?(?:if|when(?:ever)?|unless|until|once|should (?:the|an?|you|it)|as soon as|in (?:the )?(?:case|event)|where|provided|depending|assuming|for (?:those|the cases)|after|before|upon|during|while)\b",
    re.IGNORECASE,
)
_NEVER: Final = re.compile(
    rf"\b(?:{_DUTY[3:-1]}|may|can|will|do|does) ?(?:not|never|n['\u2019]t)\b|\b(?:cannot|can['\u2019]t|never|forbidden|prohibited|not (?:allowed|permitted))\b|^(?:no|nobody|nothing)\b",
    re.IGNORECASE,
)
_OFTEN: Final = re.compile(
    r"\b(?:always|every|daily|weekly|monthly|quarterly|annually|yearly|regularly|periodically|continuously|at all times)\b|^(?:all|any|each)\b",
    re.IGNORECASE,
)
_MAY: Final = re.compile(
    r"\b(?:may|can|could|might|(?:is|are) (?:allowed|permitted|able|free|welcome|entitled)|optional(?:ly)?)\b",
    re.IGNORECASE,
)
_RECOMMENDS: Final = re.compile(
    r"\b(?:recommend\w*|advis\w*|suggest\w*|encourag\w*|preferabl[ey]|ideally|(?:is|are) (?:best|better|good practice|a good idea))\b",
    re.IGNORECASE,
)
_PASSIVE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?)(?: (?:[a-z]+ly|also|then|now|not))* (?P<done>[a-z-]+)\b"
)
_RELATIVE: Final = re.compile(r"\b(?:that|which|who|whom|where|when|if|because|as)\b", re.IGNORECASE)
_EXPECTED: Final = re.compile(
    r"(?:this|that|it|there|the [a-z]+) should (?:then |now |also )*(?:show|look|appear|be able|take|work|yield|return|result|print|give|output|display|produce|match)\b",
    re.IGNORECASE,
)
_MATTERS: Final = re.compile(
    r"it(?: is|['\u2019]s) (?:[a-z]+ly |very |most |also )*(?:important|essential|critical|crucial|vital|imperative|necessary|key)\b",
    re.IGNORECASE,
)
_DEMANDS: Final = re.compile(rf"(?P<who>[^,;:]{{2,60}}?) {_DUTY}\b", re.IGNORECASE)
_LABEL: Final = re.compile(r"(?P<label>[A-Z`][^:.;,]{0,40}): (?P<value>\S.*)")
_US: Final = re.compile(r"(?P<who>we|you|they|he|she|I)\b", re.IGNORECASE)
_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|do|does|did|can|may|must|should|shall|might|could)\b", re.IGNORECASE
)
_FINITE: Final = re.compile(
    r"(?:the|an?|this|that|our|its|it) (?:[A-Za-z`'-]+ ){0,4}?(?P<verb>[a-z]+s)\b", re.IGNORECASE
)
_DOES: Final = re.compile(r" [a-z]+s (?:the|an?|it|its|all|their|this|that|to [a-z]+)\b")
_NAMED: Final = re.compile(
    r"(?:the|an?|our|your) (?P<who>(?:[A-Za-z-]+ ){0,3}?[A-Za-z-]+) (?:also |then )?(?P<verb>[a-z]+s)\b", re.IGNORECASE
)


def of(text: str, problem: Unread, *, is_behind: bool) -> Reason:
    """The message and the hint for a sentence that has the form of no step. ``is_behind``: a step stands right before it.

    Not checked: what its author meant.
    """
    said = plainly(text)
    for kind in _KINDS:
        found = kind(said, text)
        if found is not None:
            return found
    if problem.who and _may_act(said, problem.who):
        return problem.message, problem.hint
    return _explains(said, is_behind=is_behind) or _names(said) or (problem.message, problem.hint)


def _question(said: str, _: str) -> Reason | None:
    is_one = said.endswith("?")
    return ("This is a question, and nobody is asked.", "Ask the clerk whether ...; If ..., ...") if is_one else None


def _lead(said: str, text: str) -> Reason | None:
    if not said.endswith(":"):
        return None
    hint = (
        f"a heading: ## {text[:-1]}"
        if len(text) <= _TITLE
        else f"The clerk ...:, or If ...:, with steps below it; {_QUOTED}"
    )
    return "This leads on to what stands below it, and is no step.", hint


def _mark(_: str, text: str) -> Reason | None:
    is_mark = re.fullmatch(r"\[\^[^\]]*\]:?", text) is not None
    return (
        ("This is the mark of a footnote, and no sentence.", "its words in brackets, behind the step")
        if is_mark
        else None
    )


def _fragment(said: str, _: str) -> Reason | None:
    first = re.match(r"[A-Za-z`]+", said)
    if (
        first is None
        or (not said[0].islower() and not said.endswith((",", ";", " and", " or")))
        or said.startswith("`")
    ):
        return None
    if first[0].lower() in words.VERBS or _VERB.search(said):
        return None
    return "This is a part of a sentence.", "a whole sentence, or together with the one before it"


def _condition(said: str, _: str) -> Reason | None:
    if _WHEN.match(said) is None:
        return None
    _, comma, then = said.partition(",")
    if not comma:
        return "This says when something holds, and not what is done then.", "If ..., the clerk ..."
    doing = _PASSIVE.search(then)
    if doing and words.of_passive(doing["done"]):
        return (
            "Who does what follows this condition is not said.",
            f"If ..., the clerk {words.third_person(str(words.of_passive(doing['done'])))} ...",
        )
    return "What follows this condition is nobody's step.", f"If ..., the clerk ...; {_QUOTED}"


def _forbids(said: str, _: str) -> Reason | None:
    first = re.match(r"not (?:[a-z]+ly )?(?P<verb>[a-z]+)\b", said, re.IGNORECASE)
    is_left = first is not None and first["verb"].lower() in words.VERBS
    if (not is_left and _NEVER.search(said) is None) or re.search(
        r"\b(?:do|does)(?: not|n['\u2019]t)\b", said, re.IGNORECASE
    ):
        return None
    return "This seems to forbid something, or to say what cannot be.", f"Never ... before ...; {_QUOTED}"


def _demands(said: str, _: str) -> Reason | None:
    found = _DEMANDS.match(said)
    if found is None or _VERB.search(found["who"]) or "(" in found["who"]:
        return None
    if _EXPECTED.match(said):
        return "This seems to say what is to be expected.", "Expected outcome: ..., behind its step"
    if _OFTEN.search(said):
        return (
            "This is a duty that always holds, and no step of one run.",
            "a rule: Never ... before ..., Always ... before ...; or Note: ...",
        )
    return "This is a duty, and whose step it is is not said.", "The clerk ...; or a note: Note: ..."


def _seldom(said: str, _: str) -> Reason | None:
    is_so = re.match(r"(?:sometimes|occasionally|often|from time to time|now and then),? ", said, re.IGNORECASE)
    return ("When this is so is not said.", f"If ..., the clerk ...; {_QUOTED}") if is_so else None


def _would(said: str, _: str) -> Reason | None:
    found = re.match(r"(?:the|an?) (?P<who>[a-z][a-z -]{1,40}) would (?P<verb>[a-z]+)\b", said, re.IGNORECASE)
    if found is None or found["verb"] not in words.VERBS:
        return None
    return "'would' does not say that this is done.", f"The {found['who']} {words.third_person(found['verb'])} ..."


def _instructs(said: str, _: str) -> Reason | None:
    first = re.match(r"[A-Za-z]+(?= [a-z`])", said)
    verb = first[0].lower() if first else ""
    if verb not in words.VERBS - {"be", "have"} or instruct.is_noun_too(verb) or said.endswith((":", "?")):
        return None
    return (
        "This seems to ask for something, in words that are not read.",
        f"a shorter sentence: The clerk {words.third_person(verb)} ...",
    )


def _matters(said: str, _: str) -> Reason | None:
    is_rule = _MATTERS.match(said) is not None
    return (
        ("This says what has to be so, and is no step.", "a rule: Never ... before ...; or The clerk ...")
        if is_rule
        else None
    )


def _permits(said: str, _: str) -> Reason | None:
    if _RECOMMENDS.search(said):
        return (
            "This recommends something, and whether it is a step is not said.",
            f"The clerk ...; (Optional) ...; {_QUOTED}",
        )
    if _MAY.search(said):
        return (
            "This says what may be or may be done, and is no step.",
            f"(Optional) ..., with its verb first; {_QUOTED}",
        )
    return None


def _passive(said: str, _: str) -> Reason | None:
    for found in _PASSIVE.finditer(re.sub(r"\([^()]*\)", "", said)):
        verb = words.of_passive(found["done"])
        if verb and " by " not in said and not _RELATIVE.search(said[: found.start()]):
            act = words.third_person(verb)
            return (
                f"Who {act} this is not said.",
                f"The clerk {act} ...; or, where it happens by itself, About this: ... behind the step",
            )
    return None


def _again(said: str, _: str) -> Reason | None:
    found = _OFTEN.search(said)
    if found is None:
        return None
    return (
        f"This holds always or again and again ({found[0]!r}), and is no step of one run.",
        "a rule: Never ... before ...; or Note: ...",
    )


def _ours(said: str, _: str) -> Reason | None:
    found = _US.match(said)
    if found is None:
        return None
    return (
        f"This says what {found['who'].lower()!r} do or are, and is no step.",
        f"The clerk ..., for a step; {_QUOTED}",
    )


def _label(_: str, text: str) -> Reason | None:
    found = _LABEL.fullmatch(text)
    if found is None or _VERB.search(found["value"]):
        return None
    return (
        f"This is a label ({found['label']!r}) and what belongs to it, and no step.",
        f"a sentence with a verb; {_QUOTED}",
    )


def _gerund(said: str, _: str) -> Reason | None:
    first = re.match(r"[A-Za-z]+", said)
    verb = words.of_gerund(first[0]) if first else None
    if first is None or verb is None or _VERB.search(said):
        return None
    return (
        f"{first[0]!r} says of nobody that he does it.",
        f"{verb.capitalize()} ...; The clerk {words.third_person(verb)} ...",
    )


def _headless(said: str, _: str) -> Reason | None:
    first = re.match(r"[A-Za-z]+\b(?! (?:is|are|was|were|will|must)\b)", said)
    verb = words.base_verb(first[0]) if first else None
    if (
        first is None
        or verb is None
        or first[0].lower() == verb
        or not re.match(r"[A-Za-z]+ (?:the|an?|all|your|it|`)", said)
    ):
        return None
    return f"Who {first[0].lower()} is not said.", f"The clerk {first[0].lower()} ..."


def _may_act(said: str, who: str) -> bool:
    """Whether the words look like somebody who does something: ``The front office calls``."""
    found, last = _NAMED.match(said), who.rsplit("-", maxsplit=1)[-1]
    if is_person(who) or is_group(who):
        return True
    verb = words.base_verb(found["verb"]) if found is not None and role_name(found["who"]) == who else None
    return verb is not None and verb not in STATIVE and not is_thing(who) and last not in words.VERBS


def _explains(said: str, *, is_behind: bool) -> Reason | None:
    """Of what has the form of an explanation."""
    found = _FINITE.match(said)
    if not (_VERB.search(said) or (found and words.base_verb(found["verb"]))):
        return None
    word = binding(said)
    if word == "{{":
        return "What stands for {{...}} here is not said.", "the name itself in place of {{...}}"
    if word:
        return (
            f"This seems to explain, and {word!r} may bind somebody.",
            f"without that word, behind its step; {_QUOTED}",
        )
    if not is_behind:
        return (
            "This says how something is, and no step stands right before it.",
            "right behind the step that it explains; a check: The clerk checks that ...; or a quotation: > ...",
        )
    return (
        "This seems to explain, and somebody may act in it.",
        "About this: ..., behind its step; or a quotation: > ...",
    )


def _names(said: str) -> Reason | None:
    """Of what has no verb: ``Official examples``."""
    found, parts = re.match(r"[A-Za-z`(\"]", said), re.findall(r"[A-Za-z'\u2019-]+", said.lower())
    verbs = (words.base_verb(part) for part in parts[1:] if part.endswith("s"))
    is_said = any(verb and not instruct.is_noun_too(verb) for verb in verbs) or not _PRONOUNS.isdisjoint(parts)
    if found is None or is_said or len(parts) > _FEW or _VERB.search(said) or _DOES.search(said) or parts[:1] == []:
        return None
    if parts[0] in words.VERBS:
        return None
    is_past = (
        len(parts) > 1 and words.of_passive(parts[0]) and parts[1] in {"and", "by", "with", "in", "at", "on", "from"}
    )
    if words.of_passive(parts[-1]) or is_past:
        return (
            "This says what is or has been done, and not by whom.",
            f"The clerk ...; a box to tick: - [ ] ...; {_QUOTED}",
        )
    return "This names something, or its verb is not known.", f"The clerk ..., with a verb that is; {_QUOTED}"


_FEW: Final = 14
_PRONOUNS: Final = frozenset({"we", "you", "they", "it", "i", "he", "she", "please", "let's"})


_KINDS: Final[tuple[Callable[[str, str], Reason | None], ...]] = (
    _mark, _question, _lead, _fragment, _condition, _seldom, _would, _instructs, _matters, _forbids, _demands, _again, _permits, _label, _ours, _passive, _gerund, _headless,
)  # fmt: skip
