"""What a finding's code means and what to do about it: ours, bandit's and ruff's, offline.

Of another program's code it is said whose it is and where it is described.
"""

from __future__ import annotations

import json
import re
import subprocess  # nosec B404 # ruff is a program
import warnings
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import cleandoc
from pkgutil import iter_modules
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.reports.remedies import REMEDIES
from orchestrator.gates.reports.words import OWN
from orchestrator.gates.scanners.ruff import find_ruff
from orchestrator.gates.shown.example import described
from orchestrator.models.found import Finding

__all__ = ["bandit_rules", "codes", "explain", "remedy"]

_TOOLS = re.compile(r"[BS](\d{3})")
_RUFF = re.compile(r"(?:S|PLE25|PLC24|RUF00|E9)\d+")
_SECONDS = 30
_PROGRAMS = (
    (re.compile(r"zizmor/[a-z0-9-]+"), "zizmor", "workflows", "https://docs.zizmor.sh/audits/#{}"),
    (re.compile(r"SC[1-3]\d{3}"), "shellcheck", "shell scripts", "https://www.shellcheck.net/wiki/{}"),
    (re.compile(r"DL[134]\d{3}"), "hadolint", "Dockerfiles", "https://github.com/hadolint/hadolint/wiki/{}"),
    (re.compile(r"flawfinder/\w+"), "flawfinder", "C and C++", ""),
    (re.compile(r"cppcheck/\w+"), "cppcheck", "C and C++", ""),
)
"""Form of a code, program, what it reads, and where the code is described."""


def codes() -> tuple[str, ...]:
    """Every code that is ours, sorted. Those of bandit, ruff and other programs are listed by these tools."""
    return tuple(sorted({*OWN, *_kinds(), *import_module("orchestrator.gates.flow.families").RULES}))


@cache
def _kinds() -> Mapping[str, KindRule]:
    """The rules about other files, by code: each stands as a constant in the module that looks for it."""
    folder = import_module("orchestrator.gates.kinds").__path__
    modules = [import_module(f"orchestrator.gates.kinds.{m.name}") for m in iter_modules(folder)]
    found = (rule for module in modules for rule in vars(module).values() if isinstance(rule, KindRule))
    return {rule.code: rule for rule in found}


def remedy(finding: Finding) -> str:
    """What to do: the finding's own hint, else that of its rule."""
    shared = _TOOLS.fullmatch(finding.rule)
    own = OWN.get("GAINS" if finding.rule.startswith("GAINS-") else finding.rule)
    known = REMEDIES.get(shared[1], "") if shared else own.do if own else ""
    return finding.hint or known or f"handrail gate explain {finding.rule}"


def explain(code: str) -> str:
    """Paragraphs about one code. Raises ``UsageError`` GATE011 for one that nobody has, ``GateBroken`` without ruff."""
    text = _ours(code) or _flow(code) or _bandit(code) or _ruff(code) or _program(code)
    if not text:
        raise UsageError(
            "GATE011", f"No gate reports {code!r}.", "copy the code from a finding, or: gate explain --list"
        )
    shared = _TOOLS.fullmatch(code)
    known = REMEDIES.get(shared[1], "") if shared else ""
    return f"{text.rstrip()}\n\nDo: {known}." if known else text.rstrip()


def _ours(code: str) -> str:
    """Of a rule that follows no data: its words, and an example that its test judges."""
    known = "GAINS" if code.startswith("GAINS-") else code
    words, rule = OWN.get(known), _kinds().get(known)
    if words is not None:
        title, why, do, cwe = words.title, words.why, words.do, words.cwe
    elif rule is not None:
        title, why, do, cwe = rule.title, rule.why, rule.hint or "nothing: it is only noted", rule.cwe
    else:
        return ""
    number = f" (CWE-{cwe})" if cwe else ""
    shown = import_module("orchestrator.gates.shown.every").SHOWN[known]
    return f"{code} {title}{number}.\n\n{why}\n\nDo: {do}.\n\n{described(shown)}"


def _flow(code: str) -> str:
    if not re.fullmatch(r"HR\d+", code):
        return ""
    rule = import_module("orchestrator.gates.flow.families").RULES.get(code)
    if rule is None:
        return ""
    shown = "\n\n".join(f"{name}:\n\n{_indented(text)}" for name, text in (("Bad", rule.bad), ("Good", rule.good)))
    return f"{code} {rule.title} (CWE-{rule.cwe}).\n\n{rule.why}\n\nDo: {rule.hint}.\n\n{shown}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip("\n").split("\n"))


def bandit_rules() -> Any:  # noqa: ANN401 - bandit has no types
    """Bandit's own register of its tests. Its loader warns of its own old ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("bandit.core.extension_loader").MANAGER


def _bandit(code: str) -> str:
    if not re.fullmatch(r"B\d{3}", code):
        return ""
    manager = bandit_rules()
    if code in manager.plugins_by_id:
        plugin = manager.plugins_by_id[code]
        return f"{code} {plugin.name} (bandit).\n\n{cleandoc(plugin.plugin.__doc__ or '')}"
    if code in manager.blacklist_by_id:
        entry = manager.blacklist_by_id[code]
        names = ", ".join(entry["qualnames"])
        return f"{code} {entry['name']} (bandit).\n\n{entry['message']}\n\nNames: {names}"
    return ""


def _ruff(code: str) -> str:
    if not _RUFF.fullmatch(code):
        return ""
    done = subprocess.run(  # noqa: S603 # nosec B603 # our own program; the code was matched above
        [str(find_ruff()), "rule", code, "--output-format", "json"],
        capture_output=True,
        check=False,
        timeout=_SECONDS,
        env={"LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        cwd="/",
    )
    if done.returncode != 0:
        return ""
    rule = json.loads(done.stdout)
    return f"{code} {rule['name']} (ruff).\n\n{rule['explanation']}"


def _program(code: str) -> str:
    """Of the programs that explain no rule by themselves: whose it is, and where that is written down."""
    for form, name, what, where in _PROGRAMS:
        if form.fullmatch(code):
            place = f"\n\nIt is described at {where.format(code.rpartition('/')[2])}." if where else ""
            return f"{code} is a rule of {name}, which reads {what}. Its words stand in the finding.{place}"
    return ""
