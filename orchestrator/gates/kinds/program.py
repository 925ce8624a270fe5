"""A gate that runs somebody else's scanner program on exported blobs under neutral names.

The program of this very environment is run, never one found by ``PATH``, with
our options alone, in an empty folder, without the user's home or configuration.
A known weakness lies beside the files: a run that does not report it is broken.
A program that is not installed leaves each file of its kind to a person, by name.

The programs are separate works: they are started, never imported.
"""

from __future__ import annotations

import subprocess  # nosec B404 # scanners are programs
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced, line_text, visible
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, Side, is_test, sides
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.calling import call
from orchestrator.gates.scanners.installed import NotInstalled, version
from orchestrator.gates.scanners.scanning import unscannable
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["MISSING", "Answer", "Program", "ProgramGate", "Raw"]

TIMEOUT_SECONDS = 60.0
_AT_ONCE_BYTES, _LONGER = 2 * 1024 * 1024, 12
"""For so much a program has its time; for more it has more, up to so many times."""
MISSING = KindRule(
    "TOOL-MISSING",
    "no scanner for this kind of file",
    "The program that reads such files is not installed, so nothing looked at this one.",
    "install the extra that is named, or let a person read the file",
)


class Raw(NamedTuple):
    """One result of a program, before it is compared with the base. ``None`` as disposition: left out."""

    rule: str
    message: str
    line: int
    disposition: Disposition | None
    end_line: int = 0
    severity: str = "medium"
    cwe: int | None = None
    hint: str = ""
    text: str = ""
    """What makes it the same on both sides, where that is less than its whole line."""


@dataclass(slots=True)
class Answer:
    """Of one run: results by file name, and why a file was not read."""

    found: dict[str, list[Raw]] = field(default_factory=dict[str, list[Raw]])
    unread: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, name: str, raw: Raw) -> None:
        self.found.setdefault(name, []).append(raw)


@dataclass(frozen=True, slots=True)
class Program:
    """How one scanner is run and read.

    ``executable`` is its name in this environment, ``package`` the distribution
    that brings it, ``extra`` ours. ``applies`` sees path and content; ``prepare``
    takes away comments that silence the program, line by line. ``parse`` gets
    exit code, stdout, stderr and the names that were given, and raises
    ``ValueError`` for an answer that it does not understand. ``own`` are rules
    of ours; ``foreign`` is a dialect that the program cannot read, so that a
    person must; larger files than ``limit_bytes`` would take the program minutes.
    """

    name: str
    executable: str
    package: str
    extra: str
    what: str
    argv: tuple[str, ...]
    canary_name: str
    canary: bytes
    canary_rule: str
    applies: Callable[[Side], bool]
    parse: Callable[[int, bytes, bytes, Sequence[str]], Answer]
    suffix: Callable[[Side], str]
    prepare: Callable[[bytes], bytes] = bytes
    own: Callable[[str], Sequence[Hit]] = lambda _: ()
    foreign: Callable[[Side], bool] = lambda _: False
    limit_bytes: int = SIZE_LIMIT_BYTES
    rules_version: int = 1


class _Job(NamedTuple):
    file: ChangedFile
    head: Side
    base: Side | None
    names: tuple[str, str]
    in_test: bool


@cache
def _scripts() -> Path:
    return Path(sysconfig.get_path("scripts"))


