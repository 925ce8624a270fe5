"""Rules about what a spec touches and does not guard: people's data, keys, money, deletion, the outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Part
from orchestrator.specs.lint.rule import Check, Family, Remark, Rule, clip, remark
from orchestrator.specs.lint.texts import heads_of, holds
from orchestrator.specs.markdown import BlockKind

_SECRET = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{24,}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{12,}|\b(?:password|passwd|secret|token|api[_ -]?key)\s*[:=]\s*[\"']?(?=[^\s\"'`]*\d)[^\s\"'`<>\[\]{}]{8,}",
    re.IGNORECASE,
)

_SECRET_WORDS = (
    "akia",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "-----",
    "sk-",
    "xox",
    "passw",
    "secret",
    "token",
    "api",
)
"""Each of :data:`_SECRET` holds one of them. A look for a word is many times cheaper than the expression."""


def _guarded(touches: str, words: str, control: str, message: str) -> Check:
    """Remark on the first sentence of a requirement that touches something, when no sentence of the spec names a control for it.

    ``words`` as in :func:`~orchestrator.specs.lint.words.phrases`; ``control`` is matched against small letters.
    """
    touched, controlled, heads = re.compile(touches, re.IGNORECASE), re.compile(control), heads_of(words)

    def check(document: Document) -> Iterator[Remark]:
        for sentence in document.saying(heads, Part.STATEMENT, Part.CRITERION):
            found = touched.search(sentence.text)
            if found:
                if not controlled.search(document.lowered):
                    yield remark(sentence, found.start(), found.end(), message.format(clip(found[0])))
                return

    return check


def _secrets(document: Document) -> Iterator[Remark]:
    for block in document.blocks:
        lowered = (block.raw or block.text).casefold()
        if not holds(lowered, _SECRET_WORDS):
            continue
        text = block.text if block.kind is BlockKind.CODE else block.plain
        for found in _SECRET.finditer(text):
            line, column = (block.line, block.column) if block.kind is BlockKind.CODE else block.place(found.start())
            yield Remark(line, column, "This looks like a real key or password.", min(len(found[0]), 12))


_HEAD = "# Shop\n\nCustomers wait.\n\n## Requirements\n\n### REQ-001: One\n\n"

RULES = (
    Rule(
        "PRD160", Family.SECURITY, "personal data, and no rule for it",
        "Who may see it, how long it is kept and how it is protected is decided by whoever builds it.",
        "say who may see it, how long it is kept, and how it is protected",
        bad=_HEAD + "The shop must store the customer's date of birth and home address.\n",
        good=_HEAD + "The shop must store the customer's home address, encrypted, and delete it 30 days after delivery.\n",
        check=_guarded(
            r"\b(?:personal (?:data|information|details)|date of birth|home address|phone numbers?|e-?mail address(?:es)?|passport (?:numbers?|data|details|scans?|cop(?:y|ies))|national id|social security|health (?:data|record)s?|medical|biometric|location history|full names?|PII)\b",
            "personal date home phone email mail passport national social health medical biometric location full pii",
            r"encrypt|anonymi[sz]|pseudonymi[sz]|consent|retention|retain|\bkept for\b|gdpr|privacy|\bmask|redact|access control|\bonly (?:the|an?) \w+ (?:may|can)|authori[sz]|right to be forgotten|data protection",
            "{!r}: nothing says who may see it or how long it is kept.",
        ),
    ),
    Rule(
        "PRD161", Family.SECURITY, "credentials, and no rule for them",
        "Passwords and keys leak through logs, storage and messages that nobody thought of.",
        "say how they are stored, who can read them, and how they are replaced",
        bad=_HEAD + "The shop must store the password of each customer.\n",
        good=_HEAD + "The shop must store each password as a salted hash.\n",
        check=_guarded(
            r"\b(?:passwords?|passphrases?|api[ -]keys?|access tokens?|refresh tokens?|private keys?|credentials?|client secrets?)\b",
            "password passphrase passphrases api access refresh private credential client",
            r"\bhash|encrypt|keyring|key ?chain|vault|secret (?:store|manager)|redact|\bmask|rotat|never (?:be )?(?:log|stor|print|writ|shown|leav|persist)|(?:must|shall|does|do|is|are) not (?:be )?(?:log|stor|print|writ|shown|persist|expos|includ|contain|leak)|no (?:secrets?|credentials?|tokens?)|environment variable|0600|expire|scoped",
            "{!r}: nothing says how it is kept.",
        ),
    ),
    Rule(
        "PRD162", Family.SECURITY, "payments, and no rule for them",
        "A payment that is made twice, or half, costs money and trust.",
        "say what happens when it is repeated, interrupted or refused, and who may take it back",
        bad=_HEAD + "A customer must be able to pay with a credit card.\n",
        good=_HEAD + "A customer must be able to pay with a credit card; a repeated request with the same order number must not charge twice.\n",
        check=_guarded(
            r"\b(?:credit cards?|debit cards?|card payments?|payments? (?:is|are|must|shall)|charge the (?:customer|card)|checkout|payouts?|bank transfers?|pay with)\b",
            "credit debit card payment payments charge checkout payout bank pay",
            r"idempot|twice|duplicate|pci|tokeni[sz]|refund|chargeback|reversal|declin|refus|reject|fraud|3-?d ?secure|reconcil|payment fail|fails",
            "{!r}: nothing says what happens when it is repeated or refused.",
        ),
    ),
    Rule(
        "PRD163", Family.SECURITY, "data is deleted, and nothing guards it",
        "The best-known accident of this field is a deletion that nobody had limited.",
        "say who may delete, whether it asks first, and how long it can be undone",
        bad=_HEAD + "An operator must be able to delete all orders of a year.\n",
        good=_HEAD + "An operator must be able to delete all orders of a year after typing the year as a confirmation.\n",
        check=_guarded(
            r"\b(?:delet(?:e|es|ing)|purg(?:e|es|ing)|eras(?:e|es|ing)|wip(?:e|es|ing)|drop(?:s|ping)? (?:the )?(?:table|database))\b(?!\s+key)",
            "delete purge erase erasing wipe wiping drop",
            r"confirm|undo|restor|recover|backup|back up|soft[- ]delet|trash|recycle|archiv|audit|dry[- ]run|retention|grace period|irreversib|cannot be undone|only (?:the )?(?:owner|admin)|permission|authori[sz]|asks? (?:first|before)|rollback|roll back|preserv|prompt|--force|without delet"
            r"|\b(?:after|older than|kept for|for) (?:\d+|one|two|three|six) (?:hour|day|week|month|year)s?\b",
            "{!r}: nothing says whether it can be undone.",
        ),
    ),
    Rule(
        "PRD164", Family.SECURITY, "another service is called, and its failure is not spoken of",
        "It will be slow, down or changed one day, and then the program does whatever it happens to do.",
        "say how long to wait, what is shown meanwhile, and what happens when no answer comes",
        bad=_HEAD + "The shop must get the exchange rate from the bank's API.\n",
        good=_HEAD + "The shop must get the exchange rate from the bank's API, and use yesterday's when no answer comes within 2 seconds.\n",
        check=_guarded(
            r"\b(?:(?<!no )(?:third[- ]party|external) (?:api|service|system|provider|server|backend|endpoint)s?(?! dependenc)|webhooks?|remote (?:api|service|server)s?|\w+'s API|calls? (?:the|an?) (?:\w+ )?API|via (?:the )?\w+ API)\b",
            "third external webhook remote api",
            r"timeout|time[sd]? out|retr(?:y|ies)|fall ?back|unavailable|unreachable|offline|no answer|outage|circuit|rate[- ]limit|degrad|fails?\b|failure|error|connection (?:lost|refused)|without an? (?:answer|response)|do(?:es)? not (?:answer|respond)",
            "{!r}: nothing says what happens when it does not answer.",
        ),
    ),
    Rule(
        "PRD165", Family.SECURITY, "files are taken in, and nothing limits them",
        "A file can be huge, of another kind than it says, or made to harm whoever opens it.",
        "say the largest size, the kinds that are taken, and what happens to others",
        bad=_HEAD + "A customer must be able to upload a photo.\n",
        good=_HEAD + "A customer must be able to upload a photo of at most 5 MB in PNG or JPEG.\n",
        check=_guarded(
            r"\b(?:(?:upload|attach)(?:s|es|ed|ing)?\s+(?:\w+\s+){0,3}?(?:files?|photos?|images?|pictures?|documents?|attachments?|videos?"
            r"|avatars?|logos?|csv|spreadsheets?|media|recordings?|scans?|certificates?|cvs?|r[e\u00e9]sum[e\u00e9]s?|invoices?|receipts?"
            r"|contracts?)|file (?:attachments?|uploads?))\b",
            "upload attach file",
            r"\d\s*[kmg]i?b\b|megabyte|size limit|maximum size|max(?:imum)? file|file size|file types?|mime|virus|malware|scan|allow-?list|extension|jpeg|png|pdf|only .{0,20}files",
            "{!r}: nothing says how large or of which kind.",
        ),
    ),
    Rule(
        "PRD166", Family.SECURITY, "a special role, and nothing says what only it may do",
        "Without the rule, everybody may, or nobody.",
        "say what the role may do and others may not, and what those are shown",
        bad=_HEAD + "An administrator must see a page with all orders.\n",
        good=_HEAD + 'Only an administrator must see the page with all orders; others are shown "not found".\n',
        check=_guarded(
            r"\b(?:admin(?:istrator)?s?|superusers?|moderators?|privileged users?)\b",
            "admin superuser moderator privileged",
            r"\bonly\b|permission|authori[sz]|forbidden|not allowed|denied|\b403\b|access control|role-based|rbac|least privilege|privileges?\b(?! users?)",
            "{!r}: nothing says what others may not do.",
        ),
        severity=Severity.INFO,
    ),
    Rule(
        "PRD167", Family.SECURITY, "what looks like a real key or password",
        "The file is copied into runs, prompts and evidence; whoever reads one of them has the key.",
        "take it out, replace it where it is used, and write its name instead",
        bad=_HEAD + "The till must log in with password: hunter2-hunter2.\n",
        good=_HEAD + "The till must log in with the password of its own account.\n",
        check=_secrets, languages=(),
    ),
)  # fmt: skip
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
