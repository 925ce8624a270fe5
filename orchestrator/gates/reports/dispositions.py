"""Where each rule's finding goes (D6), in one reasoned table for ruff's S rules and bandit's B rules.

Default: what the tool rates medium or high goes back to the agent, what it
rates low is a note. ruff rates nothing, so its rules count as medium unless
the table says otherwise. S101 and B101 are the same rule under two names; the
table is keyed by the number, because the numbers are shared.
"""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.models.found import Disposition
from orchestrator.models.ids import Digest, canonical, sha256

__all__ = ["RULES_VERSION", "Ruling", "digest", "of_bandit", "of_ruff"]

RULES_VERSION = 4


class Ruling(NamedTuple):
    """``None`` as disposition: not a finding here at all."""

    disposition: Disposition | None
    severity: str
    cwe: int | None = None


_EXCEPTIONS: dict[str, Disposition] = {
    "101": Disposition.NOTE,  # assert: removed by -O, yet no weakness by itself
    "103": Disposition.NOTE,  # also 0o755, which every program has; HR405 asks who may write
    "105": Disposition.PERSON,  # a password in the source, or only a word like one: a person can tell
    "106": Disposition.PERSON,
    "107": Disposition.PERSON,
    "110": Disposition.NOTE,  # try/except/pass is a smell
    "112": Disposition.NOTE,
    "311": Disposition.NOTE,  # most random numbers are no secrets
    "401": Disposition.NOTE,  # 4xx: an import is no use; the use has its own rule
    "402": Disposition.NOTE,
    "403": Disposition.NOTE,
    "404": Disposition.NOTE,
    "405": Disposition.NOTE,
    "406": Disposition.NOTE,
    "407": Disposition.NOTE,
    "408": Disposition.NOTE,
    "409": Disposition.NOTE,
    "413": Disposition.NOTE,  # Crypto is pycryptodome today; the weak ciphers of it have rules of their own
    "603": Disposition.NOTE,  # a process started without a shell; 602, 604, 605 are the ones with
    "606": Disposition.NOTE,
    "607": Disposition.NOTE,  # a program found by PATH
    "613": Disposition.AGENT,  # bidirectional control characters
}
"""By rule number. What is not here follows its severity."""

_BANDIT_KNOWS_LESS = frozenset({"310", "601"})
"""ruff's 310 looks at the address, and asks about no fixed one of the web; our HR201 looks at what another machine is
given to run, and asks about none that is fixed or quoted."""

_RUFF_KNOWS_LESS = frozenset({"321"})
"""bandit's rule of this number tells FTP from FTP over TLS."""

_NOISE_IN_TESTS = {
    "101": None,  # tests assert
    "105": Disposition.NOTE,  # made-up credentials
    "106": Disposition.NOTE,
    "107": Disposition.NOTE,
    "108": Disposition.NOTE,  # names under /tmp as data
    "113": Disposition.NOTE,  # a test that waits for ever is stopped by its runner
    "311": None,
    "603": None,  # real programs are run, by their names
    "607": None,
}

_CWE_OF_RUFF = {
    **dict.fromkeys(("101", "110", "112"), 703),
    **dict.fromkeys(("102", "307", "601", "602", "603", "604", "605", "606", "607", "609"), 78),
    **dict.fromkeys(("105", "106", "107"), 259),
    **dict.fromkeys(("301", "302", "506"), 502),
    **dict.fromkeys(("303", "304", "305", "324", "502", "503", "504"), 327),
    **dict.fromkeys(("308", "702", "704"), 79),
    **dict.fromkeys(("312", "321", "508", "509"), 319),
    **dict.fromkeys(("313", "314", "315", "316", "317", "318", "319"), 611),
    **dict.fromkeys(("323", "501", "507"), 295),
    **dict.fromkeys(("608", "610", "611"), 89),
    **dict.fromkeys(("201", "612", "701"), 94),
    "103": 732,
    "104": 605,
    "108": 377,
    "306": 377,
    "113": 400,
    "202": 22,
    "310": 22,
    "311": 330,
    "505": 326,
}

_TRICKS_CWE = 1007
"""Visual deception of the reader of code."""


def of_bandit(rule: str, severity: str, cwe: int | None, *, in_test: bool) -> Ruling:
    """``severity`` is bandit's: low, medium or high."""
    if rule[1:] in _BANDIT_KNOWS_LESS:
        return Ruling(Disposition.NOTE, "low", cwe)
    return Ruling(_disposition(rule[1:], severity, in_test=in_test), severity, cwe)


def of_ruff(rule: str, *, in_test: bool) -> Ruling:
    """Security rules by number; PLE25 and RUF00x deceive the eye; PLC24 may be honest in another alphabet."""
    number = rule[1:]
    if rule.startswith("S") and number.isdigit():
        disposition = _disposition(number, "low" if number in _RUFF_KNOWS_LESS else "medium", in_test=in_test)
        return Ruling(disposition, "low" if disposition is Disposition.NOTE else "medium", _CWE_OF_RUFF.get(number))
    if rule.startswith("PLE25"):
        return Ruling(Disposition.AGENT, "high", _TRICKS_CWE)
    if rule.startswith("PLC24"):
        return Ruling(Disposition.PERSON, "medium", _TRICKS_CWE)
    if rule.startswith("RUF00"):
        return Ruling(Disposition.NOTE, "low", _TRICKS_CWE)
    return Ruling(Disposition.AGENT, "medium")


def _disposition(number: str, severity: str, *, in_test: bool) -> Disposition | None:
    if in_test and number in _NOISE_IN_TESTS:
        return _NOISE_IN_TESTS[number]
    if number in _EXCEPTIONS:
        return _EXCEPTIONS[number]
    return Disposition.NOTE if severity == "low" else Disposition.AGENT


def digest() -> Digest:
    """Of the whole table, for the digest of a gate's configuration."""
    fewer = [sorted(_BANDIT_KNOWS_LESS), sorted(_RUFF_KNOWS_LESS)]
    return sha256(canonical([_EXCEPTIONS, fewer, _NOISE_IN_TESTS, _CWE_OF_RUFF, RULES_VERSION]))
