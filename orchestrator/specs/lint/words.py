"""Rules about single words and phrases of a requirement: what cannot be measured, and what lets everybody off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from orchestrator.specs.lint.document import Document, Part, Sentence
from orchestrator.specs.lint.rule import Check, Family, Remark, Rule, clip, remark
from orchestrator.specs.lint.texts import heads_of, holds

_DEMANDS = (Part.STATEMENT, Part.CRITERION)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|zero|no more than|at most|at least)\b",
    re.IGNORECASE,
)
_DEMAND = re.compile(r"\b(?:must|shall|should|will|can|needs? to|has to|have to|are to|is to)\b", re.IGNORECASE)
_OPENS = re.compile(
    r"\W*(?:[\w-]+: )?(?:(?:the|an?|each|every|our|this)\s+)?(?:[\w'-]+\s+){0,2}"
    r"(?:system|service|app|application|tool|platform|page|site|server|client|product|program|software|user|customer"
    r"|portal|website|screen|till|it|they|you|we)s?\s+(?:also\s+)?$",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"[- ](?:start|mail|fix|view|search|action|filter|case|reference|guide|tour|link|forward|install|exit|stop|tree"
    r"|worktree|working|checkout|shutdown|state|build|room|slate|path|mode|win)s?\b",
    re.IGNORECASE,
)
_SAID_WHEN = re.compile(r"\b(?:as (?:soon as )?(?:the |each |a )?\w+ \w+|(?:when|whenever) )", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\s*(?:[^\s().;]+\s+){0,4}\((?!e\.?g|i\.?e|see\b|and\b|or\b)\w+ \w+")
_SAID_HOW = re.compile(r"\s+(?:[\w-]+\s+){1,6}(?:when|if|by|with|while|on|after|until)\b", re.IGNORECASE)
_UNQUOTED = re.compile(r"[\"\u201c\u201d][^\"\u201c\u201d]{0,200}[\"\u201c\u201d]")


def unquoted(text: str) -> str:
    """The text with what stands in quotation marks blanked: a label of a button is no demand."""
    if '"' not in text and "\u201c" not in text and "\u201d" not in text:
        return text
    return _UNQUOTED.sub(lambda found: " " * len(found[0]), text)


def phrases(
    pattern: str,
    words: str,
    message: str,
    *,
    parts: tuple[Part, ...] = _DEMANDS,
    unless: Callable[[Sentence, re.Match[str]], bool] | None = None,
    holding: tuple[str, ...] = (),
) -> Check:
    """A check that remarks on every match of a pattern in requirements. ``{}`` in the message is what was found.

    Every match must hold a word of ``words``, by its first four letters: other sentences are not searched.
    ``holding`` are small letters of which each match has one: needed only where those words are frequent ones.
    """
    heads = heads_of(words)

    def check(document: Document) -> Iterator[Remark]:
        sentences = document.saying(heads, *parts)
        compiled = (
            re.compile(pattern, re.IGNORECASE) if sentences else re.compile("")
        )  # most documents need few of them
        for sentence in sentences:
            if holding and not holds(sentence.text.casefold(), holding):
                continue
            for found in compiled.finditer(unquoted(sentence.text)):
                if unless is None or not unless(sentence, found):
                    yield remark(sentence, found.start(), found.end(), message.format(clip(found[0])))

    return check


def _measured(sentence: Sentence, found: re.Match[str]) -> bool:
    """Whether the sentence itself says a number beside the word."""
    rest = sentence.text[: found.start()] + " " + sentence.text[found.end() :]
    return _NUMBER.search(rest) is not None


def _is_demanded(sentence: Sentence, found: re.Match[str]) -> bool:
    """Whether it begins a statement, or a word that demands stands before: what only explains leaves nothing open."""
    return sentence.first or _DEMAND.search(sentence.text, 0, found.start()) is not None


def _asks_for(sentence: Sentence) -> bool:
    """Whether a sentence demands at all: behind the first of a statement many only explain, and bind nobody."""
    return sentence.first or sentence.part is Part.CRITERION or _DEMAND.search(sentence.text) is not None


def _settled(sentence: Sentence, found: re.Match[str]) -> bool:
    """RFC 2119's capitals, the month, a ban (`no caller may`), a right (`may only`), or a must in the same sentence.

    So is a may, might or could in the midst of a sentence: there it tells what is possible.
    """
    if found[0].casefold() != "should" and not _OPENS.match(sentence.text[: found.start()]):
        return True
    if found[0].isupper() or found[0] == "May" or re.search(r"\b(?:must|shall)\b", sentence.text, re.IGNORECASE):
        return True
    before, after = sentence.text[: found.start()], sentence.text[found.end() :]
    return (
        re.search(r"\b(?:no|neither|nor|none|nothing|nobody|only|what|whether|if)\b", before, re.IGNORECASE) is not None
        or re.match(r"\s+(?:only|not)\b", after) is not None
    )


def _followed_by_number(sentence: Sentence, found: re.Match[str]) -> bool:
    return _NUMBER.search(sentence.text[found.end() : found.end() + 60]) is not None


def _noun(sentence: Sentence, found: re.Match[str]) -> bool:
    """``quick start`` and ``clean install`` are names; ``gracefully ... when`` and ``clean (no ...)`` say what is meant."""
    after = sentence.text[found.end() : found.end() + 16]
    if _NAMES.match(after) is not None or found[0].isupper() or _IN_BRACKETS.match(sentence.text, found.end()):
        return True
    return found[0].casefold().startswith("graceful") and _SAID_HOW.match(sentence.text, found.end()) is not None


VAGUE = (
    r"\b(?:user[- ]friendly|intuitive(?:ly)?|easy[- ]to[- ]use|easily|easy|fast(?:er)?|quick(?:ly)?|rapid(?:ly)?|slow(?:ly)?"
    r"|seamless(?:ly)?|smooth(?:ly)?|robust(?:ly)?|scalab(?:le|ly)|performant|efficient(?:ly)?|high[- ]performance"
    r"|flexib(?:le|ly)|modern|clean|nice(?:ly)?|lightweight|state[- ]of[- ]the[- ]art|world[- ]class|best[- ]in[- ]class"
    r"|responsive|highly available|highly reliable|elegant(?:ly)?|well[- ]designed|good|great|minimal(?:ly)?"
    r"|graceful(?:ly)?|meaningful|sensible|adequate(?:ly)?|(?<!not )sufficient(?:ly)?|reasonabl[ey]|appropriate(?:ly)?|acceptable|proper(?:ly)?)\b"
)

_VAGUE_WORDS = (
    "friendly intuitive easy easily fast quick rapid slow seamless smooth robust scalable performant efficient performance"
    " flexible modern clean nice lightweight art world best responsive highly elegant well good great minimal graceful"
    " meaningful sensible adequate sufficient reasonable appropriate acceptable proper"
)


def _has_unit(sentence: Sentence, found: re.Match[str]) -> bool:
    rest = sentence.text[found.end() : found.end() + 40]
    return (
        re.match(r"\s*[-\u2013]?\s*(?:of the |the |a |an |more |other |new |\d)?[A-Za-z%\u20ac$:/(]", rest) is not None
    )


def _explained(sentence: Sentence, found: re.Match[str]) -> bool:
    """``better than`` says what it compares with."""
    return re.search(r"\b(?:than|compared|relative to|over the|versus|vs)\b", sentence.text[found.end() :]) is not None


RULES = (
    Rule(
        "PRD120",
        Family.QUALITY,
        "a vague word and no number",
        "Two people read such a word in two ways, and no test can tell who is right. A number beside it settles it.",
        "say how much: a time, a count, a share, or what a person sees",
        bad="The search must be fast.",
        good="The search must answer within 300 ms for 95 % of the queries.",
        check=phrases(
            VAGUE,
            _VAGUE_WORDS,
            "{!r} cannot be measured.",
            unless=lambda s, f: _measured(s, f) or _noun(s, f) or not _asks_for(s),
        ),
    ),
    Rule(
        "PRD121",
        Family.QUALITY,
        "a quantity that is not said",
        "Words such as several or many leave the number to whoever builds it.",
        "write the number or the range",
        bad="The list must show several recent orders.",
        good="The list must show the 10 most recent orders.",
        check=phrases(
            r"\b(?:several|(?<!as )(?<!how )(?<!so )(?<!too )many|numerous|various|a few|a lot of|lots of|a number of|a large number of|a variety of|some)\s+(?=[a-z])",
            "several many numerous various few lot lots number variety some",
            "{!r} is no number.",
            unless=lambda s, f: _measured(s, f) or not _is_demanded(s, f),
            holding=("several", "many", "numerous", "various", "few", "lot", "number of", "variety", "some"),
        ),
    ),
    Rule(
        "PRD122",
        Family.QUALITY,
        "a list with an open end",
        "Whatever stands behind an open end is decided by nobody, and counted as done by everybody.",
        "name every case, or the rule that says which belong to it",
        bad="The export must hold name, address, etc.",
        good="The export must hold name, address and date of birth.",
        check=phrases(
            r"(?:\betc\b\.?|\band so on\b|\band so forth\b|\band the like\b|\bincluding but not limited to\b|\band others\b|\band more\b(?=[.;,)]|$)|\bor similar\b|\.\.\.|\u2026)",
            "etc so like including others more similar ... \u2026",
            "{!r} leaves the list open.",
            holding=(
                "etc",
                "and so",
                "and the like",
                "including",
                "and others",
                "and more",
                "similar",
                "...",
                "\u2026",
            ),
            unless=lambda s, f: f[0] in ("...", "\u2026") and s.text[: f.start()].rstrip().endswith(("[", "<", "(")),
        ),
    ),
    Rule(
        "PRD125",
        Family.QUALITY,
        "an escape clause",
        "The clause makes the requirement fulfilled whenever it was inconvenient.",
        "say the condition under which it holds, or take the clause away",
        bad="The report must be sent on the same day if possible.",
        good="The report must be sent on the same day when it was asked for before 14:00.",
        check=phrases(
            r"\b(?:if|where|when|as|wherever|whenever)\s+(?:possible|feasible|appropriate|applicable|practical|practicable|necessary|needed|required|desired|reasonable)\b"
            r"|\bas (?:far|much|soon|quickly|well) as (?:is )?(?:possible|practicable|feasible)\b|\bto the extent (?:possible|practicable|feasible)\b"
            r"|\bon a best[- ]effort basis\b|\bat (?:its|their|the) discretion\b"
            r"|\b(?:must|shall|should|will) (?:(?:normally|ideally|generally|typically)\b|(?:\w+ )?(?:try|attempt) to\b)"
            r"|^(?:normally|ideally|generally|typically),|\bif time (?:allows|permits)\b|\((?:when|where|if) (?:derivable|known|relevant)\)",
            "possible feasible appropriate applicable practical necessary needed required desired reasonable effort discretion try attempt normally ideally generally typically allows permits derivable known relevant",
            "{!r} lets everybody off.",
        ),
    ),
    Rule(
        "PRD126",
        Family.QUALITY,
        "and/or",
        "It is not clear whether one of them is enough.",
        "write `or` when one is enough, `both … and` when not",
        bad="A user must confirm by e-mail and/or text message.",
        good="A user must confirm by e-mail or by text message.",
        check=phrases(r"\band\s?/\s?or\b|\bor\s?/\s?and\b", "or", "{!r} can be read in two ways."),
    ),
    Rule(
        "PRD127",
        Family.QUALITY,
        "something is still to be decided",
        "A plan made of it would decide it by accident.",
        "decide it, or take the requirement out until it is decided",
        bad="The limit of a transfer is TBD.",
        good="The limit of a transfer is 5,000 euros a day.",
        check=phrases(
            r"\b(?:TBD|TBC|TBA|TODO|FIXME|XXX|to be (?:determined|decided|defined|confirmed|specified|agreed))\b|\?\?\?",
            "tbd tbc tba todo fixme xxx determined decided defined confirmed specified agreed ???",
            "{!r} is still open.",
        ),
    ),
    Rule(
        "PRD130",
        Family.QUALITY,
        "should, may or might instead of must",
        "Nobody knows whether such a sentence has to be fulfilled (RFC 2119 gives SHOULD and MAY a meaning, in capitals).",
        "write must or shall, or move the wish to another place",
        bad="The till should show the balance.",
        good="The till must show the balance.",
        check=phrases(
            r"\b(?:should|might|could|ought to|may)\b",
            "should might could ought may",
            "{!r} leaves open whether it must be so.",
            parts=(Part.STATEMENT,),
            unless=_settled,
        ),
    ),
    Rule(
        "PRD131",
        Family.QUALITY,
        "a promise that nothing keeps",
        "No system is always there and none never fails; a test can neither show nor refute it.",
        "write the share and the period, such as 99.9 % of the minutes of a month",
        bad="The service must be available 100 % of the time.",
        good="The service must answer in 99.9 % of the minutes of each month.",
        check=phrases(
            r"\b100\s?%\s+(?:of the time|availab\w+|uptime|accura\w+|reliab\w+|secur\w+|coverage of all)|\b(?:zero|no) (?:downtime|bugs|defects|errors ever|latency)\b"
            r"|\bnever (?:fails?|crash(?:es)?|loses? (?:any )?data)\b(?! (?:on|when|if|because|while|at|for|to)\b)|\balways (?:available|online|up)\b|\bunlimited\b|\bbug[- ]free\b|\bcompletely secure\b",
            "0 zero no never always unlimited bug completely",
            "{!r} cannot be kept.",
        ),
    ),
    Rule(
        "PRD133",
        Family.QUALITY,
        "a comparison with nothing",
        "Better than what? Without the figure of today nobody can see whether it was reached.",
        "name what it is compared with, or the figure itself",
        bad="The import must give better error messages.",
        good="The import must name the line and the column of each error.",
        check=phrases(
            r"\b(?:better|worse|cheaper|simpler|easier|quicker|improved|enhanced|optimi[sz]ed|increased|reduced(?! to)|nicer|cleaner)\b",
            "better worse cheaper simpler easier quicker improved enhanced optimised optimized increased reduced nicer cleaner",
            "{!r} than what?",
            parts=(Part.STATEMENT,),
            unless=lambda s, f: _explained(s, f) or _measured(s, f),
        ),
        default=False,
    ),
    Rule(
        "PRD134",
        Family.QUALITY,
        "a number without its unit",
        "Five could be seconds or minutes.",
        "write the unit behind the number",
        bad="The page must load within 2.",
        good="The page must load within 2 seconds.",
        check=phrases(
            r"\b(?:within|in under|in less than|after|every|at most|no more than|for up to)\s+\d+(?:[.,]\d+)*(?![\d.,]*\d)",
            "0",
            "{!r} has no unit.",
            unless=_has_unit,
        ),
    ),
    Rule(
        "PRD135",
        Family.QUALITY,
        "a time that is not said",
        "Soon is a second to one reader and a day to another.",
        "write the time: within 2 seconds, every night at 02:00",
        bad="A changed price must be shown promptly.",
        good="A changed price must be shown within 60 seconds.",
        check=phrases(
            r"\b(?:(?<!as )(?<!as\n)soon(?! as)|promptly|timely|in a timely (?:manner|fashion)|real[- ]time|near[- ]real[- ]time|instantly|regularly|periodically|frequently|occasionally|from time to time|in due course)\b",
            "soon promptly timely time real instantly regularly periodically frequently occasionally due",
            "{!r} is no time.",
            unless=lambda s, f: _measured(s, f) or _SAID_WHEN.search(s.text, f.end()) is not None,
        ),
    ),
    Rule(
        "PRD139",
        Family.QUALITY,
        "a verb that says nothing",
        "To support, handle or manage something can be anything from a field to a department.",
        "say what a person can do, and what they then see",
        bad="The system must support refunds.",
        good="A cashier must be able to pay a purchase back within 14 days.",
        check=phrases(
            r"\b(?:must|shall|should|will)\s+(?:be able to\s+)?(?:properly\s+|correctly\s+)?(?:support|handle|manage|process|deal with|take care of|cater for|facilitate)\b",
            "support handle manage process deal take cater facilitate",
            "{!r} does not say what happens.",
            parts=(Part.STATEMENT,),
            unless=_followed_by_number,
        ),
        default=False,
    ),
)
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
