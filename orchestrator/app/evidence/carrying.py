"""Evidence as it is carried about: exported, imported, anchored elsewhere, listed, and texts erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, RepositoryError, StoreError, UsageError
from orchestrator.models.ids import Digest, sha256
from orchestrator.vcs.names import visible

if TYPE_CHECKING:
    from orchestrator.ports import Signer
    from orchestrator.provenance.logs.log import LogState
    from orchestrator.vcs.trees import GitTrees

_ATTEMPTS = 8
_MOVED = "REPO020"


@dataclass(frozen=True, slots=True)
class Writer:
    """One writer's log here. ``name`` is '' for one whom the policy does not name, and then nothing of it is read."""

    ref: str
    name: str
    state: LogState | None


def export(project: Project, key: Path | None) -> bytes:
    """All statements of all writers in this repository, behind a signed index (``evidence.intoto.jsonl``).

    Raises ``UsageError`` (EVID060) when there are none.
    """
    from orchestrator.provenance.logs import bundle

    with open_trees(project) as trees:
        lines = every_line(trees)
    if not lines:
        raise UsageError("EVID060", "There is no evidence in this repository yet.", "handrail run SPEC")
    return bundle.export_bundle(lines, signer(key), project.clock.now())


def every_line(trees: GitTrees) -> list[bytes]:
    """All statements of all writers as they lie in the branches, each once; none is opened."""
    from orchestrator.provenance import dsse

    found = [trees.evidence(ref) for ref in trees.evidence_refs()]
    every = [line for f in found for path in sorted(f) if path.startswith("log/") for line in dsse.lines_of(f[path])]
    return list(dict.fromkeys(every))


def import_bundle(project: Project, data: bytes, key: Path | None, rev: str = "HEAD") -> tuple[int, int]:
    """How many statements of a bundle were new here and went into this writer's log, and how many were here before.

    Index and signatures are checked by the keys of the policy at ``rev``. Raises ``EvidenceInvalid`` for a bundle that
    does not hold: then nothing is taken from it.
    """
    from orchestrator.provenance import dsse
    from orchestrator.provenance.logs import bundle
    from orchestrator.provenance.predicates import statements

    keys = chain_at(project, rev).keys()
    lines = list(dict.fromkeys(bundle.read_bundle(data, keys)))
    for line in lines:
        statements.read(dsse.open_line(line, keys).payload)
    with open_trees(project) as trees:
        known = set(every_line(trees))
        fresh = [line for line in lines if line not in known]
        if fresh:
            append(trees, signer(key), fresh, project.clock.now())
    return len(fresh), len(lines) - len(fresh)


def append(trees: GitTrees, by: Signer, lines: Sequence[bytes], when: datetime) -> None:
    """One more batch in this writer's log. Raises ``RepositoryError`` REPO022 when it keeps moving."""
    from orchestrator.provenance.logs import log

    ref = log.branch(by.keyid)
    for _ in range(_ATTEMPTS):
        tip = trees.ref(ref)
        read = {path: trees.file(tip, path) for path in (log.HEAD, log.FRONTIER)} if tip else {}
        present = {path: data for path, data in read.items() if data is not None}
        update = trees.prepare_evidence(ref, log.append(present, lines, by), when)
        try:
            if update.old == tip:
                trees.update_refs([update])
                return
        except RepositoryError as problem:
            if problem.code != _MOVED:
                raise
    raise RepositoryError("REPO022", "The evidence branch kept moving.", "try again")


def writers(project: Project, rev: str = "HEAD") -> tuple[Writer, ...]:
    """Every writer's log in this repository. Raises ``EvidenceInvalid`` for one that does not hold together."""
    from orchestrator.provenance.logs import log

    chain = chain_at(project, rev)
    keys = chain.keys()
    names = {p.keyid: p.name for policy in chain.policies for p in policy.principals}
    found: list[Writer] = []
    with open_trees(project) as trees:
        for ref in trees.evidence_refs():
            prefix = ref.rsplit("/", 1)[-1]
            keyid = next((k for k in keys if k[: log.PREFIX_DIGITS] == prefix), None)
            state = log.check(trees.evidence(ref), keys[keyid]) if keyid else None
            found.append(Writer(ref, names.get(keyid or "", ""), state))
    return tuple(found)


def checkpoints(project: Project) -> bytes:
    """The newest checkpoint of every writer, one behind the other. Raises ``UsageError`` (EVID060) for none."""
    newest: dict[str, LogState] = {}
    for writer in writers(project):
        state = writer.state
        if state is not None and (state.writer not in newest or newest[state.writer].size < state.size):
            newest[state.writer] = state
    if not newest:
        raise UsageError("EVID060", "There is no evidence in this repository yet.", "handrail run SPEC")
    return b"\n".join(newest[k].head.note for k in sorted(newest))


def anchor_tag(project: Project, name: str, key: Path | None) -> str:
    """A signed, annotated tag on HEAD whose message are the checkpoints; ``git verify-tag`` checks it.

    Gives the full ref name; pushing it to a second remote puts the anchor there. Raises ``RepositoryError`` REPO041
    for a name that is taken or none, ``EvidenceInvalid`` EVID038 for a key that the policy does not name.
    """
    from orchestrator.provenance.signing import sshkey
    from orchestrator.vcs.user import write_tag

    by, named = signer(key), chain_at(project).keys()
    if by.keyid not in named:
        raise _no_anchor(f"the key {by.keyid[:16]} is not in the policy, and no verifier would take its tag")
    with open_trees(project) as trees:
        head = trees.resolve("HEAD")
    return write_tag(
        project.repository,
        name,
        head,
        checkpoints(project).decode(),
        when=project.clock.now(),
        sign=lambda text: sshkey.git_signature(text, by),
    )


