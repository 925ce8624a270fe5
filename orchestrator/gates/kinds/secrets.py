"""Secrets in added lines of any text file: forms that tell what they are, detect-secrets' patterns, and our canary.

A form (an AWS key, a private key) goes back to the agent; a guess (a word such
as ``password`` beside a string, a random-looking string) is a person's, and a note
in tests. Comments that allow a secret are taken out before. A finding never
shows the secret: neither message nor fingerprint holds more than its line's digest.

Not checked: whether a key is alive (nothing is sent anywhere), binaries, and
what is spread over several lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from orchestrator import __version__
from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced, shared
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, Side, is_test, sides
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.kinds.secret_patterns import (
    CANARY,
    FORMS,
    GUESSES,
    WORTH_A_LOOK,
    forms,
    guesses,
    readings,
    telling,
    worth_a_look,
)
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.installed import NotInstalled, version
from orchestrator.gates.scanners.scanning import unscannable
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, Finding, GateReport
from orchestrator.models.ids import Digest, sha256
from orchestrator.policy.late import Late
from orchestrator.ports import Candidate

__all__ = ["RULES", "SecretsGate"]

_ROTATE = "take it out, read it from the environment at run time, and replace the key: it has been written down"
SECRET = KindRule(
    "SECRET",
    "a credential in the text",
    "Whoever reads the repository or its history can use it.",
    _ROTATE,
    disposition=Disposition.AGENT,
    cwe=798,
)
IN_TEST = KindRule(
    "SECRET-IN-TEST",
    "what looks like a credential, in a test",
    "It may be made up for the test, or be a real one; a person can tell.",
    "use a value that no service would take",
    cwe=798,
)
GUESS = KindRule(
    "SECRET-GUESS",
    "what may be a credential",
    "A random-looking string, or a string under a name such as password; a person can tell.",
    _ROTATE,
    severity="medium",
    cwe=798,
)
PLANTED = KindRule(
    "SECRET-CANARY",
    "a planted canary value",
    "Handrail put it where nothing may read it; here it shows that something was read and carried out.",
    "stop: find out how it was read before anything is merged",
    disposition=Disposition.DENY,
    severity="high",
    cwe=200,
)
NOTED = KindRule(
    "SECRET-NOTE",
    "what may be a credential, in a test",
    "Tests have made-up credentials.",
    "",
    disposition=Disposition.NOTE,
    severity="low",
    cwe=798,
)
RULES = (SECRET, IN_TEST, GUESS, PLANTED, NOTED)
_TRANSLATED = Late(
    r"(?:^|/)(?:locales?|i18n|l10n|lang(?:uages?)?|translations?|messages)/[^/]+(?:/[^/]+)*\.(?:json|ya?ml|po|properties)$"
)
"""Where the word for password stands beside the word for password in another language."""
_SECRET_KIND = Late(r"kind:\s*[\"']?Secret[\"']?\s*")
_SECRET_VALUE = Late(r"\s+[\"']?[\w.-]+[\"']?:\s*(?![\"']?(?:\{\{|\$|<|ENC\[))[\"']?[^\s\"'#]{6,}[\"']?\s*(?:#.*)?")
_SWITCH = Late(r"[:=]\s*[\"']?(?:yes|no|true|false|on|off|none|null)[\"']?\s*,?\s*$", re.IGNORECASE)
"""Whether there is a password, and not which."""
_LINES_LIMIT = 20_000


class SecretsGate:
    """Implements :class:`orchestrator.ports.Gate`. The worker is asked only about lines that are worth a look."""

    name = "secrets"
    computes = True
    tool = "detect-secrets"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def tool_version(self) -> str:
        try:
            return f"{version('detect-secrets')} (Handrail {__version__})"
        except NotInstalled as error:
            hint = "pip install detect-secrets"
            raise GateBroken("GATE030", "detect-secrets is not installed beside Handrail", hint) from error

    @property
    def config(self) -> Digest:
        return _config(self.name, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for file in candidate.files:
            head, base = sides(candidate, file)
            if head is None:
                outcome.passed_over(file, "deleted" if file.new_blob is None else "not an even file")
                continue
            try:
                outcome.scanned(file, self._judge(file, head, base, is_test(file.path, candidate.test_roots)))
            except GateBroken as error:
                why = str(error)
                outcome.broken.append(f"{file.path}: {why}")
                outcome.refused(file, why, unscannable(file, "SCAN-LIMIT", why, known=False))
        return outcome

    def _judge(self, file: ChangedFile, head: Side, base: Side | None, in_test: bool) -> tuple[Finding, ...]:  # noqa: FBT001
        added = _added(head, base)
        # Equal lines are read once: a large file of data is mostly made of them.
        lines = tuple(dict.fromkeys(line for _, line in added))
        read = {line: tuple(_sure(line, in_test=in_test)) for line in telling(lines)}
        hits = [_hit(rule, number, kind, line) for number, line in added for rule, kind in read.get(line, ())]
        kept = _kept_in_cluster(head)
        hits += [
            _hit(_rule(in_test=in_test, guess=True), n, "Secret of Kubernetes", line) for n, line in added if n in kept
        ]
        worth = {line for line in worth_a_look(lines) if not read.get(line) and _worth(line)}
        asked = [pair for pair in added if pair[1] in worth]
        guessed = self._asked(asked, in_test=in_test, translated=bool(_TRANSLATED.search(file.path)))
        return introduced(file.path, [*hits, *guessed], [])

    def _asked(self, worth: Sequence[tuple[int, str]], *, in_test: bool, translated: bool) -> Iterator[Hit]:
        for start in range(0, len(worth), _LINES_LIMIT):
            part = worth[start : start + _LINES_LIMIT]
            answer = self._worker.secrets("\n".join(line for _, line in part).encode("utf-8", "surrogatepass"))
            for index, kind, guess in answer["found"]:
                number, line = part[int(index)]
                rule = _rule(in_test=in_test, guess=bool(guess))
                if kind == "Secret Keyword" and _SWITCH.search(line):
                    continue
                if translated and kind == "Secret Keyword":
                    rule = NOTED
                yield _hit(rule, number, str(kind), line)


@cache
def _config(name: str, version: str) -> Digest:
    patterns = {form: p.pattern for form, p in (*FORMS.items(), *GUESSES.items())}
    rules = [[r.code, r.disposition] for r in RULES]
    return config_digest(name, patterns, WORTH_A_LOOK.pattern, CANARY.pattern, rules, version)


def _added(head: Side, base: Side | None) -> list[tuple[int, str]]:
    """Lines that the base has not, or has less often, with their numbers. Files that are no text have none."""
    if b"\0" in head.data and len(head.data) > SIZE_LIMIT_BYTES:
        return []
    now, before = _lines(head), _lines(base) if base is not None else []
    same = shared(now, before)
    old = Counter(before[same:])
    added: list[tuple[int, str]] = []
    for number, line in enumerate(now[same:], start=same + 1):
        if old[line]:
            old[line] -= 1
        elif line.strip():
            added.append((number, line))
    return added


def _lines(side: Side) -> list[str]:
    return side.data.decode("utf-8", "replace").replace("\r", "\n").split("\n")


def _kept_in_cluster(side: Side) -> frozenset[int]:
    """Numbers of lines with a value in ``data`` or ``stringData`` of a Secret: base64 hides nothing."""
    if not side.path.casefold().endswith((".yaml", ".yml")) or b"Secret" not in side.data:
        return frozenset()
    found: set[int] = set()
    document, block = list[int](), False
    secret = False
    for number, line in enumerate([*_lines(side), "---"], start=1):
        if line.startswith("---"):
            found.update(document if secret else ())
            document, block, secret = [], False, False
        elif line[:1].strip():
            secret = secret or bool(_SECRET_KIND.fullmatch(line))
            block = line.rstrip() in {"data:", "stringData:"}
        elif block and _SECRET_VALUE.fullmatch(line):
            document.append(number)
    return frozenset(found)


def _worth(line: str) -> bool:
    return bool(WORTH_A_LOOK.search(line))


def _sure(line: str, *, in_test: bool) -> Iterator[tuple[KindRule, str]]:
    """What a line holds without a doubt: the rule and the kind."""
    if any(CANARY.search(text) for text in readings(line)):
        yield PLANTED, ""
    for name in forms(line):
        yield _rule(in_test=in_test, guess=False), name
    for name in guesses(line):
        yield _rule(in_test=in_test, guess=True), name


def _rule(*, in_test: bool, guess: bool) -> KindRule:
    if guess:
        return NOTED if in_test else GUESS
    return IN_TEST if in_test else SECRET


def _hit(rule: KindRule, number: int, kind: str, line: str) -> Hit:
    # The fingerprint covers a digest: what names the finding must not be the secret.
    return rule.at((), number, kind, key=f"{kind} {sha256(line.encode('utf-8', 'surrogatepass'))}")
