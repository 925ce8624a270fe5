"""One activity clause to the fields of a node. What no pattern reads is not an activity; nothing is guessed.

A clause has no condition, timer or bound in it any more: those were taken off
by :mod:`orchestrator.workflows.clauses`. The title of a node is its clause, so that
the clause can be read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from orchestrator.policy.commands import split_command
from orchestrator.workflows import acting, doers, forms, instruct, obliged, phrasing, quotations, words
from orchestrator.workflows.approvals import approval
from orchestrator.workflows.naming import MODAL, ROLE, Activity, Unclear, role_name
from orchestrator.workflows.people import is_person, is_thing
from orchestrator.workflows.prose import Sentence

GATES: Final = ("ruff", "bandit", "protected", "integrity", "hygiene")
"""What "the gates" means when none is named."""


def activity(
    text: str, by: str | None = None, known: Collection[str] = (), *, numbered: bool = False
) -> Activity | None:
    """What the clause asks for. ``by`` is the role that does what names nobody. Raises :class:`Unclear`.

    ``numbered``: it is a numbered step, and so asks for something also where it only says what comes about. ``known`` are roles that were named: they may have names that do not tell that people are meant.
    """
    if quotations.needs(text):
        raise Unclear("Nothing is quoted below this.", "the words that they see to, each line behind >")
    approved = approval(text, known)
    if approved is not None:
        return approved
    for pattern, make in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            made = make(text, found)
            if made is not None:
                return made
    return _task(text, by, {*known, *([by] if by else [])}, numbered=numbered)


def _gates(text: str, found: re.Match[str]) -> Activity:
    return Activity("gate", text, {"gates": words.codes(found["names"] or "") or GATES})


def _argv(text: str) -> tuple[str, ...]:
    try:
        return split_command(text)
    except ValueError as problem:
        raise Unclear(f"`{text}` cannot be run: {problem}.", "name one program with its arguments") from None


def _command(text: str, found: re.Match[str]) -> Activity:
    fields: dict[str, Any] = {"argv": _argv(found["argv"])}
    rest = found["effect"]
    if rest:
        fields["effect"] = _effect(rest)
    return Activity("command", text, fields)


def _effect(rest: str) -> dict[str, Any]:
    target = re.match(r",? which changes ((?:(?!,| and (?:is undone|cannot)).)+)", rest)
    if target is None:
        raise Unclear("What the command changes is not said.", "which changes TARGET and cannot be undone")
    effect: dict[str, Any] = {"target": target[1].strip()}
    tail = rest[target.end() :]
    for name, pattern in _EFFECT_PARTS.items():
        part = re.search(pattern, tail)
        if part:
            effect[name] = _argv(part[1]) if name in {"undo", "dry_run"} else part[1]
            tail = tail.replace(part[0], "", 1)
    irrevocable = " and cannot be undone" in tail
    tail = tail.replace(" and cannot be undone", "", 1)
    if irrevocable == ("undo" in effect) or tail.strip(" ,"):
        raise Unclear("It is not said whether that can be undone.", "and cannot be undone, or: and is undone by `X`")
    return effect


_EFFECT_PARTS: Final = {
    "undo": r" and is undone by `([^`]+)`",
    "credential": r",? with the secret `([a-z][a-z0-9-]{0,63})`",
    "key": r",? with the key `([^`]+)`",
    "dry_run": r",? after a dry run with `([^`]+)`",
}


def _agent(text: str, found: re.Match[str]) -> Activity:
    return Activity("agent", text, {"instruction": found["what"][0].upper() + found["what"][1:]})


def _ask(text: str, found: re.Match[str]) -> Activity | None:
    role = role_name(found["role"])
    if role is None:
        return None
    facts = dict(
        _fact(part) for part in re.split(r"\)?(?:,? and for |, for )(?=the |a |an |how |whether )", found["what"])
    )
    return Activity("ask", text, {"role": role, "asks": tuple(facts)}, facts)


def _fact(part: str) -> tuple[str, dict[str, Any]]:
    noun = re.match(r"(?P<noun>[^()]+?) ?(?:\((?P<type>[^()]*)\)?)?$", part)
    kind = noun["type"] if noun else None
    if noun is None or not kind:
        raise Unclear(
            f"What kind of answer {part!r} has is not said.",
            "(a number), (a number in euros), (a text), (one of `low` and `high`), (a list of at most 10), (yes or no)",
        )
    asked = noun["noun"].removeprefix("whether ")
    return words.slug(asked), {"question": asked, **_type(kind)}


def _type(kind: str) -> dict[str, Any]:
    for pattern, make in _TYPES:
        found = re.fullmatch(pattern, kind)
        if found:
            return make(found)
    raise Unclear(f"{kind!r} is no kind of answer.", "(a number in euros), (a text), (one of `low` and `high`)")


_TYPES: Final[tuple[tuple[str, Callable[[re.Match[str]], dict[str, Any]]], ...]] = (
    (r"a number(?: (?:in|of) (?P<unit>[A-Za-z%]+))?", lambda m: {"kind": "number", "unit": m["unit"] or ""}),
    (r"a text|text", lambda _: {"kind": "text"}),
    (r"yes or no", lambda _: {"kind": "yes-no"}),
    (
        r"one of (?P<c>`[^`]+`(?:(?:, | or | and )`[^`]+`)+)",
        lambda m: {"kind": "choice", "choices": words.codes(m["c"])},
    ),
    (r"a list of at most (?P<n>\d{1,4})", lambda m: {"kind": "list", "most": int(m["n"])}),
)


def _own_words(_text: str, found: re.Match[str]) -> Activity | None:
    raise Unclear(
        "What kind of answer a question in these words has is not said.",
        f"Ask the {found['role']} whether ...; Ask the {found['role']} for the ... (a number)",
    )


def _whether(text: str, found: re.Match[str]) -> Activity | None:
    role = role_name(found["role"])
    if role is None:
        return None
    if not text.lower().startswith("ask") and not is_person(role):
        return None
    name = words.slug(found["what"])
    fact = {"kind": "yes-no", "question": found["what"]}
    return Activity("ask", text, {"role": role, "asks": (name,)}, {name: fact})


_HELD: Final = re.compile(
    r"\b(?:if|unless|when|whenever|once|until|only|except|without|provided|where|in case|as soon as|before|after|while)\b",
    re.IGNORECASE,
)


def _notify(text: str, found: re.Match[str]) -> Activity:
    to, channel = found["who"], "file"
    if _HELD.search(to):
        raise Unclear("When they are told is not clear.", f"If ..., notify {_HELD.split(to)[0].strip()}")
    if found["hook"]:
        to, channel = found["hook"], "webhook"
    elif found["desktop"]:
        channel = "desktop"
    fields: dict[str, Any] = {"channel": channel, "to": re.sub(r"^(?:the|our) ", "", to)}
    return Activity("notify", text, fields)


def _pause(text: str, found: re.Match[str]) -> Activity:
    return Activity("wait", text, {"pause_seconds": words.seconds(found["time"])})


def _until(text: str, found: re.Match[str]) -> Activity | None:
    role = role_name(found["role"])
    return None if role is None else Activity("wait", text, {"role": role})


def _merge(text: str, _: re.Match[str]) -> Activity:
    return Activity("merge", text, {"line": "run"})


def _edit(text: str, found: re.Match[str]) -> Activity | None:
    role = role_name(found["role"])
    return None if role is None else Activity("task", text, {"role": role, "edits": True})


def _unclear_wait(_: str, found: re.Match[str]) -> Activity | None:
    hint = f"Wait until the operator confirms that {found['what']}, or: Wait 2 hours"
    raise Unclear("Nobody says when the waiting is over.", hint)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Callable[[str, re.Match[str]], Activity | None]], ...]] = (
    (_compiled(r"(?:run )?the gates(?P<names>(?: |,|and|`[^`]+`)*?)(?: (?:check|judge) (?:the|this|every|each) change)?"), _gates),
    (_compiled(r"(?:run|execute)(?: [a-z ]+ with)? `(?P<argv>[^`]+)`(?: (?:on|in|against|again) [A-Za-z ]+?)?(?P<effect>,? which changes .+)?"), _command),
    (_compiled(r"ask (?:the|an) agent to (?P<what>.+)"), _agent),
    (_compiled(r"(?:the|an) agent (?P<what>(?!approves?\b)[a-z]+s\b.+)"), _agent),
    (_compiled(rf"ask (?:the |a |an )?(?P<role>{ROLE})(?::|,? (?:this|the question):) (?P<what>.+\?.*)"), _own_words),
    (_compiled(rf"ask (?:the |a |an )?(?P<role>{ROLE}) whether (?P<what>(?:[^()]|\([^()]*\))+)"), _whether),
    (_compiled(rf"(?:the |a |an )?(?P<role>{ROLE}){MODAL} (?:decides?|determines?) whether (?P<what>[^(),]+)"), _whether),
    (_compiled(rf"ask (?:the |a |an )?(?P<role>{ROLE}) for (?P<what>.+)"), _ask),
    (_compiled(rf"ask (?:the |a |an )?(?P<role>{ROLE}) (?P<what>(?:what|which|how|when|where|who|why)\b.+)"), _ask),
    (_compiled(r"(?:notify|inform|tell|alert(?= (?:the|our|all|any|each|every|your|a|an)\b)) (?P<who>[^,`]+?)(?: (?:by|through) (?:a |the )?webhook `(?P<hook>[^`]+)`)?(?P<desktop> on the desktop)?(?: (?:about|of|that) .+)?"), _notify),
    (_compiled(rf"wait (?:for )?(?P<time>{words.DURATION})"), _pause),
    (_compiled(rf"wait until (?:the |a |an )?(?P<role>{ROLE}) (?:says|say|confirms|confirm|reports|report) .+"), _until),
    (_compiled(r"wait (?:until|for) (?P<what>.+)"), _unclear_wait),
    (_compiled(r"(?:merge(?: it| the change)?|the change is merged)"), _merge),
    (_compiled(rf"(?:the |a |an )?(?P<role>{ROLE}){MODAL} edits? the change(?: .+)?"), _edit),
)  # fmt: skip
_SEEN_TO = re.compile(r"The [A-Za-z -]+ sees to this: ")
_CONSENTED = re.compile(
    r"approv|\bsign(?:ed)?[ -]off|\bagreed\b|\bconsent|\bauthori[sz]ed by\b|\bendorsed\b", re.IGNORECASE
)
_BY_OTHERS = re.compile(r"[A-Za-z-]+(?: (?!by\b)[A-Za-z-]+){0,4} by (?:the |an? |our )?[A-Za-z-]+(?: [A-Za-z-]+)?")
"""``Repair by a technician``: whoever stands at the end does it."""
_ANYBODY = re.compile(
    r"(?:anyone|anybody|everyone|everybody|whoever|those who|(?:any|all|no) persons?)\b", re.IGNORECASE
)
_LINE = re.compile(r"`(?!-)(?![A-Z][a-z]+ )[A-Za-z0-9_./-]+(?<!:) [^`]+`:?")
_BARE_LINE = re.compile(rf"(?:\$ )?(?:sudo )?(?:{'|'.join(words.PROGRAMS)})(?: [^`\s]+)+")
_SAID = re.compile(r"\b(?:the|is|are|was|must|should|will|can|your|our|you|we)\b(?![^\"']*[\"'])")
"""Words of a sentence, outside of quotes: ``git is not needed`` is no command."""


def _task(text: str, by: str | None, known: Collection[str], *, numbered: bool) -> Activity | None:
    whose, seen_to = _of_part(text, known) or _for_role(text, known) or _given(text), _SEEN_TO.match(text)
    clause = None if whose or seen_to else _typed(text) or instruct.clause(text)
    if clause is not None:
        if _BY_OTHERS.fullmatch(text) and is_person(words.singular(text.rsplit(" ", maxsplit=1)[-1].lower())):
            raise Unclear("Who does this is not clear.", "The technician ...")
        if instruct.may_be_a_thing(text):
            raise Unclear(f"{text!r} can be a thing as well as a step.", "more words: Release the ..., or: Note: ...")
        if by is None:
            raise Unclear(
                "Who does this is not said.",
                f"The operator {clause[:80]}; or once: By default, the operator does each step",
            )
        return Activity("task", f"The {by.replace('-', ' ')} {clause.rstrip(':.')}", {"role": by})
    thing = obliged.subject(text)
    about = (
        _sees_to(text, by, numbered=numbered)
        if thing and is_thing(words.singular(thing)) and role_name(thing) not in known
        else None
    )
    return (
        whose
        or about
        or acting.by_role(text, known, numbered=numbered)
        or _circumstance(text, known)
        or _sees_to(text, by, numbered=numbered)
        or _behind_label(text, by, known)
    )


def _given(text: str) -> Activity | None:
    """``Test the roof - Security``: the task of whoever stands at the end. Raises :class:`Unclear` where those are several."""
    found = doers.behind(text)
    if instruct.clause(text) and (doers.is_mentioned(text) or doers.is_named_within(text)):
        raise Unclear("Whether whoever is named at the end does this is not clear.", "The clerk ...")
    clause = instruct.clause(found[0]) if found else None
    if found is None or clause is None:
        return None
    if len(found[1]) > 1:
        raise Unclear("Which of them does this is not said.", f"The {found[1][0]} ...; or a sentence for each")
    return Activity("task", f"The {found[1][0].replace('-', ' ')} {clause}", {"role": found[1][0]})


def _behind_label(text: str, by: str | None, known: Collection[str]) -> Activity | None:
    """``Notice: The lead must be told`` as ``The lead must be told (Notice)``."""
    found = phrasing.labelled(text)
    if found is None or not found[1][:1].isupper() or forms.QUALIFIES.fullmatch(found[0]):
        return None
    said = f"{found[1].rstrip(':')} ({found[0]})"
    return acting.by_role(said, known) or _sees_to(said, by, numbered=False)


def _circumstance(text: str, known: Collection[str]) -> Activity | None:
    """``Upon receipt, the clerk files it``: a task of the role, with what stood before it or between behind it."""
    moved = phrasing.set_behind(text)
    return acting.by_role(moved, known) if moved else None


def _typed(text: str) -> str | None:
    """A line of code alone, with arguments, is one to be run: ```git push --tags```, and so is ``git push --tags``."""
    if _LINE.fullmatch(text):
        return f"runs {text}"
    return f"runs `{text}`" if _BARE_LINE.fullmatch(text) and _SAID.search(text) is None else None


_OF_PART: Final = re.compile(
    r"(?P<part>[A-Z][^:;`()\u2013\u2014]{1,60}?) [\u2013\u2014-] (?P<who>[A-Z][A-Za-z-]*(?: [A-Za-z][A-Za-z-]*){0,3})(?: \((?P<time>~?\d+[^()]{0,30})\))?: (?P<then>.+)"
)


def _of_part(text: str, known: Collection[str]) -> Activity | None:
    """``Screening \u2014 Recruiter (30m): call them``: a part, who does it, how long it takes, and the step."""
    found = _OF_PART.fullmatch(text)
    role = role_name(found["who"]) if found else None
    if found is None or role is None or not (role in known or is_person(role)):
        return None
    then = found["then"]
    clause = None if instruct.begins_with_a_thing(then) else instruct.clause(then[:1].upper() + then[1:])
    about = ", ".join(part for part in (found["part"], found["time"]) if part)
    return Activity("task", f"The {role.replace('-', ' ')} {clause} ({about})", {"role": role}) if clause else None


def _for_role(text: str, known: Collection[str]) -> Activity | None:
    """``Reviewer: check the notes``: the label says whose task it is."""
    found = phrasing.labelled(text)
    role = role_name(found[0]) if found else None
    if found is None or role is None or not (role in known or is_person(role)):
        return None
    clause = instruct.clause(found[1])
    return Activity("task", f"The {role.replace('-', ' ')} {clause}", {"role": role}) if clause else None


def labelled_role(sentences: Sequence[Sentence], known: Collection[str]) -> str | None:
    """The role before the colon of an item's first sentence: the others of that item are its as well."""
    found = _for_role(sentences[0].text, known) if sentences else None
    return str(found.fields["role"]) if found else None


