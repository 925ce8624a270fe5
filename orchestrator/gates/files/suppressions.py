"""Comments that tell a scanner to look away, and which of them touch security.

They change nothing in our own verdict: the finding beneath counts as if the
comment were not there. A new one is a finding of its own, because it speaks to
the next tool and to the next reader. Whole lines of text are matched, also
within strings: that errs on the side of asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.models.found import Disposition
from orchestrator.policy.folding import lines_at, places
from orchestrator.policy.late import Late

__all__ = ["PATTERNS", "suppressions"]

_CODES = r"(?P<codes>[^\n#]*)"
PATTERNS = {
    "nosec": Late(rf"#\s*nosec\b{_CODES}", re.IGNORECASE),
    "noqa": Late(
        r"#\s*(?:(?:ruff|flake8)\s*:\s*)?noqa\b(?:\s*:\s*(?P<codes>[A-Za-z]+[0-9]*(?:[,\s]+[A-Za-z]+[0-9]+)*))?",
        re.IGNORECASE,
    ),
    "ruff": Late(rf"#\s*ruff\s*:\s*(?:disable|ignore|file-ignore)\b{_CODES}", re.IGNORECASE),
    "nosemgrep": Late(r"(?:#|//)\s*(?:nosem|nosemgrep)\b", re.IGNORECASE),
    "nosonar": Late(r"(?:#|//)\s*NOSONAR\b", re.IGNORECASE),
    "lgtm": Late(r"(?:#|//)\s*(?:lgtm|codeql)\s*\[", re.IGNORECASE),
    "allowlist secret": Late(r"pragma:\s*(?:allow|white)list[ -](?:nextline[ -])?secret", re.IGNORECASE),
    "gitleaks": Late(r"gitleaks:allow\b", re.IGNORECASE),
    "shellcheck": Late(r"#\s*shellcheck\s+disable\b", re.IGNORECASE),
    "zizmor": Late(r"#\s*zizmor:\s*ignore\b", re.IGNORECASE),
    "hadolint": Late(r"#\s*hadolint\s+(?:global\s+)?ignore\b", re.IGNORECASE),
    "eslint": Late(rf"(?:/\*|//)\s*eslint-disable(?:-next-line|-line)?\b{_CODES}", re.IGNORECASE),
    "oxlint": Late(
        rf"(?:/\*|//)\s*(?:oxlint-disable|biome-ignore|deno-lint-ignore|tslint:disable)(?:-next-line|-line)?\b{_CODES}",
        re.IGNORECASE,
    ),
    "gosec": Late(r"(?://|/\*)\s*#?\s*nosec\b", re.IGNORECASE),
    "flawfinder": Late(r"(?://|/\*)\s*(?:flawfinder|its4|rats)\s*:\s*ignore\b", re.IGNORECASE),
    "cppcheck": Late(r"\bcppcheck-suppress", re.IGNORECASE),
    "infrastructure": Late(r"\b(?:checkov:skip|tfsec:ignore|trivy:ignore|kics-scan\s+ignore)", re.IGNORECASE),
    "whole file": Late(
        r"#\s*mypy\s*:\s*(?:ignore-errors|allow-|disable-error-code|no-|follow-imports)"
        r"|#\s*pyright\s*:\s*(?:basic|off)\b|#\s*pyright\s*:[^#\n]*=\s*(?:false|none)\b|#\s*pylint\s*:\s*skip-file\b"
        r"|(?://|/\*)\s*@ts-nocheck\b|\bignore-check\.kube-linter\.io|\bsonar\.(?:[a-z]+\.)*(?:exclusions|ignore)\b",
        re.IGNORECASE,
    ),
    "types": Late(
        r"#\s*(?:type|pyright|pyre)\s*:?\s*-?(?:ignore|fixme)\b|(?://|/\*)\s*@ts-(?:ignore|expect-error)\b",
        re.IGNORECASE,
    ),
    "compiler": Late(
        r"#\s*pragma\s+(?:(?:GCC|clang)\s+diagnostic\s+ignored\b|warning\s*\(\s*disable\b)(?P<codes>[^\n]*)",
        re.IGNORECASE,
    ),
    "rust": Late(r"#!?\[\s*(?:allow|expect)\s*\((?P<codes>[^)\]]*)"),
    "eslint settings": Late(r"/\*\s*eslint\s+(?P<codes>[\w@/-]+\s*:\s*[\"'\[]{0,2}(?:off|0)\b[^*\n]*)", re.IGNORECASE),
    "java": Late(r"@Suppress(?:FBWarnings|Warnings)\b"),
    "rubocop": Late(rf"#\s*rubocop:(?:disable|todo)\b{_CODES}", re.IGNORECASE),
    "phpcs": Late(r"(?://|#|/\*)\s*phpcs:(?:ignore|disable)", re.IGNORECASE),
    "nolint": Late(rf"//\s*nolint\b{_CODES}", re.IGNORECASE),
    "deepsource": Late(r"\bskipcq\b(?:\s*:\s*[A-Z]{2,4}-[A-Z]?\d+)?"),
    "phpstan": Late(r"@(?:phpstan|psalm)-(?:ignore|suppress)\w*", re.IGNORECASE),
    "doctest": Late(r"#\s*doctest:\s*\+SKIP\b"),
    "coverage": Late(r"#\s*pragma:?\s*no\s*(?:cover|branch)|/\*\s*(?:istanbul|c8|v8)\s+ignore\b", re.IGNORECASE),
    "pylint": Late(rf"#\s*pylint\s*:\s*(?:disable|skip-file)\b{_CODES}", re.IGNORECASE),
}
FLOOD_LIMIT = 2000

_WORDS = (
    *("nosec", "noqa", "ruff", "nosem", "nosonar", "lgtm", "codeql", "pragma", "gitleaks", "shellcheck", "zizmor"),
    *("hadolint", "eslint", "nolint", "pylint", "oxlint", "biome", "deno-lint", "tslint", "flawfinder", "its4", "rats"),
    *("cppcheck", "checkov", "tfsec", "trivy", "kics", "suppress", "rubocop", "phpcs", "istanbul", "ignore", "mypy"),
    *("skipcq", "phpstan-", "psalm-", "doctest:"),
    *("pyright", "pyre", "ts-nocheck", "ts-expect", "kube-linter", "sonar.", "[allow", "[expect", "[ allow"),
)
"""One of these is in each of the patterns: most texts and lines are done with after looking for them."""
_ANY = Late("|".join(map(re.escape, _WORDS)), re.IGNORECASE)
_QUIET = frozenset({"pylint", "java", "phpcs", "coverage", "types", "phpstan"})
_NAMED = frozenset({"eslint", "eslint settings", "oxlint", "nolint", "rubocop", "compiler", "rust"})
"""Linters whose rules have names. Without one, all are silenced, those about security too."""
_SECURITY_NAME = Late(
    r"secur|eval|inject|unsafe|danger|xss|script-url|no-new-func|gosec|crypto"
    r"|overflow|array-bounds|-Wall\b|\b4996\b|clippy::(?:all|suspicious|correctness)\b|\bwarnings\b|unused_must_use",
    re.IGNORECASE,
)
_QUALIFIED = frozenset({"noqa", "ruff"})
_SECURITY_CODE = Late(r"(?:S[0-9]*|PLE25[0-9]*|PLC24[0-9]*|RUF00[123]?|DUO[0-9]*|SEC[0-9]*|ALL)", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]+[0-9]*")


def suppressions(text: str) -> Iterator[Hit]:
    """One hit per kind of suppression and line, line numbers from 1; lines end at LF only; in a flood one in all."""
    found = places(text, _WORDS)
    if not found:
        return
    hits = list(islice(_by_line(text, found), FLOOD_LIMIT + 1))
    if len(hits) <= FLOOD_LIMIT:
        yield from hits
        return
    message = f"more than {FLOOD_LIMIT} suppressions in one file ({len(_ANY.findall(text))} words)"
    yield Hit(rule="SUPPRESSION", message=message, disposition=Disposition.PERSON, text=message)


def _by_line(text: str, found: Sequence[int]) -> Iterator[Hit]:
    lines = text.split("\n")
    for number in lines_at(found, (len(line) + 1 for line in lines)):
        for name, pattern in PATTERNS.items():
            matches = list(pattern.finditer(lines[number - 1]))
            if matches:
                yield _hit(name, matches, lines, number)


def _hit(name: str, matches: Sequence[re.Match[str]], lines: Sequence[str], number: int) -> Hit:
    security = any(_silences_security(name, match) for match in matches)
    return Hit(
        rule="SUPPRESSION",
        message=f"a new suppression: {matches[0].group(0).strip()}",
        disposition=Disposition.PERSON if security else Disposition.NOTE,
        line=number,
        end_line=number,
        text=line_text(lines, number, number),
        severity="medium" if security else "low",
        hint="mend the finding instead; a suppression changes nothing here",
    )


def _silences_security(name: str, match: re.Match[str]) -> bool:
    if name in _QUIET:
        return False
    if name in _NAMED:
        # After "--" stands a reason, and "*/" ends a comment.
        rules = (match.group("codes") or "").partition("--")[0].partition("*/")[0].strip(" :/")
        return not rules or _SECURITY_NAME.search(rules) is not None
    if name not in _QUALIFIED:
        return True
    codes = _CODE.findall(match.group("codes") or "")
    return not codes or any(_SECURITY_CODE.fullmatch(code) for code in codes)
