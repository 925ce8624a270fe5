"""What travels through the team's remote beside signed decisions (D15): a run, and a reviewer's remarks."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.run import Run

BUNDLE_TYPE = "application/vnd.handrail.run-bundle+json"
REMARKS_TYPE = "application/vnd.handrail.remarks+json"


class RunBundle(Noun):
    """A parked run, whole, signed by a key in the policy's role ``runner``.

    ``holder`` is the store that advances it, ``sequence`` grows with every bundle of the run and ``previous`` is the
    commit that it follows. ``rows`` and ``checkpoints`` are stored among ``blobs``, the digest of whose sorted list is
    ``contents``. ``run_tip`` is the run's branch, ``evidence`` the writers' logs here by their branches.
    """

    schema_version: int = 1
    run: Run
    holder: str = Field(pattern=r"^[0-9a-f]{32}$")
    sequence: int = Field(ge=1)
    previous: GitOid | None = None
    rows: Digest
    checkpoints: Digest
    contents: Digest
    run_tip: GitOid | None = None
    evidence: dict[str, GitOid] = Field(default_factory=dict)
    made_at: Instant


class Remarks(Noun):
    """The remarks of one reviewer on one item, by the digests of the stored comments."""

    schema_version: int = 1
    run: RunId
    item: str
    reviewer: str
    comments: tuple[Digest, ...] = Field(max_length=1000)
