"""What acceptance commands showed (D4), beside what gates found (:mod:`orchestrator.models.found`)."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Noun
from orchestrator.models.changed import ChangeIdentity
from orchestrator.models.coverage import Coverage
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest


class Demonstration(StrEnum):
    """What a command shows (D4). ``RED`` is a failure that a step of tests is there to cause."""

    DEMONSTRATED = "demonstrated"
    REGRESSION = "regression"
    FAILED = "failed"
    RED = "red"


class AcceptanceRun(Noun):
    """One acceptance command on the base and on the change. Exit codes are the process's; 124 is a time-out."""

    argv: tuple[str, ...]
    source: str
    exit_on_base: int
    exit_on_change: int
    shows: Demonstration
    output: Digest
    duration_seconds: float = 0.0


class AcceptanceReport(Noun):
    """``coverage`` is for people to read and decides nothing; ``None`` where a command failed or nobody looked."""

    change: ChangeIdentity
    image: str
    environment: Digest | None
    result: Result
    runs: tuple[AcceptanceRun, ...]
    coverage: Coverage | None = None
