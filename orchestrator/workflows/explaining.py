"""Sentences that explain the step before them: what a program does by itself, or how a thing is. They bind nobody.

A sentence is taken only where nothing in it speaks against it; a hidden step or rule is worse than an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.binding import (
    BINDS,
    DETERMINERS,
    IS_FREE,
    LONG,
    NO_SUBJECT,
    OWED,
    WITHIN,
    binds_nobody,
    is_how,
    plainly,
)
from orchestrator.workflows.hidden import LEADS_ON
from orchestrator.workflows.lasting import is_often
from orchestrator.workflows.people import DEPARTMENTS, is_group, is_outside, is_person, is_thing
from orchestrator.workflows.somebody import asks, names_people

_CONDITION: Final = re.compile(r"\b(?:if|when|once|after|before|until|while|only|without|where)\b", re.IGNORECASE)
_LEAD: Final = (
    r"(?:(?:[A-Za-z]+ly|also|then|in addition|additionally|by default|as a result|(?:at|by) this (?:stage|point)|following this|for reference|this way|that way|under the hood|"
    r"behind the scenes|in general|in short|in other words|in fact|in particular|furthermore|moreover|and|so),? )*"
)
_LEADING: Final = re.compile(_LEAD, re.IGNORECASE)
_STRONG: Final = frozenset({
    "is", "are", "was", "were", "has", "have", "had", "does", "do", "will", "would", "may", "might", "can", "cannot",
    "can't",
})  # fmt: skip
_ADVERBS: Final = frozenset({
    "also", "then", "now", "still", "just", "simply",
})  # fmt: skip
_LONGEST: Final = 10
_POINTING: Final = frozenset({
    "this", "that", "these", "those", "it", "there", "here",
})  # fmt: skip
_PROGRAMS: Final = frozenset({
    "workflow", "script", "job", "pipeline", "bot", "tool", "system", "server", "service", "build", "ci", "cd",
    "ci/cd", "action", "command", "app", "application", "website", "site", "page", "api", "program", "robot", "hook",
    "webhook", "software", "database", "platform", "plugin", "extension", "automation", "cron", "scheduler",
    "installer", "compiler", "parser", "scanner", "browser", "editor", "dashboard", "dialog", "button",
    "menu", "wizard", "prompt", "option", "setting", "parameter", "argument", "module", "package",
    "library", "function", "push",
    "upload", "merge", "run", "commit", "github", "gitlab", "pypi", "npm",
    "jenkins", "docker", "kubernetes", "git", "slack", "jira", "dependabot", "renovate", "machine", "device",
    "alarm", "timer", "sensor", "computer",
    "window", "pop-up", "popup", "screen", "tab", "queue", "status",
})  # fmt: skip
"""What acts by itself, or shows what it holds; and nobody who decides."""
_PAPERS: Final = frozenset(
    {
        "form",
        "template",
        "process",
        "procedure",
        "release",
        "test",
        "check",
        "change",
        "update",
        "event",
        "class",
        "method",
        "step",
        "run",
        "function",
    }
)
"""Of what has no will of its own: ``The release will be announced``."""
STATIVE: Final = frozenset({
    "contain", "include", "use", "support", "consist", "look", "exist", "come", "describe",
    "explain", "list", "represent", "point", "correspond", "refer", "show", "serve", "say",
    "work", "appear", "vary", "differ", "help", "cause", "result", "lead",
    "matter", "indicate", "display", "state", "define", "give", "provide", "offer", "make",
    "run",
})  # fmt: skip
"""Verbs of how a thing is."""
_OF_PERSONS: Final = frozenset({
    "decide", "approve", "sign", "authorize", "authorise", "permit", "grant", "go", "pass", "move", "consult",
    "agree", "meet", "vote", "need", "require", "hire",
})  # fmt: skip
"""Verbs of what people do, and of what is carried from one to the other."""
_FEW: Final = 3
_MOST: Final = 60


def explains(text: str, known: Collection[str] = (), programs: Collection[str] = ()) -> bool:
    """Whether the sentence only tells what happens by itself, or how a thing is: ``The bot opens a PR``.

    Not for a sentence that asks, permits, forbids, bounds or conditions anything, nor for one of which a person or one
    of the roles in ``known`` is the subject. ``programs`` act by themselves. Not checked: whether what it tells is true.
    """
    said = plainly(text)
    if text[-1:] in {"", ":", "!", "?"} or not _FEW <= len(said.split()) <= _MOST or not binds_nobody(text, known):
        return False
    return _says_how(_NAME.sub(lambda m: "`x`" if m[0].lower() in programs else m[0], said))


def acts_by_itself(text: str, known: Collection[str] = ()) -> bool:
    """Whether a machine is the subject, and nobody acts or is asked: it may do so under a condition that is its own."""
    is_machine = (
        len(text) <= LONG and _OF_MACHINE.match(plainly(text)) is not None and not (is_often(text) or asks(text))
    )
    return is_machine and binds_nobody(re.sub(r"  +", " ", _CONDITION.sub("", text)), known)


_OF_MACHINE: Final = re.compile(
    r"(?:[A-Za-z ]{3,30}, )?(?:the|this|that|a|an) (?:[A-Za-z`][\w`-]* ){0,3}?(?:workflow|script|job|pipeline|bot|tool|system|server|service|build|command|option|flag|setting|field|app|application|program|website)s? "
    r"(?:will|would|does|is|takes|uses|creates|shows|contains|runs|builds)\b",
    re.IGNORECASE,
)


_WHY: Final = re.compile(
    r"(?:(?:this|that|it|doing (?:so|this)|this step) (?:(?:also|usually|mainly) )*(?:is (?:(?:done|needed|important|necessary|essential|crucial|there|meant|intended|mainly) )*"
    r"(?:(?:because|since|so that)\b|(?:in order )?to(?= (?:avoid|prevent|ensure|make sure|keep|protect|reduce|minimi[sz]e|maintain|help|avoid|see|show|give|save)\b))|"
    r"(?:helps?|avoids|prevents|protects|reduces|minimi[sz]es|ensures|makes sure|saves|simplifies|improves)\b)"
    r"|the (?:purpose|reason|aim|goal|point) (?:of|for|behind) (?:this|the)(?: [a-z]+)? is (?:that|to)\b) (?P<why>.+)",
    re.IGNORECASE,
)


def says_why(text: str, known: Collection[str] = ()) -> bool:
    """Whether a sentence only says what its step is good for: ``This is done to avoid duplicates``."""
    found = _WHY.fullmatch(plainly(text)) if len(text) <= LONG else None
    return found is not None and _says_nothing_else(found["why"], known)


def _says_nothing_else(said: str, known: Collection[str]) -> bool:
    free = re.sub(r"\bmakes? sure(?: that)?\b|\bensures?(?: that)?\b", "", IS_FREE.sub("", said))
    is_bound = BINDS.search(free) is not None or is_often(free) or LEADS_ON.search(said) is not None
    return not (is_bound or names_people(said, known) or asks(f"It will {said}"))


_SEEN: Final = re.compile(
    r"you (?:will|should) (?:(?:then|also|now) )*(?:see|notice|find|get|receive) (?P<what>.+)", re.IGNORECASE
)


def is_seen(text: str, known: Collection[str] = ()) -> bool:
    """Whether a sentence says what its doer will meet: ``You will see a green page``."""
    found = _SEEN.fullmatch(plainly(text)) if len(text) <= LONG else None
    return found is not None and binds_nobody(f"It shows {found['what']}", known)


_OUTCOME: Final = re.compile(r"expected (?:outcome|result|output)s?: (?P<what>.+)", re.IGNORECASE | re.DOTALL)


def foretells(text: str, known: Collection[str] = ()) -> bool:
    """Whether a sentence says what is to be seen after its step, and nobody acts: ``Expected outcome: The build is green``."""
    found = _OUTCOME.fullmatch(text) if len(text) <= LONG else None
    said = plainly(found["what"]) if found else ""
    is_bound = not said or BINDS.search(IS_FREE.sub("", said)) is not None or is_often(said)
    return not (is_bound or LEADS_ON.search(text) or names_people(said, known) or asks(said))


_LISTS: Final = re.compile(
    r"(?:(?:the|this|that) (?:[A-Za-z`\"][\w`\"()./-]* ){0,3}?(?:workflow|script|job|pipeline|bot|tool|server|command|app|application|program|robot|ci)|this|it)"
    r"(?: (?:will|also|then|automatically|does|do|the following|these things))*:",
    re.IGNORECASE,
)


def tells_list(lead: str, items: Sequence[str], known: Collection[str] = ()) -> bool:
    """Whether a sentence and the list below it say what a machine does: ``The workflow will:``."""
    said = [f"It {'will ' if _is_base(item) else ''}{item[:1].lower()}{item[1:]}" for item in items]
    is_done = all(_is_base(item) or words.base_verb(item.split(" ")[0]) for item in items)
    return is_done and _LISTS.fullmatch(lead) is not None and all(binds_nobody(one, known) for one in said)


def _is_base(item: str) -> bool:
    return item.split(" ", maxsplit=1)[0].lower() in words.VERBS


_NAME: Final = re.compile(r"(?<![\w-])[A-Za-z][\w.-]*[A-Za-z0-9](?![\w-])")


def programs_in(texts: Iterable[str]) -> frozenset[str]:
    """Names that stand first in a line of code: ``borgmatic`` in ```borgmatic list```, where they can be nobody."""
    found = {m[1].lower() for text in texts for m in _CALLED.finditer(text)}
    return frozenset(name for name in found if not _is_of_people(name))


_CALLED: Final = re.compile(r"`([A-Za-z][A-Za-z0-9-]{2,30})(?: (?:-|[a-z])[^`]*)?`")


def _says_how(said: str) -> bool:
    """Whether a thing is the subject, and the verb one of being or of what it does by itself."""
    rest = re.sub(r" \([^()]*\)", "", said[_LEADING.match(said).end() :])  # type: ignore[union-attr]
    parts = [part.strip(",;:[]") for part in rest.split()]
    det = parts.pop(0).lower() if len(parts) > 1 and parts[0].lower() in DETERMINERS - _POINTING else ""
    if (
        len(parts) > 1
        and parts[0].lower() in _POINTING
        and parts[1].lower() not in _STRONG | _ADVERBS
        and not parts[1].endswith("ly")
        and not _finite(parts[1])
    ):
        det = parts.pop(0).lower()
    parts = [part for n, part in enumerate(parts) if not n or part.lower() not in _ADVERBS]
    for number in range(1, min(len(parts), _LONGEST)):
        verb, who = parts[number].lower().replace("\u2019", "'"), [part.lower() for part in parts[:number]]
        if who[-1] in NO_SUBJECT or (
            who[-1] in DETERMINERS and (number == 1 or who[-2] not in WITHIN) and who[-1] not in _POINTING
        ):
            return False
        if verb in _ADVERBS or (verb.endswith("ly") and verb not in words.VERBS):
            continue
        who = [part for part in who if not (part in _ADVERBS or part.endswith("ly"))]
        if not who:
            continue
        if verb in _STRONG:
            return _is_so(det, who, verb, " ".join(["", *parts[number + 1 :]]), said)
        if _finite(verb) and _is_so(det, who, verb, " ".join(["", *parts[number + 1 :]]), said):
            return True
    return False


def _finite(word: str) -> bool:
    return words.base_verb(word) is not None and "-" not in word


def _is_so(det: str, who: list[str], verb: str, rest: str, said: str) -> bool:
    first = next((n for n, word in enumerate(who) if word in WITHIN), len(who))
    head = re.sub(r"['\u2019]s$", "", who[max(first - 1, 0)])
    is_pointing = who[0] in _POINTING and not det
    acts = is_pointing or head.startswith("`") or not _PROGRAMS.isdisjoint((head, words.singular(head)))
    if (
        first == 0
        or (not is_pointing and any(_is_of_people(word) for word in who[:first]))
        or not (acts or _is_named(det, head))
    ):
        return False
    if verb in _BEING:
        return is_how(f" {verb}{rest}", said)
    if verb in {"has", "have", "had"}:
        return re.match(r" (?:the|an?|no|its|their|some|been)\b", rest) is not None and is_how(rest, said)
    if verb in _STRONG and words.singular(head) in _PAPERS and verb in {"will", "would"}:
        return False
    if verb in _STRONG:
        return _will(verb, rest, said, acts=acts)
    base = words.base_verb(verb)
    is_verb = base is not None and base not in _OF_PERSONS and (verb == base) is _is_plural(det, head)
    return is_verb and (acts or base in STATIVE) and is_how(rest, said)


_BEING: Final = frozenset({"is", "are", "was", "were"})


def _will(verb: str, rest: str, said: str, *, acts: bool) -> bool:
    if verb in {"cannot", "can't"}:
        return True  # of all those, only what cannot be undone has come so far
    if verb in {"does", "do"}:
        return acts and re.match(r" not [a-z]+", rest) is not None
    found = re.match(r"(?: (?:[a-z]+ly|also|then|now|not|still))* (?P<base>[a-z]+)(?P<rest>.*)", rest)
    if found is None:
        return False
    base = found["base"]
    if base == "be":
        return (
            is_how(f" be{found['rest']}", said)
            if verb not in {"can", "may"}
            else re.match(r" (?:found|seen|a|an|different|slow|empty|called|named)\b", found["rest"]) is not None
        )
    if verb in {"can", "may"}:
        return base in {
            "take",
            "fail",
            "happen",
            "occur",
            "cause",
            "lead",
            "look",
            "appear",
            "vary",
            "differ",
            "contain",
            "include",
        }
    return acts and base in words.VERBS and base not in _OF_PERSONS and base not in OWED


def _is_plural(det: str, head: str) -> bool:
    if det in {"a", "an", "this", "that"}:
        return False
    return head in {"these", "those"} or (head not in _POINTING and head.endswith("s") and not head.endswith("ss"))


def _is_named(det: str, head: str) -> bool:
    """Whether a word can only name a thing: one with a word for it before it, or one that is known for a thing."""
    one = words.singular(head)
    return bool(det) or is_thing(one) or re.fullmatch(r"[a-z]+(?:tion|ment|ing|ity|ness)s?", head) is not None


def _is_of_people(word: str) -> bool:
    one = words.singular(word)
    if one in _PROGRAMS:
        return False
    return any(is_person(w) or is_group(w) or is_outside(w) or w in DEPARTMENTS | _GATHERED for w in (one, word))


_OF_THE_TEXT: Final = re.compile(
    r"(?:[A-Za-z ]{2,20}, )?(?:(?:(?:the|these|our|an?|this) )?(?:[\w`.-]+ ){0,3}?(?:documents?|pages?|sections?|guides?|processe?s?|procedures?|workflows?|jobs?|scripts?|pipelines?|packages?|projects?|repository|releases?|steps?|runbooks?|playbooks?|tools?|programs?|commands?)|`x`)"
    r" (?:[a-z]+ly |also |already |then )*(?:is|are|has|have|does|do|will|[a-z]+s?)\b|there (?:is|are) .*\b(?:document|page|section|guide|process|procedure|workflow|script|package|project|release)s?\b",
    re.IGNORECASE,
)


def introduces(text: str, known: Collection[str] = (), programs: Collection[str] = ()) -> bool:
    """Whether a sentence explains what the text or its programs are about: nobody has to be told it with a step."""
    named = _NAME.sub(lambda m: "`x`" if m[0].lower() in programs else m[0], plainly(text))
    return _OF_THE_TEXT.match(named) is not None and explains(text, known, programs)


_GREETS: Final = re.compile(
    r"(?:we|our team) (?:take|takes) [a-z, ]+ (?:very |extremely )?seriously|we (?:really |greatly |also |do )?(?:appreciate|value|welcome|thank|love|hope|believe)\b.*|(?:thanks|thank you|congratulations|welcome)\b.*",
    re.IGNORECASE,
)


def greets(text: str) -> bool:
    """Whether a sentence says only how somebody feels about the matter: ``We take safety seriously``."""
    return _GREETS.fullmatch(text) is not None and BINDS.search(text[3:]) is None and not asks(text)


_GATHERED: Final = frozenset({
    "ward", "lab", "laboratory", "clinic", "court", "press", "parliament", "panel", "assembly", "union", "household",
    "public", "community", "shift", "squad", "jury", "senate", "faculty", "consortium", "association",
    "administration", "government", "registry", "pharmacy", "practice", "house", "floor", "warehouse", "helpdesk",
    "treasury", "kitchen", "post", "station", "section", "corporation", "delegation", "congregation", "partner",
    "party", "procurement", "facilities",
})  # fmt: skip
