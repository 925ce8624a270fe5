"""What no scanner reads and no reviewer sees: encodings, invisible characters, binaries, links, modes, hidden programs.

Of every changed file, whatever its language. What the change introduces
counts; what decides how a file is read (its encoding, a link, a binary) counts
whenever the file is touched. Not checked: what a binary does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from orchestrator import __version__
from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, PythonKind, Side, python_kind, sides, suffix_of
from orchestrator.gates.files.deployments import WORKFLOWS, deployment_hits
from orchestrator.gates.files.examples import example_hits
from orchestrator.gates.files.hygiene_files import (
    binary_hits,
    case_hits,
    encoding_hits,
    entry_hits,
    is_binary,
    name_hits,
    shadow_hits,
)
from orchestrator.gates.files.payloads import payload_hits
from orchestrator.gates.files.whispers import whispers
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, Finding, GateReport
from orchestrator.models.ids import Digest
from orchestrator.policy.paths import protects
from orchestrator.ports import Candidate

from . import characters, suppressions

__all__ = ["HygieneGate"]

_RULES_VERSION = 7
_PROSE = frozenset({".md", ".rst", ".txt", ".adoc", ".po", ".pot", ".csv", ".tsv"})


class HygieneGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "hygiene"
    computes = True
    tool = "handrail"
    tool_version = __version__

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def config(self) -> Digest:
        return _config(self.name, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        alike = case_hits(candidate)
        for file in candidate.files:
            try:
                same = introduced(file.path, [alike[file.path]] if file.path in alike else [], [])
                outcome.scanned(file, (*same, *self._judge(candidate, file)))
            except GateBroken as error:
                outcome.broken.append(f"{file.path}: {error}")
                outcome.refused(file, str(error), ())
        return outcome

    def _judge(self, candidate: Candidate, file: ChangedFile) -> tuple[Finding, ...]:
        head, base = sides(candidate, file)
        always = [*name_hits(file), *shadow_hits(file), *entry_hits(candidate, file)]
        if head is None:
            return introduced(file.path, always, [])
        new = self._content(head)
        old = self._content(base) if new and base is not None else []
        always += encoding_hits(head, base, code=_is_code(head))
        always += binary_hits(head, base)
        always += _release(head, base)
        return introduced(file.path, always, []) + introduced(file.path, new, old)

    def _content(self, side: Side) -> list[Hit]:
        text = side.data.decode("utf-8", "replace")
        code = _is_code(side)
        binary = is_binary(side.data)
        hits = [] if binary else list(characters.character_hits(text, code=code))
        # what is larger than this, or no text, has a finding of its own; searching it would only take minutes
        if code and not binary and len(side.data) <= SIZE_LIMIT_BYTES:
            hits += suppressions.suppressions(text)
        if not binary and len(side.data) <= SIZE_LIMIT_BYTES:
            hits += payload_hits(side.path, text)
            hits += whispers(side.path, text)
            hits += deployment_hits(side.path, text)
            hits += example_hits(side.path, text, self._worker)
        hits += self._hidden(side)
        return hits

    def _hidden(self, side: Side) -> Iterator[Hit]:
        if python_kind(side, self._worker) in {PythonKind.SHEBANG, PythonKind.PARSED}:
            yield Hit(
                rule="HIDDEN-PYTHON",
                message="the file is a Python program and is not named like one",
                disposition=Disposition.PERSON,
                hint="name it .py",
            )


def _release(head: Side, base: Side | None) -> Iterator[Hit]:
    if base is not None and protects(WORKFLOWS, head.path):
        from orchestrator.gates.files.releases import release_hits  # noqa: PLC0415 - only with such a file

        yield from release_hits(*(side.data.decode("utf-8", "replace") for side in (head, base)))


@cache
def _config(name: str, version: str) -> Digest:
    patterns = {kind: p.pattern for kind, p in suppressions.PATTERNS.items()}
    return config_digest(name, _RULES_VERSION, patterns, SIZE_LIMIT_BYTES, version)


def _is_code(side: Side) -> bool:
    return suffix_of(side.path) not in _PROSE or side.data.startswith(b"#!")
