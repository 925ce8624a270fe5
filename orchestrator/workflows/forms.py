"""Forms that a whole sentence may have: remarks, names of steps, jumps, what opens a list, and answers to a check."""

from __future__ import annotations

import re
from typing import Final

REMARK: Final = re.compile(
    r"(?:please see|please refer to|let['\u2019]s (?:say|assume|imagine|suppose)|note|example|examples|hint|why|background|remark|for example|e\.g\.?|see|"
    r"for (?:more|further) (?:information|details?|help|background))\b:?.*",
    re.IGNORECASE | re.DOTALL,
)
ID: Final = re.compile(r"`(?P<id>[a-z][a-z0-9-]{0,63})`: (?P<rest>.+)")
GOTO: Final = re.compile(
    r"(?:then )?(?:go (?:back )?to|return to|continue with|repeat from|start again (?:at|from)) (?:step )?(?P<step>`[^`]+`|\d[\d.]*)",
    re.IGNORECASE,
)
AGAIN: Final = re.compile(r"(?:repeat (?:it|this|that|the step)|try again|do (?:it|this) again)", re.IGNORECASE)
ON: Final = re.compile(r"(?:go on|continue|carry on|proceed)", re.IGNORECASE)
END: Final = re.compile(
    r"(?:stop|end|the (?:process|run) (?:ends|stops|is over))(?: the process| here| there)?(?: as (?P<name>[a-z]+))?",
    re.IGNORECASE,
)
PARALLEL: Final = re.compile(
    r"(?:do (?:this|these|the following|all of these) )?(?:in parallel|at the same time)", re.IGNORECASE
)
EACH: Final = re.compile(
    r"for each (?:of )?(?P<of>`[^:]+`|[A-Za-z][A-Za-z -]*?)(?:(?::|,) ?(?P<then>.*))?", re.IGNORECASE
)
FOLLOWING: Final = re.compile(
    r"(?:to [^,:`]+, )?(?:please )?(?:(?:you|we) (?:must|should|need to|have to) )?"
    r"(?:(?:do|follow|perform|complete|take|execute) (?:the following|these|the)(?: [a-z-]+)?"
    r"(?: (?:steps|actions|tasks|instructions))?(?: below| in (?:this |the given )?order)*"
    r"|(?:the|these)(?: [a-z-]+)* (?:steps|process|procedure|instructions)(?: [a-z ]+)? (?:is|are)(?: as follows)?"
    r"|to [^,:`]+|(?:the|a|an|our|your) [^,:`]+ (?:(?:should |will )?looks? like this|(?:is|are) as follows)):",
    re.IGNORECASE,
)
BINDING: Final = re.compile(
    r"\b(?:must|never|always|shall|only|approv\w*|before|unless|if|may not|required?)\b", re.IGNORECASE
)
_CHECKED: Final = re.compile(
    r"\b(?:(?:checks?|verif(?:y|ies)|confirms?|validates?|determines?|looks?|sees?|to (?:see|check|verify|confirm))(?: that| whether| if)"
    r"|(?:ensures?|makes? sure)(?: that)?) (?P<what>[^,;:()]+)(?: \([^()]*\))*$",
    re.IGNORECASE,
)
_SHORTLY: Final = {"so": True, "yes": True, "it is": True, "not": False, "no": False, "it is not": False}
THING: Final = re.compile(
    r"(?!(?:if|when|this|that|these|those|it|they|there|we|you|i)\b)(?!.*\b(?:is|are|was|were|will|can|may|must|should|has|have)\b)[^:;?]{2,120}",
    re.IGNORECASE,
)
"""Words without a verb that would make a sentence of them."""
_CONTINUED: Final = re.compile(r":$|\b(?:using|with|by|run|command|commands|like so|follows)$", re.IGNORECASE)
_MOST_LINES: Final = 20


def is_whole(text: str) -> bool:
    """Whether no bracket is left open, outside of code: the rest of it would say when the sentence holds."""
    said = re.sub(r"`[^`]*`|^\d+\)|\b[a-z]\)", "", text)
    return said.count("(") == said.count(")")


def meant(when: str, title: str) -> str:
    """``so`` and ``not`` after a step with this title, which checks something: whether that is so. Other words stay."""
    checked = _CHECKED.search(title)
    if checked is None or when.lower() not in _SHORTLY:
        return when
    return checked["what"] if _SHORTLY[when.lower()] else f"it is not the case that {checked['what']}"


def continued(title: str, before: str, code: str) -> str | None:
    """The title of a task whose sentence leads on to a block of code, with its lines; ``None`` when it does not."""
    lines = [line.strip() for line in code.split("\n") if line.strip()]
    if _CONTINUED.search(before) is None or "`" in code or not 0 < len(lines) <= _MOST_LINES:
        return None
    return f"{title}: " + "; ".join(f"`{line}`" for line in lines)
