"""Forms that a whole sentence may have: remarks, names of steps, jumps, what opens a list, and answers to a check."""

from __future__ import annotations

import re
from typing import Final

REMARK: Final = re.compile(
    r"(?!see (?:that|to|if|whether)\b)(?!note (?:(?:down|on|at|here|beside|in (?!particular))\b|(?:which|what|who|when|how|whether|why|where)\b|(?:the|any|all|each|every|their|its|your|it|them)\b"
    r"(?!.*\b(?:is|are|was|were|will|can|may|must|should|has|have|does|do)\b)))(?:please see|please refer to|please note that\b(?!.*\b(?:must|should|never|always|not|if)\b)|let['\u2019]s (?:say|assume|imagine|suppose)|note|example|examples|hint|why|background|remark|for example|e\.g\.?|see|"
    r"for (?:(?:more|further|additional) )?(?:information|details?|help|background)|(?:to )?(?:find out|learn|read) more|(?:remember|keep in mind|bear in mind|be aware|be advised) that\b(?!.*\b(?:must|should|never|always|only|not|if|before)\b))\b:?.*",
    re.IGNORECASE | re.DOTALL,
)
POINTER: Final = re.compile(
    r"(?!.*\b(?:and|then) [a-z]+ (?:the|an?|it|them|these|all|your|their)\b)for [^,:;`]{3,100}, (?:please )?(?:see|refer to|consult|read) (?:also )?(?:`[^`]+`|[\"\u201c].+|(?:the |our |this |these )?(?:[\w/-]+ ){0,5}(?:sections?|pages?|guides?|guidelines?|documents?|documentation|appendix|appendices|chapters?|tables?|links?|articles?|"
    r"polic(?:y|ies)|manuals?|handbooks?|wiki|faqs?|readme|runbooks?|playbooks?|sops?|templates?|instructions)\b.*|(?:https?://|www\.)\S+.*|(?-i:[A-Z][\w-]*(?: [A-Z][\w-]*)*))",
    re.IGNORECASE,
)
"""``For parcels, see the mail guide``: where more is told, and no step."""
ID: Final = re.compile(r"`(?P<id>[a-z][a-z0-9-]{0,63})`: (?P<rest>.+)")
GOTO: Final = re.compile(
    r"(?:then )?(?:go (?:back )?to|return to|continue with|repeat from|start again (?:at|from)) (?:step )?(?P<step>`[^`]+`|\d[\d.]*)",
    re.IGNORECASE,
)
ANSWER: Final = re.compile(
    r"(?:if )?(?:(?P<yes>yes|so|it is|they are|it does|true)|no|not|it is not|it isn['\u2019]t|they are not|it does not|false)"
    r"(?:[,:] (?:then )?| then | - | \u2013 | \u2014 )(?P<then>.+)",
    re.IGNORECASE,
)
"""What follows the answer to the question before it."""
_WARNED: Final = re.compile(
    r"(?:warning|caution|attention|important|danger|notice|nb|remember|please)(?:[:!,] ?| )(?=(?:never|do not|don['\u2019]t|always|you|we)\b)",
    re.IGNORECASE,
)
THEN: Final = re.compile(r"(?:and |only )?then,? (?!wait\b)(?=[a-z])", re.IGNORECASE)
AGAIN: Final = re.compile(r"(?:repeat (?:it|this|that|the step)|try again|do (?:it|this) again)", re.IGNORECASE)
ON: Final = re.compile(
    r"(?:go on|continue|carry on|proceed)(?: (?:with|to) the (?:next|following) (?:section|step|phase|part)| as (?:normal|usual|planned)| below)?",
    re.IGNORECASE,
)
END: Final = re.compile(
    r"(?:stops?|ends?|the (?:process|run) (?:ends|stops|is over))(?: the process| here| there)?(?: as (?P<name>[a-z]+))?",
    re.IGNORECASE,
)
PARALLEL: Final = re.compile(
    r"(?:do (?:this|these|the following|all of these) )?(?:in parallel|at the same time)", re.IGNORECASE
)
EACH: Final = re.compile(
    r"for each (?:of )?(?:the )?(?P<of>`[^:]+`|[A-Za-z][A-Za-z -]*?)(?:(?::|,) ?(?P<then>.*))?", re.IGNORECASE
)
FOLLOWING: Final = re.compile(
    r"(?:to [^,:`]+, )?(?:please )?(?:(?:you|we) (?:must|should|need to|have to) )?"
    r"(?:(?:do|follow|perform|complete|take|execute) (?:the following|these|the)(?: [a-z-]+)?"
    r"(?: (?:steps|actions|tasks|instructions))?(?: below| in (?:this |the given )?order)*"
    r"|(?:the|these)(?: [a-z-]+)* (?:steps|process|procedure|instructions)(?: [a-z ]+)? (?:is|are)(?: as follows)?"
    r"|(?:you|we) (?:(?:will )?(?:need|have|are required|are asked|are) to|must|should|shall)(?: then| also| now)*"
    r"|things to [a-z]+(?: [a-z]+){0,3}(?: (?:are|include))?|there (?:is|are) (?:[a-z]+ ){0,4}(?:things?|steps?|checks?|changes?|actions?|tasks?|points?|items?) (?:that )?"
    r"(?:(?:you|we|(?:must|should) be|(?:needs?|ha(?:s|ve)) to be|need|have|must|should|left|to|made|done|make|do|take|taken|perform|complete|check|checked|follow|consider) ?){1,4}(?:(?:at|before|after|for|in|on|with) [^,:`]+)?"
    r"|to [^,:`]+|(?:the|a|an|our|your) [^,:`]+ (?:(?:should |will )?looks? like this|(?:is|are) as follows)):",
    re.IGNORECASE,
)
FOLLOWED: Final = re.compile(
    r"(?:all |each |every )?(?:of )?the following(?: [a-z-]+){0,3} (?:should|must|shall|will|would|is to|are to|needs? to|ha(?:s|ve) to)(?: then| also)? (?:be )?(?:followed|taken|done|performed|carried out|completed|applied|used|executed|observed|happen|occur|apply)\b(?: [a-z]+){0,3}:?"
    r"|(?:please )?(?:(?:you|we) (?:must|should|need to|have to|will|can) )?(?:follow|do|perform|take|complete|use) (?:the following|these)(?: [a-z]+)?(?: (?:steps|actions|instructions|tasks|checks|procedures?|protocol|measures|precautions|things))?(?: below)?(?: to [^:,;]{3,60}(?=:))?:?",
    re.IGNORECASE,
)
"""What leads from a condition to what stands below it."""
LINES: Final = re.compile(
    r"(?:then |now |next,? ){0,3}(?:(?:in order )?to [^:`,]+, )?(?:then )?(?:do|run|execute|type|enter)(?: this| that| these| the following)?(?: as follows)?:",
    re.IGNORECASE,
)
"""What leads on to lines that are a step of their own."""
BINDING: Final = re.compile(
    r"\b(?:must|never|always|shall|only|approv\w*|before|unless|if|may not|required?)\b", re.IGNORECASE
)
_CHECKED: Final = re.compile(
    r"\b(?:(?:checks?|verif(?:y|ies)|confirms?|validates?|determines?|looks?|sees?|to (?:see|check|verify|confirm))(?: that| whether| if)"
    r"|(?:ensures?|makes? sure)(?: that)?) (?P<what>[^,;:()]+)(?: \([^()]*\))*$",
    re.IGNORECASE,
)
_SHORTLY: Final = {
    "so": True, "yes": True, "it is": True, "it does": True, "they are": True, "they do": True, "not": False, "no": False, "it is not": False,
    "it isn't": False, "it does not": False, "it doesn't": False, "they are not": False, "they aren't": False, "they do not": False,
    "they don't": False,
}  # fmt: skip
"""Conditions that say only whether what was checked or asked is so."""
THING: Final = re.compile(
    r"(?!(?:if|when|this|that|these|those|it|they|there|we|you|i)\b)(?!.*\b(?:is|are|was|were|will|can|may|must|should|has|have)\b)[^:;?]{2,120}",
    re.IGNORECASE,
)
"""Words without a verb that would make a sentence of them."""
_CONTINUED: Final = re.compile(r":$|\b(?:using|with|by|run|command|commands|like so|follows)$", re.IGNORECASE)
BARE: Final = re.compile(r"The [a-z -]+ (?:runs|executes|uses|types|enters|adds|does)", re.IGNORECASE)
"""The title of a task whose sentence says only that something is done."""
DANGLES: Final = re.compile(
    r" (?:to|of|for|with|from|about|the|an?|and|or|that|(?:all|any|one) of (?:these|the following))$"
    r"| (?:follows|does|performs|takes|completes|observes|applies) (?:these|the following)(?: [a-z]+)?(?: \([^()]*\))*$"
)
"""The title of a task that ends before its thing, which stood in what is not read."""
SPEAKS_OF: Final = re.compile(
    r"\b(?:following|follows|these|below|like (?:so|this)|(?:one|any|some|all|either) of|approaches|options|ways|this [a-z]+|sure)\b|^The [a-z -]+? [a-z]+s(?: (?:in|out|up|down|off|on|back))?$"
)
"""The title of a task that speaks of what stands below it, or names nothing."""
_MOST_LINES: Final = 20


