"""Known defects and harmless edits in real files of a commit, which gates would let through to a person."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from orchestrator.app.base import Base
from orchestrator.errors import UsageError
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.found import Disposition, GateReport, Result
from orchestrator.models.ids import GitOid, RunId
from orchestrator.policy.verdicts import worst
from orchestrator.ports import Candidate
from orchestrator.ports.trees import TreeDiff
from orchestrator.review.drill.defect import DefectKind, Edit, applied, far
from orchestrator.review.drill.judging import Planted
from orchestrator.review.drill.lines import SUFFIXES, line_edits
from orchestrator.review.drill.python import python_edits

if TYPE_CHECKING:
    from orchestrator.vcs.trees import GitTrees

_FILES: Final = 300
_MAX_BYTES: Final = 200_000
_PER_FILE: Final = 3
_TRIES: Final = 6
_ELSEWHERE: Final = frozenset({"vendor", "node_modules", "third_party", "dist", "build", ".handrail"})
DEFECTS: Final = (DefectKind.SECURITY, DefectKind.LOGIC, DefectKind.TEST)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many defects of which kinds, beside as many harmless edits. The same seed on a commit plants the same."""

    defects: int = 3
    kinds: Sequence[DefectKind] = DEFECTS
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    blob: GitOid
    text: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A tree with edits in it, its difference to the tip, and what the gates say."""

    identity: ChangeIdentity
    diff: TreeDiff
    planted: tuple[Planted, ...]
    reports: tuple[GateReport, ...]


def places_in(trees: GitTrees, base: Base, noise: random.Random) -> list[Place]:
    """Files in which something could be planted, in an order of chance."""
    entries = [e for e in trees.entries(trees.tree_of(base.commit)) if e.mode == "100644" and _is_code(e.path)]
    noise.shuffle(entries)
    found = list[Place]()
    for entry, data in zip(entries[:_FILES], trees.blobs([e.oid for e in entries[:_FILES]]), strict=True):
        text = _text(data)
        edits = _edits(entry.path, text, base) if text else ()
        if edits and text:
            found.append(Place(entry.path, entry.oid, text, edits))
    return found


def _is_code(path: str) -> bool:
    pure = PurePosixPath(path)
    return (pure.suffix == ".py" or pure.suffix in SUFFIXES) and not _ELSEWHERE & set(pure.parts)


def _text(data: bytes) -> str | None:
    try:
        return data.decode() if len(data) <= _MAX_BYTES and b"\r" not in data else None
    except UnicodeDecodeError:
        return None


def _edits(path: str, text: str, base: Base) -> tuple[Edit, ...]:
    from orchestrator.gates.changes.sides import is_test

    read = python_edits if path.endswith(".py") else line_edits
    return read(text, in_test=is_test(path, base.profile.test_roots))


def made_of(trees: GitTrees, base: Base, run: RunId, wanted: Wanted, noise: random.Random) -> Made:
    """A tree with defects in it. What gates would never let through to a person is planted elsewhere.

    Raises ``UsageError``: DRILL001 nothing of these kinds can be planted here, DRILL004 a gate broke.
    """
    places = places_in(trees, base, noise)
    spoiled = set[tuple[str, int]]()
    for _ in range(_TRIES):
        chosen = _chosen(places, wanted, noise, spoiled)
        made = _built(trees, base, run, chosen)
        refused = _refused(made)
        if not refused:
            return made
        spoiled |= refused
    raise UsageError("DRILL001", "What could be planted here is what gates refuse.", "--kind logic, or another branch")


def _chosen(
    places: list[Place], wanted: Wanted, noise: random.Random, spoiled: Collection[tuple[str, int]]
) -> dict[Place, list[Edit]]:
    """Kinds in turn, at most three edits a file and each far from the others."""
    kinds = [wanted.kinds[n % len(wanted.kinds)] for n in range(wanted.defects)]
    chosen: dict[Place, list[Edit]] = {}
    missing = 0
    for kind in [*kinds, *[DefectKind.HARMLESS] * wanted.defects]:
        fit = [
            (place, edit)
            for place in places
            if len(chosen.get(place, ())) < _PER_FILE
            for edit in place.edits
            if edit.kind is kind and (place.path, edit.first) not in spoiled and far(edit, chosen.get(place, []))
        ]
        if fit:
            place, edit = noise.choice(fit)
            chosen.setdefault(place, []).append(edit)
        else:
            missing += kind is not DefectKind.HARMLESS
    if missing == wanted.defects:
        text = "There is no code on this commit in which a defect of these kinds could be planted."
        raise UsageError("DRILL001", text, "--kind logic, or another branch")
    return chosen


def _built(trees: GitTrees, base: Base, run: RunId, chosen: dict[Place, list[Edit]]) -> Made:
    from orchestrator.gates.catalog import GATES, default_gates
    from orchestrator.gates.runner import run_gates

    old = tree = trees.tree_of(base.commit)
    for place, edits in chosen.items():
        tree = trees.put_file(tree, place.path, applied(place.text, edits).encode())
    diff = trees.diff(old, tree)
    ref = f"refs/heads/handrail/{run}"
    identity = ChangeIdentity(target_ref=ref, tip=base.commit, tree=tree, manifest=trees.manifest(tree))
    policy = base.chain.current
    protected = (*policy.protected_paths, *base.profile.protected)
    candidate = Candidate(identity, diff.files, trees.blob, protected, base.profile.test_roots)
    names = [name for name in policy.gates if name in GATES]
    reports = run_gates(default_gates(names), candidate) if names else ()
    planted = [_planted(diff, place.path, edit) for place, edits in chosen.items() for edit in edits]
    return Made(identity, diff, tuple(planted), reports)


def _planted(diff: TreeDiff, path: str, edit: Edit) -> Planted:
    """With the hunk that shows it: edits are far apart, so it is one."""
    hunk = next(
        h for h in diff.hunks if h.path == path and h.old_start <= edit.last and edit.first < h.old_start + h.old_lines
    )
    return Planted(path=path, line=edit.first, kind=edit.kind, what=edit.what, hunk=hunk.id)


def _refused(made: Made) -> set[tuple[str, int]]:
    """Edits of files in which a gate found what goes back to the agent."""
    broken = [f"{r.gate}: {r.reason}" for r in made.reports if r.result is Result.ERROR]
    if broken:
        raise UsageError("DRILL004", "A gate broke, so nobody could approve the change.", "handrail gate", broken)
    never = {Disposition.AGENT, Disposition.DENY}
    files = {f.path for r in made.reports for f in r.findings if f.disposition in never}
    if worst(r.result for r in made.reports) is not Result.FAILED and not files:
        return set()
    return {(p.path, p.line) for p in made.planted if not files or p.path in files}
