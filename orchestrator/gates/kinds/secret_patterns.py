"""Forms of credentials that tell what they are, and what makes a line worth a closer look.

The forms are matched in this process, so that an ordinary change never waits
for detect-secrets to be imported; its own forms and guesses are asked for the
lines that :data:`WORTH_A_LOOK` picks.
"""

from __future__ import annotations

import base64
import binascii
import re
import string
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from orchestrator.policy.late import Late

_CODED = Late(r"b85|a85|b32|rot_?13|to_bytes|[\w)\]]\s{0,4}\^=?\s{0,4}[\w(]")
"""What a text is turned back by, in the line that holds it."""
_PORT = Late(r":(?:\d{4,5}|\*):")

__all__ = ["CANARY", "FORMS", "GUESSES", "WORTH_A_LOOK", "forms", "guesses", "readings", "telling", "worth_a_look"]

CANARY = Late(r"hrcanary[0-9a-f]{24}")
"""The values that our own tests and sandboxes plant where nothing may read them."""

FORMS: dict[str, Late] = {
    "AWS access key": Late(r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
    "GitHub token": Late(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})"),
    "GitLab token": Late(r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_-]{20,}"),
    "private key": Late(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "PuTTY private key": Late(r"PuTTY-User-Key-File-[23]:"),
    "age private key": Late(r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    "Anthropic key": Late(r"sk-ant-[a-z0-9]{3,}-[A-Za-z0-9_-]{32,}"),
    "OpenAI key": Late(r"(?<![A-Za-z0-9])sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    "Google API key": Late(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    "Google OAuth secret": Late(r"GOCSPX-[A-Za-z0-9_-]{28}"),
    "Hugging Face token": Late(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{34,}"),
    "Slack token": Late(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{16,}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}"),
    "Slack webhook": Late(r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9+/]{40,}"),
    "Stripe key": Late(r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{20,}"),
    "npm token": Late(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}"),
    "PyPI token": Late(r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    "SendGrid key": Late(r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    "DigitalOcean token": Late(r"do[por]_v1_[a-f0-9]{64}"),
    "Databricks token": Late(r"(?<![A-Za-z0-9])dapi[a-f0-9]{32}(?![a-f0-9])"),
    "Shopify token": Late(r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    "Vault token": Late(r"(?<![A-Za-z0-9])hv[sb]\.[A-Za-z0-9_-]{24,}"),
    "Telegram bot token": Late(r"(?<![0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
    "private key of OpenSSH": Late(r"b3BlbnNzaC1rZXktdjEA[A-Za-z0-9+/]{40,}"),
    "private JSON Web Key": Late(
        r"[\"']kty[\"']\s*:[^\n]{1,2000}[\"']d[\"']\s*:\s*[\"'][A-Za-z0-9_-]{40,}|[\"']d[\"']\s*:\s*[\"'][A-Za-z0-9_-]{40,}[^\n]{1,2000}[\"']kty[\"']"
    ),
    "JSON Web Token": Late(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
}

_MIXED = r"(?=[^\s\"']{0,64}\d)(?=[^\s\"']{0,64}[A-Za-z])(?![$<{*%])"
GUESSES: dict[str, Late] = {
    "basic authorisation": Late(
        r"\b(?:[Aa]uthorization|AUTHORIZATION)[\"']?\s*[:=,]\s*[bf]?[\"']?(?i:basic)\s+[A-Za-z0-9+/]{16,}={0,2}"
    ),
    "password of a command": Late(
        rf"\b(?:mysql|mysqldump|mysqladmin|mariadb(?:-dump)?)\b[^\n|;&]{{0,200}}\s-p{_MIXED}[^\s\"'$]{{8,}}"
        rf"|\bsshpass\s+-p\s*[\"']?{_MIXED}[^\s\"'$]{{8,}}|\b(?:PGPASSWORD|MYSQL_PWD|RESTIC_PASSWORD|SSHPASS)=[\"']?{_MIXED}[^\s\"'$]{{8,}}"
        rf"|\bcurl\b[^\n|;&]{{0,200}}\s(?:-u|--user)[\s=][\"']?[\w.@-]{{1,64}}:{_MIXED}[^\s\"'$]{{8,}}"
        rf"|\bredis-cli\b[^\n|;&]{{0,200}}\s-a\s+[\"']?{_MIXED}[^\s\"'$]{{8,}}"
    ),
    "password of a connection": Late(
        r"\b(?:Server|Data Source|Uid|User ID|Initial Catalog)\s*=[^\n\"']{1,400};\s*(?:Pwd|Password)\s*="
        rf"\s*{_MIXED}[^\s;\"'$%]{{8,}}"
    ),
    "password file of PostgreSQL": Late(
        rf"^[\w.*-]{{1,200}}:(?:\d{{4,5}}|\*):[^:\s]{{1,80}}:[^:\s]{{1,80}}:{_MIXED}[^\s:]{{8,}}$"
    ),
    "hashed password": Late(r"^[^\s:$]{1,80}:\$(?:2[aby]|apr1|argon2\w*|[1567y])\$[^\s:]{20,}"),
    "password in a variable": Late(
        rf"^\s*(?:-\s+)?[A-Z][A-Z0-9_]{{0,60}}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY)\s*[:=]\s*{_MIXED}(?=\S{{0,64}}[a-z])(?=\S{{0,64}}[A-Z])[\w!@#%^&*+-]{{10,64}}\s*$"
    ),
    "netrc": Late(rf"\bmachine\s+\S{{1,200}}\s+login\s+\S{{1,200}}\s+password\s+{_MIXED}\S{{8,}}"),
}
"""Places where a password stands, whatever it looks like: a person can tell."""
_GUESSED = (
    *(
        "uthorization",
        "UTHORIZATION",
        "mysql",
        "mariadb",
        "sshpass",
        "PGPASSWORD",
        "MYSQL_PWD",
        "RESTIC_PASSWORD",
        "SSHPASS",
    ),
    *(
        "redis-cli",
        "curl",
        "machine",
        "Pwd",
        "Password",
        ":$",
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
    ),
    *("API_KEY", "APIKEY"),
)

_NAMES = (
    *("api_key", "apikey", "auth_key", "authkey", "service_key", "servicekey", "account_key", "db_key", "dbkey"),
    *("database_key", "databasekey", "priv_key", "privkey", "private_key", "privatekey", "client_key", "clientkey"),
    *("db_pass", "dbpass", "database_pass", "databasepass", "key_pass", "keypass", "password", "passwd", "pwd"),
    *("secret", "contrase", "credential", "bearer", "artifactory", "accountkey", "cloudant", "discord", "ibm"),
    *("softlayer", "sqoatp", "sq0", "twilio", "mailchimp", "_authtoken"),
)
"""What carries a credential by its name."""
_LOOKS = (
    # a quoted string that may be random, a number of a data centre, an address with a password
    r"[\"'][A-Za-z0-9+/=_\-\\]{20,}[\"']",
    r"(?i:-us[0-9])",
    r"://[^\s/@]*:[^\s/@]+@",
    r"(?<![A-Za-z0-9])(?:AC|SK)[a-z0-9]{32}",
    r"AKC",
    r"AP[0-9A-Fa-f][A-Za-z0-9]{8}",
    r"[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.",
)
_LOOK = tuple(map(re.compile, _LOOKS))
WORTH_A_LOOK = Late("|".join([*_LOOKS, f"(?i:{'|'.join(_NAMES)})"]))

_PIECES = (
    *("AKIA", "ASIA", "ABIA", "ACCA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "-----BEGIN", "PuTTY"),
    *("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glsoat-", "AGE-SECRET", "sk-"),
    *("AIza", "GOCSPX", "hf_", "xox", "xapp", "hooks.slack", "rk_live", "sk_live", "npm_", "pypi-", "SG.", "dop_v1"),
    *("doo_v1", "dor_v1", "dapi", "shp", "hvs.", "hvb.", ":AA", "eyJ", "hrcanary", "b3Blbn", "kty"),
)
"""A piece of each form, and of a canary: most lines are done with after one search."""
_HINT = Late("|".join(map(re.escape, _PIECES)))

_MADE_UP = Late(r"(.)\1{9}")
"""No generator gives ten equal letters in a row; whoever fills in a form does."""
_FILLING = Late(r"(.)\1{7,}")
_LISTED = Late(r"[\"']\s*,\s*[fFrRbBuU]{0,2}[\"']")
_ESCAPED = Late(r"(?:(?:%|\\x|\\u00)[0-9a-fA-F]{2}){16,2048}")
_ESCAPE = Late(r"%|\\x|\\u00")
_HEX = Late(r"(?:[0-9a-fA-F]{2}[ ]?){16,2048}")
_BACKWARDS = Late(r"\[\s*:?\s*:\s*-1\s*\]|\breversed\b")
_FIRST, _LAST = 0x20, 0x7E
_SHORTEST = 16
_SEAM = Late(r"[\"']\s*\+?\s*[fFrRbBuU]{0,2}[\"']")
_BASE64 = Late(r"[A-Za-z0-9+/_-]{24,4096}={0,2}")
_CODES = Late(r"\b(?:\d{2,3}\s{0,4},\s{0,4}){15,4096}\d{2,3}\b")
_RUN, _HEX_RUN, _CODES_RUN = 24, 32, 47
_IN_RUNS, _IN_HEX, _IN_CODES = (
    bytes(97 if chr(n) in kept else 32 for n in range(256))
    for kept in (f"{string.ascii_letters}{string.digits}+/_-", f"{string.hexdigits} ", f"{string.digits}, ")
)
"""Translations: what base64, hexadecimal with gaps, and numbers of characters may be made of becomes an ``a``."""


def telling(lines: Sequence[str]) -> Iterable[str]:
    """Those of which :func:`readings` or :func:`forms` may tell anything, or which may hold a canary, and few others.

    Words are looked for in the whole text at once: that costs a fraction of one search for each line.
    """
    text = "\n".join(lines)
    if not text.isascii():
        return lines
    raw = text.encode()
    places = [*_words(text, _PIECES), *_runs(raw.translate(_IN_RUNS), _RUN), *_runs(raw.translate(_IN_HEX), _HEX_RUN)]
    places += _runs(raw.translate(_IN_CODES), _CODES_RUN)
    places += [*_words(text, _GUESSED), *_words(text, (".join(",))]
    for pattern in (_SEAM, _BACKWARDS, _ESCAPED, _CODED, _PORT):
        places += [place for match in pattern.finditer(text) for place in (match.start(), match.end() - 1)]
    return _at(places, lines)


def worth_a_look(lines: Sequence[str]) -> Iterable[str]:
    """Those in which :data:`WORTH_A_LOOK` may be found, and few others."""
    text = "\n".join(lines)
    if not text.isascii():
        return lines
    places = _words(text.lower(), _NAMES)
    return _at([*places, *(match.start() for pattern in _LOOK for match in pattern.finditer(text))], lines)


def _words(text: str, words: Iterable[str]) -> list[int]:
    places: list[int] = []
    for word in words:
        at = text.find(word)
        while at >= 0:
            places.append(at)
            at = text.find(word, at + 1)
    return places


def _runs(marked: bytes, least: int) -> list[int]:
    """Where at least so many ``a`` stand together."""
    places: list[int] = []
    at = marked.find(b"a" * least)
    while at >= 0:
        places.append(at)
        end = marked.find(b" ", at)
        at = marked.find(b"a" * least, end) if end >= 0 else -1
    return places


def _at(places: Iterable[int], lines: Sequence[str]) -> set[str]:
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    return {lines[bisect(starts, place) - 1] for place in places}


def forms(line: str) -> Iterator[str]:
    """The names of the credentials that stand in a line, joined strings and base64 seen through once."""
    texts = [text for text in readings(line) if _HINT.search(text)]
    if not texts:
        return
    for name, pattern in FORMS.items():
        if any(_is_real(found[0], pattern) for text in texts for found in pattern.finditer(text)):
            yield name


def guesses(line: str) -> Iterator[str]:
    """The names of the places in a line where a password stands."""
    yield from (name for name, pattern in GUESSES.items() if pattern.search(line))


def _is_real(text: str, pattern: Late) -> bool:
    """Whether there is a key without the letters that only fill a form; some may stand behind a real one."""
    return not _MADE_UP.search(text) or bool(pattern.search(_FILLING.sub("", text)))


def readings(line: str) -> list[str]:
    """A line as it stands, with its literals joined, and what of it is base64, hexadecimal or numbers of characters."""
    texts = [line]
    if len(line) < _SHORTEST:
        return texts
    joined = _SEAM.sub("", line)
    if joined != line:
        texts.append(joined)
    if ".join(" in line:
        texts.append(_LISTED.sub("", line))
    texts += [plain for run in _ESCAPED.findall(line) if (plain := _unhexed(_ESCAPE.sub("", run)))]
    texts += [plain for text in list(texts) for run in _BASE64.findall(text) if (plain := _decoded(run))]
    texts += [plain for text in list(texts) for run in _HEX.findall(text) if (plain := _unhexed(run))]
    texts += [plain for run in _CODES.findall(line) if (plain := _spelled(run))]
    if _CODED.search(line):
        from orchestrator.gates.kinds.codings import decodings  # noqa: PLC0415 - hardly a line is so

        texts += decodings(line)
    return [*texts, *(text[::-1] for text in list(texts))] if _BACKWARDS.search(line) else texts


def _spelled(run: str) -> str:
    """Numbers of characters, one after the other."""
    numbers = [int(number) for number in run.split(",")]
    return "".join(map(chr, numbers)) if all(_FIRST <= number <= _LAST for number in numbers) else ""


def _unhexed(run: str) -> str:
    try:
        return bytes.fromhex(run).decode("ascii")
    except ValueError:
        return ""


def _decoded(run: str) -> str:
    try:
        data = base64.b64decode(run.rstrip("=").translate({45: 43, 95: 47}) + "=" * (-len(run.rstrip("=")) % 4))
        return data.decode("ascii")
    except (binascii.Error, ValueError):
        return ""
