"""A parked run as one signed commit, and back (D15).

``bundle.dsse`` is one line that names, by digest, everything else: ``blobs/`` and ``trees/``. Commits that the run
needs are its parents. What was fetched is believed only under a signature of the policy in force at the run's base, and
that policy only when this user trusts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from orchestrator.app.base import Base, read_base
from orchestrator.app.project import Project
from orchestrator.app.remotes.reach import Reach, documents
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.ids import Digest, GitOid, RunId, canonical, sha256
from orchestrator.models.run import Run
from orchestrator.models.travel import BUNDLE_TYPE, RunBundle
from orchestrator.store import carrying
from orchestrator.store.checkpoints import dump
from orchestrator.vcs.carried import Caps, Carried

if TYPE_CHECKING:
    from orchestrator.ports import Signer
    from orchestrator.vcs.trees import GitTrees

LINE = "bundle.dsse"
CAPS = Caps()
RUNNER = "runner"
_BLOB = re.compile(r"blobs/([0-9a-f]{2})/([0-9a-f]{62})")
CHECKPOINTS = "checkpoints.db"


@dataclass(frozen=True, slots=True)
class Read:
    """A bundle that holds: who says it, the commit, and everything in it."""

    bundle: RunBundle
    commit: GitOid
    base: Base
    blobs: Mapping[Digest, bytes]
    rows: carrying.Rows


def make(
    project: Project, trees: GitTrees, run: Run, by: Signer, *, before: carrying.Travelling | None, trust: Digest | None
) -> tuple[RunBundle, GitOid]:
    """The commit that carries a run as it stands; nothing has left yet.

    Raises ``UsageError`` REM020 for a key that may not sign for runs.
    """
    from orchestrator.provenance import dsse
    from orchestrator.provenance.logs import log

    base = read_base(project, trees, run.base_commit, trust)
    demand_runner(base, by)
    rows = carrying.rows_of(project.index, run.id)
    states, values = dump(project.layout.run(run.id) / CHECKPOINTS, project.state_key)
    reach = _reached(project, base, run, rows, values)
    extra = [carrying.to_bytes(rows), canonical(states)]
    reach.blobs |= {sha256(data): data for data in extra}
    tip = trees.ref(run.run_ref)
    logs = {ref: oid for ref in [log.branch(by.keyid)] if (oid := trees.ref(ref)) is not None}
    bundle = RunBundle(
        run=run,
        holder=carrying.holder(project.layout.root),
        sequence=before.sequence + 1 if before else 1,
        previous=before.tip if before else None,
        rows=sha256(extra[0]),
        checkpoints=sha256(extra[1]),
        contents=contents(reach.blobs),
        run_tip=tip,
        evidence=logs,
        made_at=project.clock.now(),
    )
    files = {LINE: dsse.seal(bundle.to_bytes(), [by], BUNDLE_TYPE)}
    files |= {_place(digest): data for digest, data in reach.blobs.items()}
    made = trees.made_here(reach.oids)
    needed = [oid for oid, kind in made.items() if kind == "commit"]
    parents = [*([bundle.previous] if bundle.previous else []), run.base_commit, *([tip] if tip else [])]
    parents = list(dict.fromkeys([*parents, *needed, *logs.values()]))
    kept = sorted(oid for oid, kind in made.items() if kind == "tree")
    return bundle, trees.carry(files, kept, parents, bundle.made_at)


def demand_runner(base: Base, by: Signer) -> None:
    """Raises ``UsageError`` REM020 unless the key is in the policy's role ``runner``."""
    if not base.chain.current.holds(by.keyid, RUNNER):
        text = f"The key {by.keyid[:16]} is not in the policy's role {RUNNER}, so nobody would believe it about a run."
        raise UsageError("REM020", text, "use --key, or have the policy name it")


def _reached(project: Project, base: Base, run: Run, rows: carrying.Rows, values: list[object]) -> Reach:
    from orchestrator.app.wiring import decision_opener

    opener = decision_opener(base)
    reach = Reach(project.blobs)
    decided = [opener(line)[1].model_dump(mode="json") for line in _lines(rows)]
    told = [*documents(r[2] for r in rows["items"]), *documents(r[1] for r in rows["events"]), *decided, *values]
    named = [*carrying.result(rows, "comments", 1), *carrying.result(rows, "effects", 1)]
    reach.follow([run.model_dump(mode="json"), told, named, [row[1] for row in rows["steers"]]])
    return reach


