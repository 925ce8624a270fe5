"""Whether a sentence binds nobody: it asks, permits, forbids, bounds and conditions nothing, and nobody acts in it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.hidden import LEADS_ON
from orchestrator.workflows.lasting import is_often
from orchestrator.workflows.somebody import BY_ITSELF, asks, names_people

BINDS: Final = re.compile(
    r"\b(?:if|unless|when(?:ever)?|until|till|only|once|where(?:ver)?|whether|in (?:any |this |that |such |the )?cases?|otherwise|else|except\w*|exclud\w*|exempt\w*|without|instead|provid(?:ed|ing) (?:that|the|it|you|there)|as (?:long|soon|far) as|depend(?:s|ing|ent on)?|assuming|"
    r"before|after\w*|while|whilst|prior|alternative\w*|optional\w*|either|must|shall|should|ought|ha(?:ve|s|d) to|needs?|needing|(?:is|are|be|as|if|when|where|than) needed|needed (?:to|for|by|in)|requir\w*|mandatory|obligat\w*|oblig\w*|necessar\w*|compulsory|imperative|(?:is|are|be) (?:[a-z]+ly |very |most |so )?(?:essential|crucial|vital|important|critical|key)|importantly|essential (?:to|that)|important (?:to|that)|"
    r"recommend\w*|advis\w*|encourag\w*|discourag\w*|suggest\w*|prefer\w*|permi\w+|allowed|forbid\w*|forbidden|prohibit\w*|approv\w*|authori[sz]\w*|consent\w*|agree\w*|sign\w*|confirm\w*|decid\w*|decision\w*|judg\w*|"
    r"responsib\w*|(?:job|role|place) of|(?:is|are) (?:first|next|last)|(?:first|next|last|final|second|third) (?:thing|one|action|is|are|comes)|accountab\w*|liab\w*|charge|duty|duties|tasks?|turn|ensur\w*|make sure|sure|expect\w*|supposed|entitled|eligib\w*|waive\w*|skip\w* (?:the |this |that |a )?(?:review|check|test|step)\w*|bypass\w*|overrid\w*|ignor\w*|always|never|nobody|no one|none|nothing|neither|nor|"
    r"any(?:one|body)|every(?:one|body)|some(?:one|body)|whoever|each (?:of|time|one)|every time|per|at most|least|more than|less than|fewer|up to|within|maximum|minimum|max|min|limit\w*|deadline\w*|due|overdue|threshold\w*|quota\w*|quorum|expir\w*|valid|validity|"
    r"later than|sooner|earlier|no later|(?<!this )steps?|please|let['\u2019]?s|remember|careful\w*|caution|warn\w*|beware|attention|best|better|wise|worth|good (?:idea|practice)|makes sense|time to|acceptable|enough|sufficient|"
    r"manually|by hand|yourself|themselves|himself|herself|for approval|confidential\w*|secret\w*|urgent\w*|immediately|at once|escalat\w*|reject\w*|refus\w*|den(?:y|ies|ied)|stops?|ends?|cancel\w*|abort\w*|exceptions?|unlike|apart from|other than|"
    r"weekdays?|weekends?|holidays?|nights?|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|today|tomorrow|percent|euros?|dollars?|fees?|costs?|hours?|minutes?|seconds?|days?|weeks?|months?|years?|i|he|she|we|they|us|(?:go|goes|going|moves?|passes|passed|returns?|travels?) (?:on |back |over )?to|who|whom|whose)\b|[$\u20ac\u00a3%]|(?<!\w)@(?=\w)|\{\{|\bcan(?:not|['\u2019]t)|n['\u2019]t you\b",
    re.IGNORECASE,
)
"""Words of a rule, a right, a duty, a condition, a bound, a time, or of somebody who acts."""
_LEADS: Final = re.compile(
    r"\b(?:go|goes|going|continues?|proceeds?|resumes?|(?:sections?|chapters?|parts?) (?:\d|[A-Z]\b)|(?:completes?|concludes?|finishes) (?:the|this) (?:process|procedure|run|workflow)|asks?|prompts?|means (?!of\b)|voluntary|final|clock|covers|appl(?:y|ies)|(?:policy|rule) (?:of|is|to)|"
    r"(?:waits?|pauses?|holds?|blocks?) (?:for|until|at|here|the)|takes? place|(?:is|are) (?:not )?(?:for|private|internal|public)|belongs?|(?:the )?same (?:for|applies|is)|(?:is|are) (?:the same|different)|differs?|ways?(?<!this way)|there (?:is|are) no|on-?call|fine|okay|ok|possible|serves? as|not [a-z]+[ai]ble|wins?|counts?|waits?|gates?|gated|manual|enforces?|the rest|(?:workflow|process|procedure|run|cycle) (?:repeats|restarts|(?:runs|starts) (?:again|over))|prevails?|governs|precedence|stays?|remains?|remaining|rest of|leaves?|gets?|counts as|"
    r"(?:starts?|begins?) (?:on|at|with)|january|february|march|april|may(?= \d|$)|june|july|august|september|october|november|december|noon|midnight|morning|evening|"
    r"ten|twice|thrice|two|three|four|five|six|seven|eight|nine|times|(?<!to )merge|merges|(?<!to )pay|pays|charges|refunds|accepts|grants|(?:meetings?|reviews?|interviews?|trainings?|audits?|inspections?|hearings?|votes?|discussions?|sessions?) [a-z]+s|"
    r"(?:is|are) (?:(?:now|then|all|back|still) )*(?:off|on|complete|empty|full|open|green|ready|clean|dry|back|in place|up|down|stable|finished|over|out|clear|secure|safe|closed|shut|intact|broken|tight|loose))\b"
    r"|(?<![\w.-])\d+(?:[.,]\d+)?(?![\w.-])(?![^()]*\))",
    re.IGNORECASE,
)
"""Words of a way on, a place in the order, a state that has to come about, an amount, or of what nobody does unasked."""
_RULED: Final = re.compile(
    r"(?:the|our|a) (?:[a-z]+ )?(?:policy|rule|norm|law|dose|dosage|ratio|cut-?off|window|budget|price|mark|score|priority|severity|criteri(?:a|on)|choices?|options?|sequence|order|target|goal|aim|trick|idea|commands?|contact|wording|colou?r|standard|scope|"
    r"[a-z]+ to [a-z]+) (?:is|are)\b",
    re.IGNORECASE,
)
"""What is set by such a sentence: ``The rule is no food here``, ``The number to call is on the wall``."""
IS_FREE: Final = re.compile(
    r"\b(?:cannot|can ?not|can['\u2019]t) be (?:undone|reverted|reversed|taken back)\b|\b(?:this|it|that|the [a-z]+) (?:(?:usually|often|only|typically|normally|can|may|might|will|could|should) )*takes? (?:about |around |roughly |up to |approximately )?(?:(?:an?|one|two|three|four|five|several|some|\d+(?: ?[-\u2013] ?\d+)?) )?(?:few |couple of )?(?:hours?|minutes?|seconds?|days?|while|time|moments?)\b(?: or (?:two|so)\b)?"
    r"|\bsoon after(?:wards)?$|^\(?(?:be aware|keep in mind) that\b|\bend of the (?:file|line|list|page|table)\b|\bsign(?:ed|s)? (?:in|up)\b|\bmost of\b|\bat (?:the )?(?:end|top|bottom) of the (?:file|list|page)\b|\bfree of charge\b",
    re.IGNORECASE,
)
"""What has such words, and binds nobody."""
_ASSURES: Final = re.compile(r"\b(?:this|it)(?: [a-z]+)? (?:also )?(?:ensures|makes sure)\b", re.IGNORECASE)
"""What is so by the step that was done."""
_OF_ALL: Final = re.compile(r"(?:all|each|every|any|no|both)\b", re.IGNORECASE)
OWED: Final = frozenset({
    "include", "contain", "state", "list", "describe", "cover", "define", "provide", "offer", "hold", "keep", "serve", "address",
    "specify", "identify", "remain", "stay", "consist", "comply", "follow", "meet", "explain", "outline", "document",
})  # fmt: skip
"""What a thing ``will`` do as a duty: ``The report will include the cause``."""
_LASTING: Final = frozenset({
    "called", "named", "located", "based", "documented", "described", "explained", "known", "shown", "listed",
    "supported", "designed", "intended", "associated", "displayed", "related", "split", "found", "hosted", "derived",
    "defined", "numbered", "linked", "configured", "used", "included",
})  # fmt: skip
"""Participles of how a thing is, and not of what somebody does to it."""
DETERMINERS: Final = frozenset({
    "the", "a", "an", "this", "that", "these", "those", "our", "your", "its", "their",
})  # fmt: skip
WITHIN: Final = frozenset({
    "of", "in", "for", "from", "on", "at", "with", "between", "to", "using",
})  # fmt: skip
"""Prepositions by which more is said of a subject."""
NO_SUBJECT: Final = frozenset({
    "and", "or", "but", "so", "as", "by", "than", "if", "not", "no", "all", "any", "then", "into", "over", "up",
    "out", "what", "which", "how", "why",
})  # fmt: skip
LONG: Final = 1500
"""Characters of a sentence that is looked at."""


def binds_nobody(text: str, known: Collection[str] = ()) -> bool:
    """Whether nothing in a sentence asks, permits, forbids, bounds or conditions anything, and nobody acts in it."""
    if len(text) > LONG or "`@" in text:
        return False
    said = IS_FREE.sub("", plainly(text))
    free = _ASSURES.sub("", said)
    is_set = any((BINDS.search(free), _LEADS.search(free), _RULED.match(said), _OF_ALL.match(said), _is_owed(said)))
    is_rule = is_set or LEADS_ON.search(text) is not None or is_often(free)
    return is_how(said, said) and not (is_rule or names_people(said, known) or asks(said))


def _is_owed(said: str) -> bool:
    found = re.search(r"\b(?:will|would) (?:(?:also|then|always) )*(?P<verb>[a-z]+)\b", said)
    return found is not None and found["verb"] in OWED


def binding(text: str) -> str:
    """The word of a sentence that may bind somebody, or leads on; '' for none."""
    said = _ASSURES.sub("", IS_FREE.sub("", plainly(text)))
    found = BINDS.search(said) or _LEADS.search(said)
    return found[0] if found else ""


def plainly(text: str) -> str:
    """Without links, and with one word for each piece of code and each quotation."""
    said = re.sub(r"!?\[([^\]]*)\](?:\[[^\]]*\])?", r"\1", text)
    said = re.sub(r"\b(?:i\.e|e\.g)\.,?", "", said)
    return re.sub(r"``?[^`]*``?|\"[^\"]*\"|\u201c[^\u201d]*\u201d", "`x`", said)


def is_how(rest: str, said: str) -> bool:
    """Whether what stands behind ``is`` says how a thing is, and not what somebody does to it."""
    for found in _BE.finditer(rest):
        for word in (part.strip(",;:").lower() for part in rest[found.end() :].split()[:_NEAR]):
            if word in DETERMINERS | WITHIN | (NO_SUBJECT - {"then", "not"}):
                break
            is_done = words.of_passive(word) is not None or re.search(r"(?:ed|wn|pt)$", word) is not None
            if is_done and word not in _LASTING and not BY_ITSELF.search(said):
                return False
    return True


_BE: Final = re.compile(r"\b(?:is|are|be|been|being|gets?|was|were)\b")
_NEAR: Final = 4
