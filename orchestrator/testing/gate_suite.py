"""What any :class:`orchestrator.ports.Gate` must hold, shown on hostile candidates.

Framework-free: :func:`check_gate` returns the list of broken promises, empty
for a gate that conforms. Shown: a gate never raises, answers for the gate and
change it was asked about, accounts for each changed path exactly once unless
it reports ``ERROR``, gives a result that follows from its findings, and gives
the same answer twice. Not shown: that it finds anything.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.models.change import ChangedFile, ChangeIdentity, ChangeKind
from orchestrator.models.found import GateReport, Result
from orchestrator.models.ids import Digest, GitOid, sha256
from orchestrator.policy.verdicts import of_findings
from orchestrator.ports import Candidate, Gate

__all__ = ["FileSpec", "candidate_of", "check_gate", "hostile_candidates"]

_REGULAR = "100644"


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One changed file by content. ``None`` as content: not there on that side."""

    path: str
    head: bytes | None
    base: bytes | None = None
    mode: str = _REGULAR
    old_mode: str = _REGULAR
    old_path: str | None = None


def candidate_of(
    files: Sequence[FileSpec],
    *,
    protected: Sequence[str] = (),
    test_roots: Sequence[str] = ("tests",),
    names: Mapping[str, Sequence[str]] | None = None,
) -> Candidate:
    """A candidate whose blobs lie in memory, with ids as git (SHA-1) gives them. ``names``: folder → what is in it."""
    blobs: dict[GitOid, bytes] = {}
    changed = tuple(_changed(spec, blobs) for spec in files)
    seal = sha256("".join(f.to_bytes().decode() for f in changed).encode())
    hexadecimal = seal.removeprefix("sha256:")
    identity = ChangeIdentity(
        target_ref="refs/heads/main", tip=GitOid("a" * 40), tree=GitOid(hexadecimal[:40]), manifest=Digest(seal)
    )
    inside = names or {}
    return Candidate(
        identity,
        changed,
        blobs.__getitem__,
        tuple(protected),
        tuple(test_roots),
        names=lambda folder: inside.get(folder, ()),
    )


def _changed(spec: FileSpec, blobs: dict[GitOid, bytes]) -> ChangedFile:
    def keep(data: bytes | None) -> GitOid | None:
        if data is None:
            return None
        oid = GitOid(hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest())
        blobs[oid] = data
        return oid

    old, new = keep(spec.base), keep(spec.head)
    return ChangedFile(
        path=spec.path,
        old_path=spec.old_path,
        kind=_kind(spec, old, new),
        old_mode=spec.old_mode if old else None,
        new_mode=spec.mode if new else None,
        old_blob=old,
        new_blob=new,
    )


def _kind(spec: FileSpec, old: GitOid | None, new: GitOid | None) -> ChangeKind:
    if old is None:
        return ChangeKind.ADDED
    if new is None:
        return ChangeKind.DELETED
    if spec.old_path and spec.old_path != spec.path:
        return ChangeKind.RENAMED
    return ChangeKind.MODE if old == new else ChangeKind.MODIFIED


def hostile_candidates() -> Iterator[tuple[str, Candidate]]:
    """Named by what is wrong with them."""
    noise = random.Random(20240229)  # noqa: S311 # nosec B311 # the same noise each time, no secret
    yield "nothing changed", candidate_of([])
    yield "random bytes", candidate_of([FileSpec("a.py", noise.randbytes(5000)), FileSpec("b", noise.randbytes(5000))])
    yield "NUL in Python", candidate_of([FileSpec("a.py", b"x = 1\0\n")])
    yield (
        "empty file",
        candidate_of([FileSpec("a.py", b""), FileSpec("tests/test_a.py", b"", b"def test(): assert f()\n")]),
    )
    yield "huge line", candidate_of([FileSpec("a.py", b"x = '" + b"a" * 900_000 + b"'\n")])
    yield (
        "over the size limit",
        candidate_of([FileSpec("a.py", b"x = 1\n" * 300_000), FileSpec("b.bin", b"\0" * 2**21)]),
    )
    yield "deleted file", candidate_of([FileSpec("tests/test_a.py", None, b"def test(): assert 1\n")])
    yield "symbolic link", candidate_of([FileSpec("a.py", b"/etc/passwd", mode="120000")])
    yield "file that becomes a link", candidate_of([FileSpec("a.py", b"b.py", b"x = 1\n", mode="120000")])
    yield "link that becomes a file", candidate_of([FileSpec("a.py", b"x = 1\n", b"b.py", old_mode="120000")])
    yield "unknown mode", candidate_of([FileSpec("a.py", b"x = 1\n", mode="104755")])
    yield "odd names", candidate_of([FileSpec("-rf", b"x"), FileSpec("a\nb.py", b"x = 1\n"), FileSpec(" .py", b"\r")])
    yield "deep nesting", candidate_of([FileSpec("a.py", b"x = " + b"(" * 5000 + b")" * 5000 + b"\n")])
    yield "deep operators", candidate_of([FileSpec("a.py", b"x = " + b"-" * 5000 + b"1\n", b"x = 1\n")])
    yield "broken notebook", candidate_of([FileSpec("a.ipynb", b'{"cells": [1]}'), FileSpec("b.ipynb", b"[" * 90_000)])
    yield "nested repository", _gitlink()
    yield "blob that cannot be read", _unreadable()


def _gitlink() -> Candidate:
    plain = candidate_of([FileSpec("x", b"")])
    link = ChangedFile(path="vendor", kind=ChangeKind.ADDED, new_mode="160000", new_blob=GitOid("c" * 40))
    return Candidate(plain.identity, (link,), plain.blob, (), ())


def _unreadable() -> Candidate:
    plain = candidate_of([FileSpec("a.py", b"x = 1\n")])

    def blob(oid: GitOid) -> bytes:
        raise OSError(f"object {oid} is damaged")

    return Candidate(plain.identity, plain.files, blob, (), ())


def check_gate(gate: Gate, candidates: Iterable[tuple[str, Candidate]] | None = None) -> list[str]:
    """The promises that this gate breaks on ``candidates`` (default: the hostile ones), one sentence each."""
    broken: list[str] = []
    for name, candidate in hostile_candidates() if candidates is None else candidates:
        try:
            first, second = gate.check(candidate), gate.check(candidate)
        except Exception as error:  # noqa: BLE001 - raising is the very thing that is looked for
            broken.append(f"{name}: raised {type(error).__name__}: {error}")
            continue
        broken += [f"{name}: {what}" for what in _promises(gate, candidate, first)]
        if first != second:
            broken.append(f"{name}: two answers to one question")
    return broken


def _promises(gate: Gate, candidate: Candidate, report: GateReport) -> Iterator[str]:
    if (report.gate, report.change) != (gate.name, candidate.identity):
        yield "answers for another gate or change"
    if report.result is Result.ERROR:
        if not report.reason:
            yield "broken without a reason"
        return
    if sorted(a.path for a in report.accounted) != sorted(f.path for f in candidate.files):
        yield "does not account for each changed path exactly once"
    if report.result is not of_findings(report.findings):
        yield f"{report.result} does not follow from the findings"
    prints = [f.fingerprint for f in report.findings]
    if len(set(prints)) != len(prints):
        yield "two findings with one fingerprint"
