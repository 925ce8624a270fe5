"""Tasks of whoever a sentence begins with: ``The clerk files it``; also in verbs that no list holds, behind somebody who does things: ``The clerk lights the fire``, ``The buyer must sell two chairs``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from orchestrator.workflows import instruct, obliged, words
from orchestrator.workflows.naming import ROLE, Activity, Unclear, doubted, role_name
from orchestrator.workflows.people import DEPARTMENTS, is_outside, is_person, is_surely_person

# fmt: off
_STATES: Final = frozenset([
    "own", "want", "need", "lack", "like", "love", "hate", "enjoy", "prefer", "fear", "hope", "wish", "expect", "intend", "desire", "deserve", "doubt", "suspect", "regret", "envy", "trust", "believe",
    "know", "recognise", "recognize", "understand", "realise", "realize", "remember", "forget", "imagine", "suppose", "assume", "mean", "matter", "contain", "comprise", "constitute", "represent", "embody", "denote",
    "resemble", "equal", "exceed", "cost", "belong", "depend", "possess", "hold", "bear", "retain", "have", "be", "seem", "appear", "become", "remain", "exist", "consist", "concern", "affect", "entail", "imply",
    "notice", "hear", "feel", "smell", "sense", "encounter", "experience", "undergo", "suffer", "lose", "miss", "fail", "break", "damage", "spill", "injure", "hurt", "harm", "neglect", "abuse", "misuse", "violate",
    "breach", "dispute", "object", "disagree", "refuse", "abandon", "default", "fall", "die", "happen", "occur", "arise", "result", "last", "require", "deem", "regard", "consider", "treat", "qualify", "earn", "inherit",
    "reside", "live", "dwell", "plead", "complain", "threaten", "steal", "cheat", "lie", "abscond", "resign", "quit", "breathe", "choke", "bleed", "collapse", "vomit", "detest", "dislike", "lament", "overlook", "owe", "merit", "benefit", "profit", "mistake", "confuse", "misplace", "misread", "misunderstand", "misjudge", "exhaust", "outnumber", "outrank", "precede", "annoy", "surprise", "upset", "scare", "dread", "resist", "withstand", "endure", "tolerate", "lag", "trail", "head", "chair", "staff",
    "can", "could", "may", "might", "must", "shall", "should", "will", "would", "do", "did", "does",
])
"""What somebody is, feels or suffers, or what befalls them: none is a step."""
_SMALL: Final = frozenset([
    "is", "was", "has", "does", "as", "plus", "minus", "versus", "across", "towards", "besides", "always", "sometimes", "perhaps", "this", "its", "his", "us", "yes", "less", "unless", "thus", "hers", "ours", "yours",
    "theirs", "afterwards", "whereas", "afterward", "upwards", "downwards", "forwards", "backwards", "onwards", "regardless", "nonetheless", "nevertheless", "alas", "pros", "means", "not", "no", "never", "only", "been", "the", "a",
    "an", "and", "or", "but", "if", "when", "that", "which", "who", "whom", "whose", "than", "at", "in", "on", "for", "with", "to", "of", "by", "from", "all", "both", "each", "every", "these", "those", "otherwise",
    "sales", "affairs", "relations", "resources", "operations", "services", "systems", "news", "series", "premises", "headquarters", "status", "process", "business", "access", "address", "analysis", "basis", "campus", "bus", "virus", "bonus",
])
"""Words on an s that are no verbs, and words that no verb is."""
_TRADES: Final = frozenset([
    "baker", "buyer", "seller", "waiter", "waitress", "cashier", "teacher", "farmer", "gardener", "cleaner", "plumber", "painter", "carpenter", "barista", "florist", "shopkeeper", "caretaker", "janitor", "porter", "driver", "mechanic",
    "doctor", "dentist", "pharmacist", "photographer", "journalist", "trainer", "instructor", "officer", "engineer", "operator", "technician", "electrician", "accountant", "auditor", "receptionist", "librarian", "coach", "mentor",
    "supervisor", "coordinator", "administrator", "bookkeeper", "controller", "developer", "designer", "tester", "maintainer", "reviewer", "approver", "requester", "requestor", "marshal", "warden", "firefighter", "keyholder", "keeper",
    "packer", "picker", "loader", "welder", "tailor", "seamstress", "hairdresser", "stylist", "host", "hostess", "bartender", "housekeeper", "concierge", "butler", "sommelier", "lawyer", "solicitor", "attorney", "notary", "judge", "planner",
    "purchaser", "merchandiser", "dispatcher", "courier", "controller", "inspector", "surveyor", "architect", "foreman", "builder", "roofer", "mason", "tiler", "glazier", "joiner", "fitter", "machinist", "researcher", "scientist", "chemist",
])
# fmt: on
_OBJECT: Final = re.compile(
    r" (?:(?:the|an?|any|every|their|its|his|her|your|our|this|that|these|those|it|them|him|another|such|enough|some|several|up to|at least|at most)\b|(?:all|both|each) (?:of )?(?:the|these|those|their|its|of)\b|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|\d[\d.,]*|half)\b|[`\"\u201c])"
)
"""What follows a verb and no noun."""
_PROPER: Final = re.compile(
    r" (?:[A-Z][\w&'-]*)(?: [A-Z][\w&'-]*){0,3}(?:$| (?:for|with|by|at|in|on|from|about|as|and|to|within|before|after)\b.*)"
)
_MANY: Final = re.compile(
    r" (?:[a-z-]+ ){0,2}[a-z-]+s(?:$| (?:for|with|by|at|in|on|from|as|to|into|onto|within|before|after)\b.*)"
)
_FINITE: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|does|do|(?:may|can|will|must|should|shall|might|could|would|cannot) [a-z]+)\b"
)
_CLAUSE: Final = re.compile(
    r"[,;:(\u2013\u2014]| - |\b(?:that|which|who|whom|whose|if|when|whenever|whether|because|as|so|until|once|where|wherever|how|what|whatever|why|while|after|before|unless|since|than|and|or|but|you|we|they|he|she|there)\b",
    re.IGNORECASE,
)
"""Where another clause may begin, which has a verb of its own."""
_CONCRETE: Final = frozenset([
    "sell", "lift", "paint", "glue", "chop", "fry", "sew", "knit", "grill", "garnish", "polish", "postpone", "dictate", "punch", "iron", "light", "fire", "charge", "bill", "water", "dust", "plate", "grate", "taste", "seat",
    "bake", "stitch", "weld", "carve", "tie", "knot", "roast", "toast", "season", "marinate", "serve", "sand", "saw", "drill", "nail", "screw", "unscrew", "hammer", "plaster", "tile", "plant", "prune", "mow", "rake", "dig",
])  # fmt: skip
"""Acts that are also done to several things without an article: ``paints walls``."""


def _is_new(role: str, verb: str, rest: str, known: Collection[str], *, modal: bool) -> bool:
    """Whether a word that is in no list of verbs is what the role does: ``lights`` of ``The clerk lights the fire``.

    ``rest`` is what stands behind it, from its blank on. Not where a later verb says something of it all: ``The manager bills are paid``.
    """
    if not (role in known or is_surely_person(role) or role.rsplit("-", maxsplit=1)[-1] in _TRADES):
        return False
    base = _base(verb, modal=modal)
    if not base or base in _STATES or verb in _SMALL or is_person(words.singular(verb)):
        return False
    is_object = _OBJECT.match(rest) or _PROPER.fullmatch(rest) or (base in _CONCRETE and _MANY.fullmatch(rest))
    return bool(is_object) and not (_is_made_by(rest) or _FINITE.search(_CLAUSE.split(rest, maxsplit=1)[0]))


def _is_made_by(rest: str) -> bool:
    """Whether the object is somebody who does something to what stands before: ``The user rights the admin grants``."""
    found = re.match(r" (?:the|an?|our|your|their) (?P<who>[a-z-]+(?: [a-z-]+)?) (?P<verb>[a-z]+)\b", rest)
    base = words.base_verb(found["verb"]) or words.of_passive(found["verb"]) if found else None
    return bool(found and base and base != found["verb"] and is_person(found["who"].replace(" ", "-")))


def _base(verb: str, *, modal: bool) -> str:
    """The verb without its ending; '' where the word has not the form that goes with what stands before it."""
    if not re.fullmatch(r"[a-z]+(?:-[a-z]+)?", verb) or verb in _SMALL:
        return ""
    if modal:
        return "" if verb.endswith(("ly", "ing", "ed")) else verb
    if len(verb) < 4 or not verb.endswith("s") or verb.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return ""
    return verb[:-3] + "y" if verb.endswith("ies") else words.singular_of_es(verb).removesuffix("s")


_DOES = re.compile(
    rf"(?P<the>(?i:(?:a|any|one|another) (?:member|person) (?:of|in|from|on) (?:the |our )?|the |a |an |our |your |one of the |another |each |every ))?(?P<role>{ROLE})(?P<modal>(?i: must)| shall| has to| have to| will| should|(?: is| are) (?:(?:expected|required) )?to| needs? to)?(?: also| then| first| next| now| finally| (?!apply|reply|supply|comply|rely|multiply|assembly)[a-z]+ly)* (?P<verb>[A-Za-z]+(?:-[a-z]+)?)\b(?! not\b).*"
)
_SHORTLY: Final = re.compile(r"(?P<who>(?:The |An? |Our )?(?:[A-Z][A-Za-z-]*(?: of| for)? ?){1,6}) \([A-Z]{2,6}s?\) ")


def by_role(text: str, known: Collection[str], *, numbered: bool = False) -> Activity | None:
    """The task of whoever the sentence begins with, as of :func:`~orchestrator.workflows.grammar.activity`. Raises :class:`Unclear`."""
    text = _SHORTLY.sub(r"\g<who> ", text, count=1) if _SHORTLY.match(text) else text
    found, doubtful = _DOES.fullmatch(text), ""
    while found is not None:
        role = role_name(found["role"])
        if role is not None and not text.startswith("`") and _is_done(found, text, role, known):
            if is_outside(role) and role not in known:
                raise Unclear(
                    f"The {role.replace('-', ' ')} belongs to another house, and does no step here.",
                    "Wait until the clerk confirms that ...; or, if they answer here: Roles: ...",
                )
            if role in known or (
                is_person(role) and (found["the"] or found["modal"] or _acts(found, text, numbered=numbered))
            ):
                return Activity("task", text, {"role": role})
            doubtful = doubtful or role
        found = _longer(text, found)
    if doubtful:
        raise doubted(doubtful)
    return None


def _is_done(found: re.Match[str], text: str, role: str, known: Collection[str]) -> bool:
    """Whether the word after the role is a verb in the form that goes with it."""
    verb, modal = found["verb"], bool(found["modal"])
    if verb.lower() in {"be", "have"}:
        return modal and instruct.is_duty(text[found.start("verb") :])
    if words.base_verb(verb) is None:
        is_led = bool(found["the"] or modal or role in known)
        return is_led and _is_new(role, verb, text[found.end("verb") :], known, modal=modal)
    return modal or verb.endswith("s")


def _acts(found: re.Match[str], text: str, *, numbered: bool) -> bool:
    """Whether people without an article do something to a thing: ``Finance pays the bill``, ``Legal counsel signs the form``."""
    rest, base = text[found.end("verb") :], words.base_verb(found["verb"])
    if re.match(r" (?:the|a|an|all|any|every|each|both|their|its|it)\b", rest):
        return True
    if base is None or not rest or _is_department(found["role"]) or not obliged.says_one_thing(rest):
        return False
    return numbered or not (instruct.is_noun_too(base) or base == "check")


def _is_department(name: str) -> bool:
    return (role_name(name) or "").rsplit("-", maxsplit=1)[-1] in DEPARTMENTS


def _longer(text: str, found: re.Match[str]) -> re.Match[str] | None:
    """The same sentence with one more word in the role: ``The on-call engineer restarts …``."""
    words_in_role = len(found["role"].split()) + 1
    if words_in_role > 4:  # noqa: PLR2004  as in ROLE
        return None
    role = r"[A-Za-z][A-Za-z-]*" + r" [A-Za-z][A-Za-z-]*" * (words_in_role - 1)
    return re.fullmatch(_DOES.pattern.replace(ROLE, role), text)
