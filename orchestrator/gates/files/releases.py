"""Jobs of a workflow that release or deploy: what they no longer wait for, and whom they no longer ask.

Read by indentation, from files that name their jobs below ``jobs:``; a job is the same by its name. Not seen: jobs
that call another workflow which releases, new jobs that never waited, and rules of the forge about who may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.reports.words import OWN
from orchestrator.models.found import Disposition
from orchestrator.policy.late import Late

__all__ = ["release_hits"]

_JOB = re.compile(r"(?P<indent>[ ]+)[\"']?(?P<name>[\w.-]+)[\"']?:\s*(?:#.*)?")
_RELEASES = Late(
    r"\b(?:deploy\w*|publish\w*|release\w*|twine\s+upload|npm\s+publish|cargo\s+publish|docker\s+push|kubectl\s+apply"
    r"|terraform\s+apply|helm\s+upgrade|gh-action-pypi-publish)\b",
    re.IGNORECASE,
)
_NEEDS = Late(r"^\s+needs[ \t]*:(?P<said>[^\n#]*(?:\n\s+-[^\n#]*)*)", re.MULTILINE)
_ASKS = Late(r"^\s+environment[ \t]*:[ \t]*(?:\n\s+name[ \t]*:[ \t]*)?[\"']?[\w{$]", re.MULTILINE)
_NAME = Late(r"[\w.-]*\w")
_ANYWAY = Late(r"^\s+if\s*:.{0,200}(?:always\s*\(|!\s*cancelled\s*\(|failure\s*\()", re.MULTILINE)


class _Job(NamedTuple):
    line: int
    text: str


def release_hits(text: str, before: str) -> Iterator[Hit]:
    """Of a workflow and what it was. Line numbers from 1."""
    old, new = _jobs(before), _jobs(text)
    # A job under a new name may be one that is gone under its old one.
    gone = iter([job for name, job in old.items() if name not in new and _RELEASES.search(f"{name}\n{job.text}")])
    for name, job in new.items():
        was = old.get(name) or next(gone, None)
        if was is None or not _RELEASES.search(f"{name}\n{was.text}\n{job.text}"):
            continue
        left = _needed(was.text) - _needed(job.text) - (old.keys() - new.keys())
        if left or (_needed(was.text) and not _needed(job.text)):
            yield _hit(name, job.line, f"waits no more for {', '.join(sorted(left or _needed(was.text)))}")
        if _ASKS.search(was.text) and not _ASKS.search(job.text):
            yield _hit(name, job.line, "names no environment any more that asks somebody")
        if _ANYWAY.search(job.text) and not _ANYWAY.search(was.text):
            yield _hit(name, job.line, "runs even where a job before it failed")


def _needed(text: str) -> frozenset[str]:
    found = _NEEDS.search(text)
    return frozenset(_NAME.findall(found["said"])) if found else frozenset()


def _jobs(text: str) -> Mapping[str, _Job]:
    """By name."""
    found: dict[str, tuple[int, list[str]]] = {}
    inside, indent, name = False, "", ""
    for number, line in enumerate(text.split("\n"), start=1):
        if line[:1].strip():
            inside, indent = line.startswith("jobs:"), ""
            continue
        match = _JOB.fullmatch(line) if inside else None
        if match and (not indent or match["indent"] == indent):
            indent, name = match["indent"], match["name"]
            found[name] = number, []
        elif inside and name in found and not line.lstrip().startswith("#"):
            found[name][1].append(line)
    return {name: _Job(number, "\n".join(lines)) for name, (number, lines) in found.items()}


def _hit(name: str, number: int, what: str) -> Hit:
    return Hit(
        rule="RELEASE-UNGUARDED",
        message=f"{OWN['RELEASE-UNGUARDED'].title}: {name} {what}",
        disposition=Disposition.PERSON,
        line=number,
        end_line=number,
        text=f"{name} {what}",
        severity="high",
        cwe=OWN["RELEASE-UNGUARDED"].cwe,
        hint=OWN["RELEASE-UNGUARDED"].do,
    )