def _lines(rows: carrying.Rows) -> list[bytes]:
    import base64

    return [base64.b64decode(row[2]) for row in rows.get("decisions", [])]


def contents(blobs: Mapping[Digest, bytes]) -> Digest:
    """The digest of the sorted list of blobs."""
    return sha256(canonical(sorted(blobs)))


def _place(digest: Digest) -> str:
    name = digest.removeprefix("sha256:")
    return f"blobs/{name[:2]}/{name[2:]}"


def blobs_of(carried: Carried, others: frozenset[str]) -> dict[Digest, bytes]:
    """Digest → bytes, each under its own name. Raises ``EvidenceInvalid`` REM012 (it is not), REM013 (a stray)."""
    found: dict[Digest, bytes] = {}
    for path, data in carried.files.items():
        named = _BLOB.fullmatch(path)
        if named is None and path not in others:
            raise EvidenceInvalid("REM013", f"{path[:100]!r} belongs to nothing that is signed.", _HINT)
        if named is not None:
            digest = Digest(f"sha256:{named[1]}{named[2]}")
            if sha256(data) != digest:
                raise EvidenceInvalid("REM012", f"{path} is not what its name says: it was edited.", _HINT)
            found[digest] = data
    return found


def read(project: Project, trees: GitTrees, commit: GitOid, run: RunId, trust: Digest | None) -> Read:
    """A fetched bundle, verified. Raises ``EvidenceInvalid`` REM010-015, ``TrustError`` (TRUST001), ``UsageError``.

    Not checked: that it is the newest one, which only who has seen one before can say.
    """
    carried = trees.carried(commit, CAPS)
    line = carried.files.get(LINE, b"")
    claimed = _parsed(line)
    if claimed.run.id != run:
        raise EvidenceInvalid("REM014", f"The bundle on the branch of {run} is of run {claimed.run.id[:40]!r}.", _HINT)
    if claimed.run.base_commit not in carried.parents:
        raise EvidenceInvalid("REM014", f"The bundle of {run} does not stand on the base that it names.", _HINT)
    base = read_base(project, trees, claimed.run.base_commit, trust)
    _verify(line, base, run)
    blobs = blobs_of(carried, frozenset({LINE}))
    if contents(blobs) != claimed.contents or not {claimed.rows, claimed.checkpoints} <= blobs.keys():
        raise EvidenceInvalid("REM012", f"The bundle of {run} does not hold what it is signed for.", _HINT)
    return Read(claimed, commit, base, blobs, json.loads(blobs[claimed.rows]))


_HINT = "ask who can write to the remote; the runner pushes it again with handrail review push"


def _parsed(line: bytes) -> RunBundle:
    from orchestrator.provenance import dsse

    try:
        bundle = RunBundle.model_validate_json(dsse.unpack(line, BUNDLE_TYPE).payload)
    except ValidationError as problem:
        raise EvidenceInvalid("REM014", "What lies there is no bundle of a run.", _HINT) from problem
    if bundle.to_bytes() != dsse.unpack(line, BUNDLE_TYPE).payload:
        raise EvidenceInvalid("REM014", "A bundle is not in the one serialisation that we write.", _HINT)
    return bundle


def _verify(line: bytes, base: Base, run: RunId) -> None:
    from orchestrator.provenance import dsse

    policy = base.chain.current
    keys = {p.keyid: p.public_key for p in policy.principals}
    opened = dsse.open_line(line, keys, BUNDLE_TYPE)
    if not any(policy.holds(keyid, RUNNER) for keyid in opened.keyids):
        text = f"The bundle of {run} is signed by nobody in the policy's role {RUNNER}."
        raise EvidenceInvalid("REM015", text, _HINT)


def take_in(project: Project, found: Read, now: carrying.Travelling) -> None:
    """Put a run that was verified into the store here, or bring it up to date."""
    for data in found.blobs.values():
        project.blobs.put(data)
    carrying.take_in(project.index, found.bundle.run, found.rows, now)


def states_of(found: Read) -> dict[str, list[list[Any]]]:
    """The checkpoints of a bundle that was verified."""
    states: dict[str, list[list[Any]]] = json.loads(found.blobs[found.bundle.checkpoints])
    return states