def _sees_to(text: str, by: str | None, *, numbered: bool) -> Activity | None:
    """``The version must be bumped``: whoever is named, or else does what names nobody, sees to it."""
    asked = obliged.obligation(text) or obliged.follows_event(text) or (numbered and obliged.happens(text))
    if asked and obliged.forbids(text):
        raise Unclear("This forbids something, and means no step.", "Never ... before ...; or a note: Note: ...")
    acting = obliged.acts(text) if asked else ""
    if acting and is_person(words.singular(acting)):
        raise Unclear("Which of them does this is not said.", f"The {words.singular(acting)} ...")
    named = role_name(obliged.doer(text)) if asked else None
    name = "" if not asked or (named and is_person(named)) else obliged.named_doer(text)
    if name and not is_person(role_name(name) or ""):
        raise Unclear(f"{name} does this, and is nobody here.", "A note: Note: ...; or who sees that it is done")
    who = named if named and is_person(named) else by
    if not asked:
        return None
    if named is not None and obliged.has_two_doers(text):
        raise Unclear("Two people do this.", "a sentence for each")
    if _ANYBODY.match(text):
        raise Unclear("Which of them does this is not said.", "The clerk ...")
    if named is None and is_person(words.singular(obliged.is_by_somebody(text) or "-")):
        raise Unclear("Who does this is not one role.", "The clerk ...")
    if who is None:
        raise Unclear(
            "Who sees to this is not said.", "The operator ...; or once: By default, the operator does each step"
        )
    if _CONSENTED.search(text):
        raise Unclear("Whose approval that is, and of what, cannot be read.", "The lead approves the change")
    return Activity("task", f"The {who.replace('-', ' ')} sees to this: {text.rstrip(':')}", {"role": who})