def anchor_at(project: Project, where: str, keys: Mapping[str, str] | None = None) -> bytes:
    """Checkpoints from a file or, where there is none of that name, from an anchor's tag.

    A tag must be signed by one of ``keys`` (key id → raw public key in hex; without them by one that the policy at
    ``HEAD`` names or named), and be the one that was signed under this name: a ref that was moved to another anchor
    raises ``EvidenceInvalid`` EVID038. NOT seen: two tags that one key signed under one name.
    """
    from orchestrator.app.files import read_file
    from orchestrator.provenance.signing import sshkey
    from orchestrator.vcs.user import read_tag

    if Path(where).is_file():
        return read_file(Path(where))
    found = sshkey.git_signer(read_tag(project.repository, where))
    known = chain_at(project).keys() if keys is None else keys
    if found is None or found[1] not in known.values():
        raise _no_anchor(f"the tag {visible(where)} is not signed by a key of the policy")
    head, _, body = found[0].partition(b"\n\n")
    said = [line.removeprefix(b"tag ").decode(errors="replace") for line in head.split(b"\n") if line[:4] == b"tag "]
    if said != [where.removeprefix("refs/tags/")]:
        raise _no_anchor(f"the tag {visible(where)} holds what was signed as {visible(' '.join(said))}: it was moved")
    return body


def _no_anchor(why: str) -> EvidenceInvalid:
    return EvidenceInvalid("EVID038", why, "take the anchor from whoever keeps it, as a file or by git fetch")


def prove(project: Project, digest: Digest) -> bytes:
    """A ``.tlog-proof`` that the statement whose line has this digest stands in a writer's log.

    Raises ``UsageError`` (EVID063) when it stands in none.
    """
    from orchestrator.provenance.logs import checkpoint

    for writer in writers(project):
        lines = writer.state.lines if writer.state else ()
        index = next((n for n, line in enumerate(lines) if sha256(line) == digest), None)
        if index is not None and writer.state is not None:
            return checkpoint.proof_file(index, writer.state.leaves(), writer.state.head)
    raise UsageError("EVID063", f"No log here has a statement {digest}.", "handrail verify --json names them")


def compare(project: Project, anchored: bytes) -> tuple[tuple[str, int, int, tuple[str, ...]], ...]:
    """Per checkpoint: writer, its size, the size now, and the RFC 6962 consistency proof in hex.

    Raises ``EvidenceInvalid`` EVID034-035 for a log that does not continue the checkpoint.
    """
    from orchestrator.provenance.logs import checkpoint, merkle
    from orchestrator.provenance.roots.trust import demand_continuation

    keys = chain_at(project).keys()
    states = {w.state.writer: w.state for w in writers(project) if w.state is not None}
    out: list[tuple[str, int, int, tuple[str, ...]]] = []
    for note in checkpoint.split(anchored):
        writer = checkpoint.writer_of(note)
        if writer not in keys or writer not in states:
            raise EvidenceInvalid("EVID035", f"the log of writer {writer[:16]} is not here", "git fetch its branch")
        old, state = checkpoint.read(note, keys[writer]), states[writer]
        demand_continuation(state, old.size, old.root, "anchored")
        proof = merkle.consistency_proof(old.size, state.leaves()) if old.size else []
        out.append((writer, old.size, state.size, tuple(h.hex() for h in proof)))
    return tuple(out)


def erase(project: Project, digests: Sequence[Digest]) -> int:
    """Forget stored texts by the salted digests that statements carry; how many were here (D13).

    The text is erased with its salt and also where it is stored on its own. Raises ``UsageError`` (EVID064) for a
    digest that no statement in this repository names as a text.
    """
    from orchestrator.provenance.predicates import claims

    named = _texts(project)
    odd = next((d for d in digests if d not in named), None)
    if odd is not None:
        raise UsageError("EVID064", f"No statement names a text {odd}.", "handrail verify --json")
    count = 0
    for digest in digests:
        try:
            blob = project.blobs.get(digest)
        except StoreError:
            continue
        project.blobs.erase([digest, sha256(claims.text_of(blob, digest))])
        count += 1
    return count


def texts_of_run(project: Project, run: str) -> tuple[Digest, ...]:
    """Every text that the statements of a run name."""
    return tuple(d for d, named in _texts(project).items() if named == run)


def _texts(project: Project) -> dict[Digest, str]:
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    keys = chain_at(project).keys()
    found: dict[Digest, str] = {}
    with open_trees(project) as trees:
        for line in every_line(trees):
            try:
                claim = statements.read(dsse.open_line(line, keys).payload)
            except EvidenceInvalid:
                continue
            if isinstance(claim, claims.ChangeClaim):
                seen = claim.observed
                texts = (claim.spec_text, claim.transcript, seen.network, seen.processes)
                found |= {d: claim.run for d in (*(r.text for r in claim.requirements), *texts) if d is not None}
    return found
