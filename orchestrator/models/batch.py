"""Many runs as one: which spec goes where, with what, and how far the batch may go."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, cast

from pydantic import Field, StringConstraints, model_validator

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest, RunId

MAX_ENTRIES = 20_000
_Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class MergeMode(StrEnum):
    """What a batch does with finished runs.

    ``NONE`` leaves each on its own branch. ``EACH`` brings a run to its target before the next one for that target
    begins, so that every run is planned, judged and approved on what the ones before it left (D1). ``TOGETHER`` waits
    until all are done and merges them one by one (D26).
    """

    NONE = "none"
    EACH = "each"
    TOGETHER = "together"


class ManifestEntry(Noun):
    """One run that is wanted. Paths are relative to the manifest's folder. ``priority``: higher is sooner.

    ``accept_risk`` as the option of ``handrail run``, ``PROTECTION:OWNER:DATE`` each.
    """

    spec: _Text
    repo: _Text = "."
    workflow: _Text = "prd-to-code"
    agent: _Text | None = None
    script: _Text | None = None
    model: _Text | None = None
    review: Literal["each-step", "end-of-run"] | None = None
    target: _Text | None = None
    priority: int = Field(default=0, ge=-1000, le=1000)
    limits: dict[str, float] = Field(default_factory=dict)
    budget_tokens: int | None = Field(default=None, ge=0)
    budget_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    budget_seconds: int | None = Field(default=None, ge=1)
    accept_risk: tuple[_Text, ...] = ()


class Ceiling(Noun):
    """Runs at once, failures after which nothing more begins, tokens and money of all runs together.

    ``max_failures`` ``None`` never stops it; ``budget_usd`` ``None`` limits no money.
    """

    jobs: int = Field(default=1, ge=1, le=64)
    max_failures: int | None = Field(default=None, ge=1)
    budget_tokens: int | None = Field(default=None, ge=0)
    budget_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Manifest(Noun):
    """``batch.yaml``. Fields of ``defaults`` fill what an entry leaves out."""

    schema_: Literal["handrail.batch/1"] = Field(alias="schema")
    ceiling: Ceiling = Ceiling()
    merge: MergeMode = MergeMode.NONE
    runs: tuple[ManifestEntry, ...] = Field(min_length=1, max_length=MAX_ENTRIES)

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:  # noqa: ANN401  whatever the file holds
        match data:
            case {"defaults": dict(), "runs": list()}:
                given = cast("dict[str, Any]", data)
                filled: list[Any] = [
                    {**given["defaults"], **cast("dict[str, Any]", r)} if isinstance(r, dict) else r
                    for r in given["runs"]
                ]
                return {**{name: value for name, value in given.items() if name != "defaults"}, "runs": filled}
            case _:
                return data


class BatchEntry(Noun):
    """One run of a batch. Its id is given before it begins, so that going on after a crash never begins it twice.

    ``repo``, ``spec`` and ``script`` are whole paths; ``spec_source`` is the digest of the spec's bytes when the batch
    was made.
    """

    run: RunId
    asked: ManifestEntry
    repo: str
    spec: str
    spec_source: Digest
    script: str | None = None
    target_ref: str


class Batch(Noun):
    """A batch as it was asked for, in the order in which its runs begin. Where each stands is read from its run."""

    id: str
    ceiling: Ceiling
    merge: MergeMode
    entries: tuple[BatchEntry, ...] = Field(min_length=1, max_length=MAX_ENTRIES)
    approve_plan: bool = False
    created_at: Instant
