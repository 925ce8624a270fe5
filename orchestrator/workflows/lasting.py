"""What is always to be so, or again and again, and is no step of one run: ``The logs are checked weekly``, ``All keys must have an owner``."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.naming import Unclear, role_name
from orchestrator.workflows.people import is_person

_SPAN: Final = r"(?:business |working |calendar |work ?)?(?:second|minute|hour|day|night|morning|evening|week|weekend|month|quarter|year|shift|semester|term|season|sprint|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?"
_FEW: Final = r"(?:\d+|other|two|three|four|five|six|seven|eight|nine|ten|twelve|few|couple of)"
_OFTEN: Final = re.compile(
    r"\b(?:periodically|regularly|continuously|continually|constantly|routinely|annually|quarterly(?! [a-z]+)|biannually|semi-annually|perpetually)\b"
    r"|\b(?:daily|weekly|bi-?weekly|fortnightly|monthly|quarterly|yearly|hourly|nightly)(?=$|[,.;:)]| (?:and|or|by|with|for|to|in|at|on|via|using|from|as|until|during|after|before|through|against|according)\b)"
    rf"|\b(?:once|twice|\w+ times|at least|minimum|more) (?:a|an|per|each|every) {_SPAN}\b|\b(?:every|each) (?:{_FEW} )?(?!day one|day's){_SPAN}\b(?!['\u2019]| at \d)"
    r"|\bon (?:a|an) (?:[a-z-]+,? (?:and |or )?){0,3}basis\b(?<!case basis)(?<!needed basis)(?<!timely basis)(?<!urgent basis)|\bat (?:all times|regular intervals|any time)\b|\b(?:all|most) of the time\b|\ball the time\b|(?<!^)\b(?:every|each) time\b|^(?:please )?always\b|\b(?:frequently|throughout)(?=$|[,.;:)])|\bthroughout (?:the )?(?:whole |entire )?(?:process|procedure|day|shift|year|work|experiment|session|project|event)\b|\b24/7\b|\baround the clock\b"
    r"|\bwhenever\b(?! (?:it is )?(?:possible|necessary|needed|applicable|appropriate|practicable|feasible|required|desired|practical)\b)"
    r"|\bafter (?:\d+|one|two|three|six|twelve) (?:months?|years?) of\b|\b(?:when|while) (?:they are |it is )?(?:not in use|unattended|away from|off duty|physically unattended)\b|\b(?:for as long as|throughout (?:the|their|his|her) (?:year|employment|term|tenure))\b",
    re.IGNORECASE,
)
_AT_ONCE: Final = re.compile(r"\b(?:on|upon) receipt\b", re.IGNORECASE)
_AGAIN: Final = re.compile(
    r"(?:after|on|at|upon|in) (?:the |a |an |any )?(?:second|third|fourth|fifth|\d+(?:nd|rd|th)|repeated|further|subsequent|another) (?!steps?\b|phase\b|week\b|day\b|month\b|year\b|part\b|stage\b|floor\b|line\b|page\b)[a-z]+",
    re.IGNORECASE,
)
"""What comes about for a second time, if at all."""
_DUTY: Final = r"(?:must|shall|should|has to|have to|needs to|need to|will|can only|may only|(?:is|are) (?:required|expected|obliged|obligated|encouraged|to)\b)"
_WHOLE: Final = re.compile(
    rf"(?:all|any|each|every|no|both|anyone|everyone|nobody|whoever|those who)\b[^,:;]* {_DUTY} .+"
    r"|(?:each|every|any) (?:team |staff )?(?:member|volunteer|employee|person|participant|student|manager|user|engineer|developer|team|department|player|parent|driver|worker|nurse|teacher|volunteer|colleague|guest|visitor|customer) [a-z]+s\b.*"
    r"|(?:all|any|each|every)\b[^,:;]* (?:is|are) (?:[a-z]+ly )?[a-z-]+(?:ed|en|pt|wn|ld|nt)\b.*",
    re.IGNORECASE,
)
_STATE: Final = re.compile(
    rf"(?!(?:you|we)\b)[^,:;`]+? {_DUTY} (?:also |always |then |at least |ideally |clearly |only |either |as a minimum |further |generally |all |both |be able to |fully |strictly |at a minimum )*"
    r"(?:follow|comply|adhere|conform|meet|align|reflect|include|contain|consist|remain|stay|exceed|match|exist|cover|support|belong|involve|apply|depend|"
    r"have(?! been)|hold|possess|own|show|state|specify|describe|indicate|list|define|identify|represent|cost|last|take|fit|serve|focus|aim|strive|understand|know|respect|avoid|refrain|use|land|expire|"
    r"be (?:in|at|as|of|on|for|under|within|between|above|below|less|more|no|kept|limited|based|consistent|compliant|able|clear|unique|accurate|complete|current|available|ready|prepared|aware|careful|responsible|"
    r"written|worn|readable|visible|accessible|secure|timely|proportionate|documented and|at least|up[ -]to[ -]date|reasonable|specific|measurable|brief|concise|professional|polite|honest|familiar|trained|qualified|identified|designed|treated|viewed|handled|stored|retained|protected|maintained|restricted|encrypted|locked|labell?ed|used|worn|carried out (?:only|by)|made only|referenced|taken home))\b.*",
    re.IGNORECASE,
)
_PEOPLE: Final = re.compile(rf"(?P<who>[A-Za-z][A-Za-z-]*(?: [A-Za-z-]+){{0,3}}?) {_DUTY} .+", re.IGNORECASE)
_KEPT: Final = re.compile(
    r"[^,:;]+ (?:is|are|must be|shall be|should be|will be) (?:securely |safely )?(?:kept|retained|stored|archived|preserved|maintained|held) for (?:a |at |the |no )?[^,:;]*\b(?:days|weeks|months|years)\b.*",
    re.IGNORECASE,
)
_CONDUCT: Final = re.compile(
    r"(?:always |please |(?:you|we) (?:must|should|need to|have to|will)(?: always)? )*be (?:prepared|ready|aware|careful|sure to be|willing|mindful|honest|clear|brief|polite|specific|respectful|concise|patient|active|consistent|explicit|alert|calm|detailed|"
    r"professional|friendly|kind|courteous|empathetic|transparent|proactive|vigilant|cautious|on time|punctual|open|positive|flexible|objective|fair|as [a-z]+ as)\b.*",
    re.IGNORECASE,
)
_NEEDLESS: Final = re.compile(
    r"(?:\bno longer|\bnot|\bnever|n['\u2019]t|\bwithout) (?:(?:really|always|strictly|necessarily) )?(?:needs?|ha(?:s|ve)|required?|necessary|obliged|be required|be needed|have) to\b|\bneed(?:s)? not\b|\bno need (?:to|for)\b"
    r"|\b(?:is|are) (?:not|no longer) (?:required|needed|necessary)\b|(?:n['\u2019]t|\bnot|\bno longer) (?:need|require)\b",
    re.IGNORECASE,
)
_ONCE: Final = "What is done in one run, without how often; a rule: Never ... before ...; or a remark: Note: ..."


def is_often(text: str) -> bool:
    """Whether the words say how often something is done, or on which occasion."""
    return _OFTEN.search(text) is not None or _AGAIN.match(text) is not None


def ensure_once(text: str) -> None:
    """Raises :class:`Unclear` for what is done again and again, or need not be done: it is no step of one run."""
    said = re.sub(r"`[^`]*`|\"[^\"]*\"|\([^()]*\)", "``", text)
    if _NEEDLESS.search(said):
        raise Unclear("This says that something need not be done.", "Note: ...")
    if _AGAIN.match(said):
        raise Unclear("When it comes to that is not said.", "If ..., ...")
    if _OFTEN.search(said):
        raise Unclear("This is done again and again, and is no step of one run.", _ONCE)


def ensure_step(text: str, *, is_seen_to: bool) -> None:
    """Raises :class:`Unclear` for a rule of what is always to be so, or of how people behave.

    ``is_seen_to``: it would be somebody's task to see that it is so. Not for what is numbered, or follows a condition.
    """
    said = re.sub(r"`[^`]*`|\"[^\"]*\"", "``", text)
    is_rule = (_WHOLE.fullmatch(said) and not _AT_ONCE.search(said)) or (
        is_seen_to and (_STATE.fullmatch(said) or _KEPT.fullmatch(said))
    )
    if is_rule or _is_of_people(said):
        raise Unclear("This is a rule that always holds, and no step of one run.", _ONCE)


def ensure_act(text: str) -> None:
    """Raises :class:`Unclear` for how people behave: ``Be polite``."""
    if _CONDUCT.fullmatch(text.rsplit(": ", maxsplit=1)[-1]):
        raise Unclear("This says how people behave, and is no step.", "Note: ...")


def _is_of_people(text: str) -> bool:
    """``Employees must wear a badge``: of all of them, and not of the one who is here in this run."""
    found = _PEOPLE.fullmatch(text)
    if found is None or not found["who"].endswith("s") or re.match(r"(?:the|our|two|three|both) ", text, re.IGNORECASE):
        return False
    last = found["who"].rsplit(" ", maxsplit=1)[-1].lower()
    role = role_name(found["who"])
    return words.singular(last) != last and role is not None and is_person(role)