_LED: Final = re.compile(
    r"(?:first|firstly|second|secondly|third|then|next|finally|lastly|afterwards|after that|now)"
    r"(?:, (?:please )?|,? (?=(?:the|a|an|our|two|three|ask|run|execute|notify|inform|tell|alert|wait|merge) [a-z`]))(?=[a-z`])",
    re.IGNORECASE,
)
PROMISED: Final = re.compile(
    r"(?P<what>[A-Z][A-Za-z -]{2,60}): (?P<when>(?:within|every) (?:\d+|one|two|three|four|five|six|seven|a|an) [a-z ]+)",
    re.IGNORECASE,
)
"""``First answer: Within 24 hours``: something that is owed by a time."""
MARK: Final = re.compile(r"(?:step|phase|part|stage) (?:\d{1,2}|[A-H]|[ivx]{1,4}):?", re.IGNORECASE)
"""``Step 1`` alone, before what the step is."""
VERB_ALONE: Final = re.compile(r"(?P<verb>[A-Za-z]+)(?: (?:in|out|up|down|off))?:")
"""``Maintain:``, of the things below it."""
TITLE: Final = re.compile(r"[A-Z0-9][A-Za-z0-9 &/,'\u2019-]{1,60}:?")
"""An item that may be the heading of the list below it."""
QUALIFIES: Final = re.compile(
    r"(?:about|above|across|after|against|along|among|around|as|at|before|behind|below|beside|between|beyond|by|depending|during|except|for|"
    r"from|given|in|inside|instead|into|like|of|off|on|once|outside|over|per|since|through|to|toward|under|unless|until|upon|via|"
    r"when|where|while|with|within|without|only|optional|optionally|alternatively|alternatives?|options?|choices?|either|one|two|any|all|both|"
    r"every|each|some|most|many|other|or|and|not|no|never|yes|otherwise|else|if|not?es?|examples?|bad|wrong|avoid|don['\u2019]?t?s?|"
    r"[a-z]+ly)\b.*",
    re.IGNORECASE,
)
"""What says when, for whom, or which of the things below it: no heading, since that would be lost."""
TOPIC: Final = re.compile(
    r"(?:purpose|goals?|objectives?|aim|scope|summary|description|overview|background|intent|rationale|reason|audience|author|"
    r"date|version|status|definitions?|references?|document (?:id|number)): .+",
    re.IGNORECASE,
)


