"""Rules about how a requirement's sentences are built."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Part, Sentence
from orchestrator.specs.lint.rule import Family, Remark, Rule, clip, remark, whole
from orchestrator.specs.lint.texts import heads_of
from orchestrator.specs.lint.words import phrases, unquoted

MAX_WORDS = 45
_MODAL = re.compile(r"\b(?:must|shall|MUST|SHALL|will|needs? to|has to|have to)\b")
_JOINED = re.compile(
    r"\b(?:and|as well as|, and|;)\s+(?:it |they |the \w+ )?(?:must|shall|will|MUST|SHALL|also (?:must|shall))\b",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\b(?:must|shall|should|will|MUST|SHALL)\s+(?:also\s+|not\s+|then\s+|always\s+)?be\s+(?:\w+ly\s+)?"
    r"((?:\w{2,}(?:ed|wn))|made|sent|kept|built|held|set|put|run|read|written|given|taken|found|lost|done|chosen)\b"
)
_STATES = frozenset(
    {
        "required",
        "allowed",
        "supported",
        "based",
        "limited",
        "expected",
        "needed",
        "located",
        "related",
        "permitted",
        "closed",
    }
)
_TECHNOLOGY = (
    r"\b(?:React|Vue|Angular|Svelte|Next\.js|jQuery|Django|Flask|FastAPI|Spring(?: Boot)?|Rails|Laravel|Express(?:\.js)?|Redux|Tailwind"
    r"|PostgreSQL|Postgres|MySQL|SQLite|MongoDB|Redis|Kafka|RabbitMQ|Elasticsearch|DynamoDB|Cassandra|Memcached|GraphQL|gRPC"
    r"|Docker|Kubernetes|Terraform|Lambda function|S3 bucket|JSONB|B-tree|hash ?map|linked list|singleton|foreign key|stored procedure"
    r"|cron ?job|webpack|TypeScript|JavaScript)\b"
)
_TECHNOLOGY_WORDS = (
    "react vue angular svelte next jquery django flask fastapi spring rails laravel express redux tailwind postgres mysql"
    " sqlite mongodb redis kafka rabbitmq elasticsearch dynamodb cassandra memcached graphql grpc docker kubernetes terraform"
    " lambda bucket jsonb tree hash hashmap linked singleton foreign stored cron cronjob webpack typescript javascript"
)
_PRONOUN = re.compile(r"^(?:It|This|That|They|These|Those)\s+(?:must|shall|should|will|is|are|can|MUST|SHALL)\b")
_TWICE_NOT = r"\b(?:must|shall|should|will|MUST|SHALL)\s+(?:not|NOT)\s+(?:fail to|be un\w+|be in(?:valid|visible|active|complete|accessible)|disallow|prevent \w+ from not|not)\b"
_DEMANDING = heads_of("must shall will")
_MODALS = heads_of("must shall will need needs has have")
_BY = re.compile(r"\bby\s+\w")
_BE = heads_of("be")
_CONDITION = re.compile(r"^(?:if|when|while|where|given|once|after|before|as soon as|unless)\b", re.IGNORECASE)

_CONSEQUENCE = re.compile(r"\b(?:then|must|shall|will|is|are|can|does|do|should)\b", re.IGNORECASE)


def _several(document: Document) -> Iterator[Remark]:
    for sentence in document.saying(_DEMANDING, Part.STATEMENT):
        found = _JOINED.search(unquoted(sentence.text))
        if found and _MODAL.search(sentence.text, 0, found.start()):
            yield remark(sentence, found.start(), found.end(), "This sentence demands two things.")


def _many_demands(document: Document) -> Iterator[Remark]:
    made: dict[str, list[Sentence]] = {}
    for sentence in document.saying(_MODALS, Part.STATEMENT):
        if _MODAL.search(sentence.text):
            made.setdefault(sentence.requirement.id, []).append(sentence)
    for demanding in made.values():
        if len(demanding) > 4:  # noqa: PLR2004  five demands under one id are rarely one thing
            name = demanding[4].requirement.aliases[0]
            yield whole(demanding[4], f"{name} makes {len(demanding)} demands under one id.")


def _passive(document: Document) -> Iterator[Remark]:
    for sentence in document.saying(_BE, Part.STATEMENT):
        text = unquoted(sentence.text)
        for found in _PASSIVE.finditer(text):
            if found[1].casefold() in _STATES or _BY.search(text, found.end()):
                continue
            yield remark(sentence, found.start(), found.end(), f"{clip(found[0])!r}: by whom?")


def _pronoun(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        first = next(iter(document.stated(requirement)), None)
        found = _PRONOUN.match(first.text) if first else None
        if first and found:
            yield remark(
                first, 0, len(found[0].split()[0]), f"{found[0].split()[0]!r} has nothing before it to point at."
            )


def _long(document: Document) -> Iterator[Remark]:
    for sentence in document.demands:
        if len(sentence.text) <= 2 * MAX_WORDS:
            continue
        words = len(sentence.text.split())
        if words > MAX_WORDS:
            yield whole(sentence, f"This sentence has {words} words; {MAX_WORDS} can be held in mind.")


def _no_verb(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        statements = document.stated(requirement)
        if statements and all(len(s.text.split()) < 4 for s in statements):  # noqa: PLR2004  three words are a title
            yield whole(statements[0], f"{clip(statements[0].text)!r} is a title and no sentence.")


def _repeats_title(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        statements = document.stated(requirement)
        if len(statements) != 1 or not requirement.title:
            continue
        title = set(document.content(requirement.title))
        if title and set(document.content(statements[0].text)) == title:
            yield whole(statements[0], "The statement says no more than the title.")


def _condition_alone(document: Document) -> Iterator[Remark]:
    for sentence in document.statements:
        if "," in sentence.text or sentence.text.endswith(":") or not _CONDITION.match(sentence.text):
            continue
        text = sentence.text.rstrip(" .;")
        if _CONSEQUENCE.search(text):
            continue
        if len(text.split()) >= 4:  # noqa: PLR2004  shorter ones are labels
            yield whole(sentence, "A condition, and nothing that follows from it.")


RULES = (
    Rule(
        "PRD123",
        Family.QUALITY,
        "two demands in one sentence",
        "When one of them fails, the requirement is half done, and its test cannot say which half.",
        "make two requirements, or two criteria",
        bad="The till must show the balance and it must print a receipt.",
        good="The till must show the balance in euros and cents.",
        check=_several,
    ),
    Rule(
        "PRD124",
        Family.QUALITY,
        "nobody is said to do it",
        "A passive without an actor hides whether a person, this system or another one is to do it.",
        "begin with who does it",
        bad="The invoice must be approved before it is paid.",
        good="The accountant must approve the invoice before the system pays it.",
        check=_passive,
        severity=Severity.INFO,
        default=False,
    ),
    Rule(
        "PRD128",
        Family.QUALITY,
        "a means instead of a need",
        "A named product or structure in a requirement forbids better ones without saying why. A constraint belongs under Constraints, with its reason.",
        "say what must be true for the user; move the means to Constraints",
        bad="The basket must be kept in Redis.",
        good="The basket must be kept for 30 days.",
        check=phrases(_TECHNOLOGY, _TECHNOLOGY_WORDS, "{!r} is a means.", parts=(Part.STATEMENT,)),
        severity=Severity.INFO,
        default=False,
    ),
    Rule(
        "PRD129",
        Family.QUALITY,
        "many demands under one id",
        "Nobody can accept, reject or trace one of them alone.",
        "give each demand its own id",
        bad="The till must show the price. It must show the tax. It must print a receipt. It must open the drawer. It must lock after use.",
        good="The till must show the price. It must show the tax.",
        check=_many_demands,
    ),
    Rule(
        "PRD132",
        Family.QUALITY,
        "a pronoun that points at nothing",
        "A requirement is read alone: in a plan, beside a diff, in a list. There nothing stands before it.",
        "repeat the noun",
        bad="It must show the balance.",
        good="The till must show the balance.",
        check=_pronoun,
    ),
    Rule(
        "PRD136",
        Family.QUALITY,
        "a double negative",
        "Readers and models alike get them wrong.",
        "say what must happen",
        bad="The import must not fail to report a bad line.",
        good="The import must report each bad line.",
        check=phrases(_TWICE_NOT, "not", "{!r} says no twice."),
    ),
    Rule(
        "PRD137",
        Family.QUALITY,
        f"a sentence of more than {MAX_WORDS} words",
        "The end of such a sentence is not read.",
        "make two sentences of it, or a list of criteria",
        bad="The till must " + "show the balance of each card of each customer of each shop " * 4 + "today.",
        good="The till must show the balance of the card.",
        check=_long,
        languages=(),
    ),
    Rule(
        "PRD138",
        Family.QUALITY,
        "a requirement that is no sentence",
        "A title does not say what must become true.",
        "write who does what, and what is then to be seen",
        bad="Dark mode.",
        good="The reader must be able to switch the page to light text on a dark ground.",
        check=_no_verb,
        languages=(),
    ),
    Rule(
        "PRD118",
        Family.QUALITY,
        "a statement that repeats its title",
        "What is said twice is not said more clearly.",
        "say who does what, when, and what is then to be seen",
        bad="# Till\n\nWhy: queues.\n\n## Requirements\n\n### REQ-001: Show the card balance\n\nShow the balance of the card.\n",
        good="# Till\n\nWhy: queues.\n\n## Requirements\n\n### REQ-001: Show the card balance\n\nThe till shows what is left as soon as a number is typed.\n",
        check=_repeats_title,
        languages=(),
    ),
    Rule(
        "PRD119",
        Family.QUALITY,
        "a condition without a consequence",
        "It says when, and not what.",
        "end the sentence with what the system does",
        bad="When a customer enters a wrong number three times.",
        good="When a customer enters a wrong number three times, the till locks the card.",
        check=_condition_alone,
    ),
)
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
