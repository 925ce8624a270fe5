"""``handrail audit``: a history commit by commit. Who introduced which finding when, what was mended, what stands.

Each commit is judged like a change, by the same gates, against its parents; the
same with its sides exchanged gives what it mended. A file is read and scanned
once, however many commits carry it. What was found at a commit is kept, sealed
as scanner answers are, so an interrupted audit goes on where it was and a later
one reads only what is new.

Not seen: branches that the head does not reach, and what only a merge of two
clean sides brings about in a file that it takes from one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from orchestrator.app.gates.scanners import kept_answers
from orchestrator.app.project import Project
from orchestrator.app.runs.contents import LastRead
from orchestrator.app.trees import open_trees
from orchestrator.models.changed import ChangedFile, ChangeIdentity, ChangeKind
from orchestrator.models.found import Result
from orchestrator.models.ids import GitOid, canonical, sha256
from orchestrator.ports import Candidate

if TYPE_CHECKING:
    from orchestrator.gates.scanners.team import Team
    from orchestrator.ports import Gate
    from orchestrator.ports.answers import Answers
    from orchestrator.vcs.trees import GitTrees
    from orchestrator.vcs.walk import Walked

GATES = ("ruff", "bandit", "flow", "hygiene", "secrets")
"""Those whose findings are of a file and not of a difference, as far as they are there."""

_CHUNK, _CHUNK_FILES = 128, 512
"""What is kept at once: what a kill costs is no more than twice that."""
_PART = 16
_MEMORY_BYTES = 256 * 1024**2
_ROWS = 4_000_000

Row = dict[str, Any]


@dataclass(slots=True)
class Audit:
    """``findings`` in the order of history; ``broken`` commits have no verdict. ``resumed`` were judged earlier."""

    base: str
    head: GitOid
    gates: tuple[str, ...]
    commits: int = 0
    resumed: int = 0
    findings: list[Row] = field(default_factory=list[Row])
    broken: list[Row] = field(default_factory=list[Row])
    former: dict[str, str] = field(default_factory=dict[str, str])
    """New path → old path of each rename."""
    cut: frozenset[GitOid] = frozenset()
    """Commits before which a shallow clone holds none: what is said to begin there may be older."""

    @property
    def standing(self) -> list[Row]:
        """What is still there at the head."""
        return [f for f in self.findings if f["stands"]]


def audit(
    project: Project, *, base: str, head: str, gates: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> Audit:
    """Judge every commit that ``head`` reaches and ``base`` does not (all without a base).

    Raises ``RepositoryError`` for names that are not there, ``UsageError`` GATE010 for an unknown gate.
    """
    from orchestrator.gates.catalog import GATES as PRESENT
    from orchestrator.gates.scanners.team import Team

    names = tuple(gates) or tuple(name for name in GATES if name in PRESENT)
    with open_trees(project) as trees, Team(kept_bytes=_MEMORY_BYTES) as team, _record(project) as record:
        start = trees.resolve(base) if base else None
        found = Audit(base, trees.resolve(head), names, cut=project.repository.cut)
        judge = _Judge(trees, team, names)
        _walk_all(judge, trees.walk(found.head, start), record, found, say)
        broken: list[str] = []
        _settle(found, judge.whole(found.head, broken))
        if broken:
            whole = {"commit": found.head, "author": "", "date": "", "subject": "the whole tree at the head"}
            found.broken.append({**whole, "reason": "; ".join(broken)})
    return found


@contextmanager
def _record(project: Project) -> Iterator[Answers | None]:
    kept = kept_answers(project.layout.audits, _ROWS)
    try:
        yield kept
    finally:
        if kept is not None:
            kept.close()


def _walk_all(
    judge: _Judge, history: Iterator[Walked], record: Answers | None, found: Audit, say: Callable[[str], None]
) -> None:
    from orchestrator.vcs.walk import chunks

    question = "audit/" + ",".join(found.gates)
    # Whoever is told to stop waits for no more than a part of what was read ahead.
    with ThreadPoolExecutor(1) as ahead, ExitStack() as stack:
        waiting: list[tuple[list[Walked], dict[GitOid, Mapping[str, Any]], Future[None]]] = []
        stack.callback(judge.stop)
        for chunk in chunks(history, _CHUNK, _CHUNK_FILES):
            known = _known(record, question, chunk)
            todo = [c for c in chunk if c.oid not in known]
            waiting.append((chunk, known, ahead.submit(judge.prepare, todo)))
            # One chunk is read ahead while the one before it is judged.
            if len(waiting) > 1:
                _take(judge, waiting.pop(0), record, question, found)
                say(f"{found.commits} commits, {len(found.findings)} findings")
        for rest in waiting:
            _take(judge, rest, record, question, found)


def _known(record: Answers | None, question: str, chunk: Sequence[Walked]) -> dict[GitOid, Mapping[str, Any]]:
    if record is None:
        return {}
    answers = {c.oid: record.get(question, sha256(c.oid.encode())) for c in chunk}
    return {oid: answer for oid, answer in answers.items() if answer is not None}


def _take(
    judge: _Judge,
    waiting: tuple[list[Walked], dict[GitOid, Mapping[str, Any]], Future[None]],
    record: Answers | None,
    question: str,
    found: Audit,
) -> None:
    chunk, known, prepared = waiting
    prepared.result()
    for commit in chunk:
        answer = known.get(commit.oid)
        if answer is None:
            answer = judge.commit(commit)
            # A commit without a verdict is judged again: what broke may have been the machine.
            if record is not None and not answer["broken"]:
                record.put(question, sha256(commit.oid.encode()), answer)
        else:
            found.resumed += 1
        _add(found, commit, answer)
    if record is not None:
        record.flush()


def _add(found: Audit, commit: Walked, answer: Mapping[str, Any]) -> None:
    by = {"commit": commit.oid, "author": commit.author, "date": commit.date, "subject": commit.subject}
    found.commits += 1
    found.findings += [{**f, "introduced": by, "fixed": None, "stands": False} for f in answer["introduced"]]
    found.findings += [{**f, "introduced": None, "fixed": by, "stands": False} for f in answer["fixed"]]
    found.former.update((new, old) for old, new in answer["renamed"] if old != found.former.get(new))
    if answer["broken"]:
        found.broken.append({**by, "reason": answer["broken"]})


def _settle(found: Audit, at_head: Sequence[Row]) -> None:
    """Join what was mended with what introduced it, and mark what is there at the end.

    By fingerprint, else (a file was renamed meanwhile) by rule and message; the newest that is still open.
    """
    open_: dict[str, list[Row]] = {}
    kept = [r for r in found.findings if r["introduced"] is not None]
    # What a commit mends was there before it, so what it introduces comes after.
    for _, rows in groupby(found.findings, _commit_of):
        for row in sorted(rows, key=lambda r: r["introduced"] is not None):
            if row["introduced"] is not None:
                open_.setdefault(row["fingerprint"], []).append(row)
                open_.setdefault(_alike(found, row), []).append(row)
                continue
            match = _newest(open_, (row["fingerprint"], _alike(found, row)), lambda r: r["fixed"] is None)
            if match is None:
                kept.append(row)
            else:
                match["fixed"] = row["fixed"]
    for row in at_head:
        match = _newest(open_, (row["fingerprint"], _alike(found, row)), lambda r: not r["stands"])
        if match is None:
            kept.append({**row, "introduced": None, "fixed": None, "stands": True})
        else:
            match.update(stands=True, fixed=None, path=row["path"], line=row["line"])
    found.findings = kept


def _commit_of(row: Mapping[str, Any]) -> str:
    return str((row["introduced"] or row["fixed"])["commit"])


def _alike(found: Audit, row: Mapping[str, Any]) -> str:
    """Rule, message, and the first name that the file had."""
    path, met = str(row["path"]), set[str]()
    while path in found.former and path not in met:
        met.add(path)
        path = found.former[path]
    return "\0".join((str(row["rule"]), str(row["message"]), path))


def _newest(open_: Mapping[str, list[Row]], keys: Sequence[str], free: Callable[[Row], bool]) -> Row | None:
    for key in keys:
        found = next((r for r in reversed(open_.get(key, ())) if free(r)), None)
        if found is not None:
            return found
    return None


class _Judge:
    """The gates on one commit after the other, over the same scanners."""

    def __init__(self, trees: GitTrees, team: Team, names: Sequence[str]) -> None:
        from orchestrator.gates.catalog import default_gates
        from orchestrator.gates.scanners.ruff import RuffGate

        self._trees, self._team, self._blobs = trees, team, LastRead(trees.blob, trees.blobs)
        self._gates: tuple[Gate, ...] = default_gates(names, worker=team)
        self._ruff = next((g for g in self._gates if isinstance(g, RuffGate)), None)
        self._stopped = threading.Event()
        self._operations = [op for op, name in (("scan", "bandit"), ("analyse", "flow")) if name in names]

    def stop(self) -> None:
        """Read nothing more ahead."""
        self._stopped.set()
        self._team.forget()

    def prepare(self, commits: Iterable[Walked]) -> None:
        """Scan what these commits changed, each file once, as many at a time as there are processes."""
        files = [f for c in commits for files in c.files for f in files]
        sources = {sha256(data): data for data in _python(self._blobs, files)}
        with ThreadPoolExecutor(self._team.processes + 1) as pool:
            asked = [pool.submit(self._ruff.prepare, sources)] if self._ruff else []
            if len(self._operations) > 1 and not self._stopped.is_set():
                self._team.foresee(list(sources.values()))
            asked += [pool.submit(self._ready, op, list(sources.values())) for op in (*self._operations, "outline")]
            for one in asked:
                one.result()

    def _ready(self, operation: str, sources: Sequence[bytes]) -> None:
        for start in range(0, len(sources), _PART):
            if self._stopped.is_set():
                return
            self._team.ready(operation, sources[start : start + _PART])

    def commit(self, commit: Walked) -> Row:
        """``introduced`` and ``fixed``: findings; ``broken``: why there is no verdict, or ''."""
        broken: list[str] = [f"paths that are not UTF-8: {', '.join(commit.odd)}"] if commit.odd else []
        sides = [self._difference(commit, files, broken) for files in commit.files]
        introduced, fixed = sides[0]
        for more, less in sides[1:]:
            introduced = {k: v for k, v in introduced.items() if k in more}
            fixed = {k: v for k, v in fixed.items() if k in less}
        return {
            "introduced": list(introduced.values()),
            "fixed": list(fixed.values()),
            "renamed": [[f.old_path, f.path] for f in commit.files[0] if f.kind is ChangeKind.RENAMED],
            "broken": "; ".join(broken),
        }

    def _difference(
        self, commit: Walked, files: Sequence[ChangedFile], broken: list[str]
    ) -> tuple[dict[str, Row], dict[str, Row]]:
        there = self._findings(commit.oid, files, broken)
        # Only what was there can be mended: an added file has no other side.
        back = self._findings(commit.oid, [_reversed(f) for f in files if f.old_blob is not None], broken)
        return there, back

    def _findings(self, oid: GitOid, files: Sequence[ChangedFile], broken: list[str]) -> dict[str, Row]:
        from orchestrator.gates.runner import run_in_turn

        if not files:
            return {}
        manifest = sha256(canonical([[f.path, f.old_blob, f.new_blob] for f in files]))
        identity = ChangeIdentity(target_ref="", tip=oid, tree=oid, manifest=manifest)
        candidate = Candidate(identity=identity, files=tuple(files), blob=self._blobs, protected=(), test_roots=())
        reports = run_in_turn(self._gates, candidate)
        broken += [f"{r.gate}: {r.reason}" for r in reports if r.result is Result.ERROR]
        return {
            f"{r.gate} {f.fingerprint}": {**f.model_dump(mode="json"), "gate": r.gate}
            for r in reports
            for f in r.findings
        }

    def whole(self, head: GitOid, broken: list[str]) -> list[Row]:
        """Every finding of the tree at a commit. Why a gate gave none goes into ``broken``."""
        from orchestrator.vcs.git import EMPTY_TREES

        empty = EMPTY_TREES[self._trees.repository.object_format]
        files = self._trees.changed_files(empty, head)
        return list(self._findings(head, files, broken).values())


def _reversed(file: ChangedFile) -> ChangedFile:
    kinds = {ChangeKind.ADDED: ChangeKind.DELETED, ChangeKind.DELETED: ChangeKind.ADDED}
    renamed = file.kind is ChangeKind.RENAMED and file.old_path
    return file.model_copy(
        update={
            "path": file.old_path or file.path,
            "old_path": file.path if renamed or file.new_blob else None,
            "kind": kinds.get(file.kind, file.kind),
            "old_mode": file.new_mode,
            "new_mode": file.old_mode,
            "old_blob": file.new_blob,
            "new_blob": file.old_blob,
        }
    )


def _python(blobs: LastRead, files: Sequence[ChangedFile]) -> Iterator[bytes]:
    """Both sides of what is named like Python and small enough; all else is read when a gate asks for it."""
    from orchestrator.gates.changes.sides import REGULAR, SIZE_LIMIT_BYTES

    named = (".py", ".pyw", ".pyi")
    wanted = {
        oid
        for f in files
        for path, mode, oid in ((f.path, f.new_mode, f.new_blob), (f.old_path or f.path, f.old_mode, f.old_blob))
        if oid is not None and mode in REGULAR and path.casefold().endswith(named)
    }
    return (data for data in blobs.ready(sorted(wanted)) if len(data) <= SIZE_LIMIT_BYTES)


def secrets_of(found: Audit) -> list[Row]:
    """Findings of secrets ever committed: a mended one is still in the history, and must be revoked."""
    return [f for f in found.findings if f["gate"] == "secrets" or f["cwe"] in {259, 321, 798}]


def result_of(found: Audit) -> Result:
    """ERROR when a commit had no verdict; FAILED or NEEDS_PERSON by what stands; else PASSED."""
    if found.broken:
        return Result.ERROR
    kinds = {f["disposition"] for f in found.standing}
    if kinds & {"agent", "deny"}:
        return Result.FAILED
    return Result.NEEDS_PERSON if "person" in kinds else Result.PASSED