def unled(text: str) -> str:
    """``First the clerk files it`` without the word for its place in the order, which the list or the text has anyway."""
    found = _LED.match(text)
    return text if found is None else text[found.end()].upper() + text[found.end() + 1 :]


def unwarned(text: str) -> str:
    """A prohibition without the ``Warning:`` before it."""
    return _WARNED.sub("", text, count=1) if _WARNED.match(text) else text


def is_whole(text: str) -> bool:
    """Whether no bracket is left open, outside of code: the rest of it would say when the sentence holds."""
    said = re.sub(r"`[^`]*`|^\d+\)|(?<!\()\b[a-z]\)", "", text)
    return said.count("(") == said.count(")")


def is_short(when: str) -> bool:
    """Whether the condition says only whether something before it is so."""
    return when.lower().replace("\u2019", "'") in _SHORTLY


def meant(when: str, checked: str) -> str:
    """``so`` and ``not`` after a step that checks or asks whether ``checked``."""
    return checked if _SHORTLY[when.lower().replace("\u2019", "'")] else f"it is not the case that {checked}"


def checks(title: str) -> str:
    """What a step with this title checks; '' when it checks nothing."""
    found = _CHECKED.search(title)
    return found["what"] if found else ""


def continued(title: str, before: str, code: str) -> str | None:
    """The title of a task whose sentence leads on to a block of code, with its lines; ``None`` when it does not."""
    lines = [line.strip() for line in code.split("\n") if line.strip()]
    if _CONTINUED.search(before) is None or "`" in code or not 0 < len(lines) <= _MOST_LINES:
        return None
    return f"{title}: " + "; ".join(f"`{line}`" for line in lines)