class ProgramGate:
    """Implements :class:`orchestrator.ports.Gate`. ``folder`` is where the programs lie."""

    def __init__(
        self, program: Program, *, folder: Path | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._program = program
        self._folder = folder or _scripts()
        self._timeout = timeout_seconds
        self.name = program.name
        self.tool = program.executable

    @property
    def installed(self) -> bool:
        return (self._folder / self._program.executable).is_file()

    @property
    def tool_version(self) -> str:
        return _version(self._program.package) if self.installed else "not installed"

    @property
    def config(self) -> Digest:
        return config_digest(self.name, self._program.argv, self._program.rules_version, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        jobs = list(self._jobs(candidate, outcome))
        if jobs and not self.installed:
            for job in jobs:
                self._missing(job, outcome)
        elif jobs:
            self._run(jobs, outcome)
        return outcome

    def _jobs(self, candidate: Candidate, outcome: Outcome) -> Iterator[_Job]:
        for number, file in enumerate(candidate.files):
            head, base = sides(candidate, file)
            if head is None or not self._program.applies(head):
                absent = "deleted" if file.new_blob is None else "not an even file"
                outcome.passed_over(file, absent if head is None else f"not {self._program.what}")
            elif len(head.data) > (limit := self._program.limit_bytes):
                why = f"more than {limit} bytes"
                known = self._program.foreign(head) or (base is not None and len(base.data) > limit)
                outcome.refused(file, why, unscannable(file, "SCAN-SIZE", why, known=known))
            else:
                same_kind = base is not None and self._program.applies(base) and len(base.data) <= limit
                names = (self._named(head, "h", number), self._named(head, "b", number))
                in_test = is_test(file.path, candidate.test_roots)
                yield _Job(file, head, base if same_kind else None, names, in_test)

    def _named(self, side: Side, letter: str, number: int) -> str:
        return f"{letter}{number:06d}{self._program.suffix(side)}"

    def _missing(self, job: _Job, outcome: Outcome) -> None:
        why = f"{self._program.executable} is not installed: pip install 'handrail[{self._program.extra}]'"
        # Exactly this content is what a person then reads and lifts.
        hit = MISSING.at((), 0, why, key=f"{self.name} {job.file.new_blob}")
        outcome.refused(job.file, why, introduced(job.file.path, [hit], []))

    def _run(self, jobs: Sequence[_Job], outcome: Outcome) -> None:
        with tempfile.TemporaryDirectory(prefix="handrail-gate-") as directory:
            names = self._export(jobs, Path(directory))
            size = sum(len(side.data) for job in jobs for side in (job.head, job.base) if side is not None)
            answer = self._answer(names, directory, self._timeout * min(max(size / _AT_ONCE_BYTES, 1), _LONGER))
        for job in jobs:
            self._judge(job, answer, outcome)

    def _export(self, jobs: Sequence[_Job], directory: Path) -> list[str]:
        files = {self._program.canary_name: self._program.canary}
        for job in jobs:
            for name, side in zip(job.names, (job.head, job.base), strict=True):
                if side is not None:
                    files[name] = self._program.prepare(side.data)
        for name, data in files.items():
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_bytes(data)
        return list(files)

    def _answer(self, names: Sequence[str], directory: str, seconds: float) -> Answer:
        done = self._call(names, directory, seconds)
        try:
            answer = self._program.parse(done.returncode, done.stdout, done.stderr, names)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            said = visible(done.stderr.decode("utf-8", "replace"))
            text = f"{self.tool} ended with exit {done.returncode} and cannot be understood ({error}): {said}"
            raise GateBroken("GATE031", text) from error
        strangers = (answer.found.keys() | answer.unread.keys()) - set(names)
        if strangers or self._program.canary_rule not in {r.rule for r in answer.found.get(names[0], ())}:
            raise GateBroken("GATE033", f"{self.tool} did not report a known weakness, so its silence means nothing")
        return answer

    def _call(self, names: Sequence[str], directory: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
        try:
            argv = [str(self._folder / self._program.executable), *self._program.argv, *names]
            env = {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "HOME": directory, "XDG_CONFIG_HOME": directory}
            return call(argv, directory, env, seconds)
        except subprocess.TimeoutExpired as error:
            raise GateBroken("GATE032", f"{self.tool} did not end within {seconds:g} s") from error
        except OSError as error:
            raise GateBroken("GATE030", f"{self.tool} cannot be run: {error.strerror}") from error

    def _judge(self, job: _Job, answer: Answer, outcome: Outcome) -> None:
        head, base = job.names
        if head in answer.unread:
            why = f"{self.tool}: {answer.unread[head]}"
            known = base in answer.unread or self._program.foreign(job.head)
            outcome.refused(job.file, why, unscannable(job.file, "SCAN-SYNTAX", why, known=known))
            return
        new = self._hits(answer.found.get(head, ()), job.head, in_test=job.in_test)
        old = self._hits(answer.found.get(base, ()), job.base, in_test=job.in_test) if job.base else []
        outcome.scanned(job.file, introduced(job.file.path, new, old))

    def _hits(self, raw: Sequence[Raw], side: Side, *, in_test: bool) -> list[Hit]:
        text = side.data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        hits = [_hit(r, lines, r.disposition, in_test=in_test) for r in raw if r.disposition is not None]
        return [*hits, *self._program.own(text)]


def _hit(raw: Raw, lines: Sequence[str], disposition: Disposition, *, in_test: bool) -> Hit:
    mild = in_test and disposition is Disposition.AGENT and raw.severity != "high"
    return Hit(
        rule=raw.rule,
        message=raw.message,
        disposition=Disposition.NOTE if mild else disposition,
        line=raw.line,
        end_line=max(raw.line, raw.end_line),
        text=raw.text or (line_text(lines, raw.line, max(raw.line, raw.end_line)) if raw.line else raw.message),
        severity=raw.severity,
        cwe=raw.cwe,
        hint=raw.hint,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except NotInstalled as error:
        raise GateBroken("GATE030", f"{package} is not installed whole beside Handrail") from error
