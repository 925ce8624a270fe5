"""Ids of requirements that have none in their text: made, remembered in ``spec.lock.json``, never used again (D17).

A lock file stands beside its specs and has one entry for each of them by file
name. It is written by ``prd check --write`` only. It holds texts of the spec, so that a
person reads in its diff which requirement became which.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field, ValidationError

from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.draft import Draft, text_digest
from orchestrator.specs.matching import match

SCHEMA = "handrail.spec-lock/1"
MAX_BYTES = 16 * 1024 * 1024
REQUIREMENT, LEFT_OUT = "R", "NG"


class Entry(Noun):
    """``text`` is title and statement as they were last written down; ``base`` the fingerprint of what is changed."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    text_digest: Digest = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    text: str
    made: bool = False
    base: Digest | None = None


class SpecLock(Noun):
    """One spec's ids in the order of its text. ``used`` is the highest number given, by prefix."""

    used: dict[str, int] = Field(default_factory=dict[str, int])
    ids: tuple[Entry, ...] = ()
    retired: tuple[Entry, ...] = ()


class LockFile(Noun):
    """``specs`` by file name."""

    schema_: str = Field(default=SCHEMA, alias="schema", pattern=r"^handrail\.spec-lock/1$")
    specs: dict[str, SpecLock] = Field(default_factory=dict[str, SpecLock])


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of the ids: the lock as it should be written, and what a person should look at."""

    lock: SpecLock
    edited: tuple[tuple[str, str, str], ...]
    retired: tuple[str, ...]
    added: tuple[str, ...]


def read_lock(data: bytes | None, report: Report) -> LockFile:
    """An empty one when there is none. A broken one is a problem (PRD027), never taken for empty."""
    if data is None:
        return LockFile()
    try:
        found = _lock_file(data)
    except (ValidationError, ValueError, RecursionError) as broken:
        why = "it does not have the form of a lock" if isinstance(broken, ValidationError) else str(broken)
        report.add("PRD027", 1, 1, f"spec.lock.json cannot be used: {shown(why)}.")
        return LockFile()
    return found


def _lock_file(data: bytes) -> LockFile:
    if len(data) > MAX_BYTES:
        raise ValueError("it is larger than 16 MiB")
    found = LockFile.model_validate_json(data)
    for lock in found.specs.values():
        ids = [entry.id for entry in (*lock.ids, *lock.retired)]
        if len(set(ids)) != len(ids):
            raise ValueError("it has an id twice")
    return found


def write_lock(file: LockFile, name: str, lock: SpecLock) -> bytes:
    """The file with one spec's entry replaced, one id a line, so that two people's edits merge or collide visibly."""
    merged = {**file.specs, name: lock}
    body = {"schema": SCHEMA, "specs": {key: _document(merged[key]) for key in sorted(merged)}}
    return (json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _document(lock: SpecLock) -> dict[str, object]:
    found: dict[str, object] = lock.model_dump(mode="json", exclude_none=True)
    return found


def assign(drafts: Sequence[Draft], left_out: Sequence[Draft], lock: SpecLock, report: Report) -> Assigned:
    """Give every draft without a key its id, the remembered one where the text is the same or clearly an edit of it.

    Without a lock, and for what a lock does not know yet, ids are provisional.
    PRD028 is said of a source's own id that once was another requirement's, PRD025 of a base that has moved on.
    """
    used = dict(lock.used)
    edited: list[tuple[str, str, str]] = []
    taken = {*(d.key for d in (*drafts, *left_out)), *(e.id for e in (*lock.ids, *lock.retired))}
    for prefix, group in ((REQUIREMENT, drafts), (LEFT_OUT, left_out)):
        edited += _give([d for d in group if not d.key], prefix, lock, used, taken)
    everything = [*drafts, *left_out]
    _refuse_reuse(everything, lock, report)
    _refuse_moved_base(everything, lock, report)
    return _written(everything, lock, used, edited)


def _give(
    drafts: Sequence[Draft], prefix: str, lock: SpecLock, used: dict[str, int], taken: set[str]
) -> Iterator[tuple[str, str, str]]:
    known = [e for e in lock.ids if e.made and e.id.startswith(f"{prefix}-")]
    fixed = _same(drafts, known)
    joined = {m.new: m for m in match([e.text for e in known], [_text(d) for d in drafts], fixed)}
    revived = {e.text_digest: e for e in lock.retired if e.made and e.id.startswith(f"{prefix}-")}
    for j, draft in enumerate(drafts):
        if j in fixed:
            draft.key = known[fixed[j]].id
        elif j in joined:
            entry = known[joined[j].old]
            draft.key, draft.provisional = entry.id, not joined[j].clear
            yield entry.id, entry.text, _text(draft)
        elif (back := revived.pop(_print_of(draft), None)) is not None:
            draft.key = back.id
        else:
            draft.key, draft.provisional = _next(prefix, used, taken), True


def _same(drafts: Sequence[Draft], known: Sequence[Entry]) -> dict[int, int]:
    """New place to old place for texts that are exactly the same; the first of twins to the first."""
    places: dict[str, deque[int]] = {}
    for i, entry in enumerate(known):
        places.setdefault(entry.text_digest, deque()).append(i)
    fixed: dict[int, int] = {}
    for j, draft in enumerate(drafts):
        waiting = places.get(_print_of(draft))
        if waiting:
            fixed[j] = waiting.popleft()
    return fixed


def _next(prefix: str, used: dict[str, int], taken: set[str]) -> str:
    while True:
        used[prefix] = used.get(prefix, 0) + 1
        key = f"{prefix}-{used[prefix]:03d}"
        if key not in taken:
            return key


def _text(draft: Draft) -> str:
    return "\n".join(part for part in (draft.title, draft.statement) if part)


def _print_of(draft: Draft) -> Digest:
    return text_digest(draft.title, draft.statement, [c.text for c in draft.body.acceptance])


def _entry(draft: Draft, made: frozenset[str]) -> Entry:
    digest = _print_of(draft)
    return Entry(id=draft.key, text_digest=digest, text=_text(draft), made=draft.key in made, base=draft.base_digest)


def _refuse_reuse(drafts: Sequence[Draft], lock: SpecLock, report: Report) -> None:
    gone = {e.id: e for e in lock.retired}
    for draft in drafts:
        before = gone.get(draft.key)
        if before is not None and before.text_digest != _print_of(draft):
            text = f"{draft.key} was the id of {shown(before.text)!r}, which is gone."
            report.add("PRD028", draft.span.line, draft.span.column, text)


def _refuse_moved_base(drafts: Sequence[Draft], lock: SpecLock, report: Report) -> None:
    bases = {e.id: e.base for e in lock.ids if e.base is not None}
    for draft in drafts:
        before = bases.get(draft.key)
        if before is not None and draft.base_digest is not None and before != draft.base_digest:
            text = f"The base of {shown(draft.title or draft.key)!r} is no more what this change was written against."
            inner = Report(draft.span.path, report.problems) if draft.span.path else report
            inner.add("PRD025", draft.span.line, draft.span.column, text)


def _written(
    drafts: Sequence[Draft], lock: SpecLock, used: dict[str, int], edited: list[tuple[str, str, str]]
) -> Assigned:
    own = {e.id for e in (*lock.ids, *lock.retired) if e.made}
    made = frozenset(own | {d.key for d in drafts if d.provisional})
    ids = tuple({d.key: _entry(d, made) for d in drafts}.values())
    now = {e.id for e in ids}
    gone = [e for e in lock.ids if e.id not in now]
    retired = (*(e for e in lock.retired if e.id not in now), *gone)
    known = {e.id for e in (*lock.ids, *lock.retired)}
    added = tuple(e.id for e in ids if e.id not in known)
    return Assigned(SpecLock(used=used, ids=ids, retired=retired), tuple(edited), tuple(e.id for e in gone), added)
