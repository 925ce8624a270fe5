"""What pushing and fetching share: a repository, its store, one of its remotes, and whose key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.remotes import bundle as bundles
from orchestrator.app.remotes import places
from orchestrator.app.trees import open_trees
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.ports import RefUpdate
from orchestrator.store import carrying
from orchestrator.store.carrying import Travelling
from orchestrator.vcs.remote import Remote, open_remote

if TYPE_CHECKING:
    from orchestrator.vcs.trees import GitTrees

HINT = "ask who can write to the remote"
_OUT = "refs/handrail/outgoing/"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which remote, whose key, and the digest that CI trusts."""

    remote: str
    key: Path | None = None
    trust: Digest | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One conversation with a remote."""

    project: Project
    trees: GitTrees
    remote: Remote
    asked: Asked

    @property
    def holder(self) -> str:
        """The name of this store."""
        return carrying.holder(self.project.layout.root)

    def known(self, run: RunId) -> Travelling | None:
        """What is known here of a run on a remote."""
        return carrying.travelling(self.project.index, run)

    def here(self, ref: str) -> GitOid | None:
        """The branch of the remote as it was fetched last."""
        return self.trees.ref(places.here(self.remote.name, ref))

    def fetch(self, refs: Iterable[str]) -> None:
        """Branches, to where they are kept here."""
        specs = [f"{ref}:{places.here(self.remote.name, ref)}" for ref in refs]
        if specs:
            self.remote.fetch(specs)

    def send(self, sent: Mapping[str, GitOid]) -> None:
        """Objects into this repository, then all branches or none to the remote."""
        own = {ref: oid for ref, oid in sent.items() if ref.startswith((places.REVIEW, places.DECISION))}
        outgoing = {_OUT + ref.removeprefix("refs/heads/"): oid for ref, oid in own.items()}
        updates = [RefUpdate(ref, oid, self.trees.ref(ref)) for ref, oid in outgoing.items()]
        self.trees.update_refs([update for update in updates if update.new != update.old])
        self.remote.push([f"{oid}:{ref}" for ref, oid in sent.items()])

    def read(self, commit: GitOid, run: RunId) -> bundles.Read:
        """See :func:`orchestrator.app.remotes.bundle.read`."""
        return bundles.read(self.project, self.trees, commit, run, self.asked.trust)

    def demand_newer(self, found: bundles.Read, known: Travelling | None, ref: str) -> None:
        """A bundle that was seen before may not come again as the newest: that would open what is closed."""
        before = found.bundle.previous
        follows = before is None or self.trees.holds(found.commit, before)
        newer = known is None or (found.bundle.sequence > known.sequence and self.trees.holds(found.commit, known.tip))
        if not (follows and newer):
            raise rewound(ref)

    def caught_up(self, run: RunId) -> Travelling | None:
        """Where a run that is advanced here stands on the remote.

        A push of ours may have died before it was noted. Raises ``UsageError`` REM021, REM022 for a run that is another
        store's, ``EvidenceInvalid`` REM023 for a branch that was rewound.
        """
        known, ref = self.known(run), places.review(run)
        there = self.remote.refs(ref).get(ref)
        if there is None and known is not None and known.remote == self.remote.name:
            raise rewound(ref)
        if there is None or (known is not None and there == known.tip):
            return known
        self.fetch([ref])
        found = self.read(there, run)
        if found.bundle.holder != self.holder:
            raise self._another(run, known)
        if known is not None:
            self.demand_newer(found, known, ref)
        return Travelling(self.remote.name, held=True, sequence=found.bundle.sequence, tip=there)

    def _another(self, run: RunId, known: Travelling | None) -> UsageError:
        if known is None:
            text = f"A run {run} that is not this one is on {self.remote.name}."
            return UsageError("REM021", text, "handrail review inbox")
        text = f"Run {run} was taken over by another machine: what is here is old."
        return UsageError("REM022", text, f"handrail resume {run} --remote {self.remote.name}, to take it back")


@contextmanager
def open_post(project: Project, asked: Asked) -> Iterator[Post]:
    """Raises ``RepositoryError`` REM001 for a remote that there is not, ``UsageError`` (CLU006) in a cluster."""
    project.owners.ensure_local()
    with open_trees(project) as trees:
        yield Post(project, trees, open_remote(trees.repository, asked.remote), asked)


def rewound(ref: str) -> EvidenceInvalid:
    """REM023."""
    text = f"{ref.removeprefix('refs/heads/')} no longer holds what was there before: it was rewound, or replayed."
    hint = f"{HINT}; once you know why: git update-ref -d refs/handrail/remote/REMOTE/{ref.removeprefix('refs/heads/')}"
    return EvidenceInvalid("REM023", text, hint)


def begun_here(project: Project, run: RunId) -> bool:
    """Whether a run of that name is in this store."""
    return any(row["id"] == run for row in project.index.run_rows())
