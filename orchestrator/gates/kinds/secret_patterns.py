"""Forms of credentials that tell what they are, and what makes a line worth a closer look.

The forms are matched in this process, so that an ordinary change never waits
for detect-secrets to be imported; its own forms and guesses are asked for the
lines that :data:`WORTH_A_LOOK` picks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from orchestrator.policy.late import Late

__all__ = ["CANARY", "FORMS", "WORTH_A_LOOK", "forms", "readings"]

CANARY = re.compile(r"hrcanary[0-9a-f]{24}")
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
    "JSON Web Token": Late(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
}

WORTH_A_LOOK = re.compile(
    # a quoted string that may be random, what carries a credential by its name, or an address with a password
    r"[\"'][A-Za-z0-9+/=_\-\\]{20,}[\"']"
    r"|(?i:api_?key|auth_?key|service_?key|account_?key|db_?key|database_?key|priv_?key|private_?key|client_?key"
    r"|db_?pass|database_?pass|key_?pass|password|passwd|pwd|secret|contrase|contrasena|credential|bearer"
    r"|artifactory|accountkey|cloudant|discord|ibm|softlayer|sqoatp|sq0|twilio|mailchimp|-us[0-9]|_authtoken)"
    r"|://[^\s/@]*:[^\s/@]+@|(?<![A-Za-z0-9])(?:AC|SK)[a-z0-9]{32}|AKC|AP[0-9A-Fa-f][A-Za-z0-9]{8}"
    r"|[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\."
)

_HINT = re.compile(
    r"A[KS]IA|ABIA|ACCA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|-----BEGIN|PuTTY|AGE-SECRET|sk-|AIza|GOCSPX|hf_|xox|xapp|hooks\.slack"
    r"|[rs]k_live|npm_|pypi-|SG\.|do[por]_v1|dapi|shp|hv[sb]\.|:AA|eyJ|hrcanary"
)
"""A piece of each form: most lines are done with after one search."""

_MADE_UP = re.compile(r"(.)\1{9}")
"""No generator gives ten equal letters in a row; whoever fills in a form does."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ ]?){16,2048}")
_BACKWARDS = re.compile(r"\[\s*:?\s*:\s*-1\s*\]|\breversed\b")
_SHORTEST = 16
_SEAM = re.compile(r"[\"']\s*\+?\s*[fFrRbBuU]{0,2}[\"']")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,4096}={0,2}")


def forms(line: str) -> Iterator[str]:
    """The names of the credentials that stand in a line, joined strings and base64 seen through once."""
    texts = [text for text in readings(line) if _HINT.search(text)]
    if not texts:
        return
    for name, pattern in FORMS.items():
        if any(not _MADE_UP.search(found[0]) for text in texts for found in pattern.finditer(text)):
            yield name


def readings(line: str) -> list[str]:
    """A line as it stands, with its string literals joined, and what of it is base64."""
    texts = [line]
    if len(line) < _SHORTEST:
        return texts
    joined = _SEAM.sub("", line)
    if joined != line:
        texts.append(joined)
    texts += [plain for text in list(texts) for run in _BASE64.findall(text) if (plain := _decoded(run))]
    texts += [plain for text in list(texts) for run in _HEX.findall(text) if (plain := _unhexed(run))]
    return [*texts, *(text[::-1] for text in list(texts))] if _BACKWARDS.search(line) else texts


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
