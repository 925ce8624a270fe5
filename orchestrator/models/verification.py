"""What ``verify`` found: a verdict, whom it rests on, and what covers each commit (D11, D12, D20)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.errors import ExitCode
from orchestrator.models.base import Instant, Noun
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId
from orchestrator.models.risk import AcceptedRisk


class Trust(StrEnum):
    """Where the root of trust came from."""

    PINNED = "pinned"
    FIRST_USE = "first-use"
    SELF_ASSERTED = "self-asserted"


class Verified(StrEnum):
    """The first line that ``verify`` prints (D20)."""

    VERIFIED = "VERIFIED"
    WITHOUT_HUMAN = "VERIFIED WITHOUT HUMAN APPROVAL"
    NOT_VERIFIED = "NOT VERIFIED"


class Checks(StrEnum):
    """Who says that gates and acceptance passed: the one who made the change, or another custody (D12)."""

    SELF_ATTESTED = "self-attested"
    INDEPENDENT = "independent"


class EvidenceProblem(Noun):
    """One reason why something does not verify. ``commit`` is ``None`` when it is about the evidence as a whole."""

    code: str
    message: str
    hint: str = ""
    commit: GitOid | None = None


class CommitEvidence(Noun):
    """What covers one commit.

    ``change`` and ``decisions`` are digests of envelope lines. ``reviewers`` are
    names from the policy. ``same_tree`` says that the statement names another
    commit with this parent and tree (a squash on a server). ``texts_withheld``
    counts requirement texts that are not here to read (D13). ``roles`` are the
    persons who approved, by role. ``lines`` counts the changed lines that are
    stated, ``None`` when no statement names any. ``not_observed`` names what nobody
    watched while the change was made. ``people`` edited it by hand.
    ``risks`` are protections that its sandbox lacked and somebody had accepted. ``signed_by`` are the known keys under
    the statement, ``at`` is when the change was made, by the word of who signed.
    """

    commit: GitOid
    tree: GitOid
    target_ref: str
    run: RunId
    step: StepId
    attempt: int
    requirements: tuple[RequirementId, ...]
    agent: str
    change: Digest
    same_tree: bool = False
    gates: dict[str, Result]
    acceptance: Result | None
    demonstrated: bool
    decisions: tuple[Digest, ...]
    reviewers: tuple[str, ...]
    human: bool
    roles: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    lines: int | None = None
    model: str = ""
    not_observed: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    checks: Checks
    texts_withheld: int
    policy_version: int
    risks: tuple[AcceptedRisk, ...] = ()
    signed_by: tuple[str, ...] = ()
    at: Instant | None = None

    def gates_in_words(self) -> str:
        """Those that did not pass by name, and how many did."""
        others = [
            f"{name}={result.value}" for name, result in sorted(self.gates.items()) if result is not Result.PASSED
        ]
        passed = len(self.gates) - len(others)
        return " ".join([*others, f"{passed} gate{'' if passed == 1 else 's'} passed"])


class Verification(Noun):
    """The whole answer.

    ``notes`` are sentences that change nothing, such as custody and writers that
    nobody knows. ``human_approved``: humans approved every attested commit, of
    which there is one at least.
    """

    verdict: Verified
    trust: Trust
    root: Digest
    policy_version: int
    commits: tuple[CommitEvidence, ...]
    unattested: tuple[GitOid, ...]
    problems: tuple[EvidenceProblem, ...]
    notes: tuple[str, ...]
    human_approved: bool

    @property
    def risks(self) -> tuple[AcceptedRisk, ...]:
        """Every accepted risk of a commit, each once."""
        return tuple(dict.fromkeys(risk for commit in self.commits for risk in commit.risks))

    @property
    def exit_code(self) -> ExitCode:
        """9 with any problem. Unattested commits outside protected refs are none (D20)."""
        return ExitCode.EVIDENCE if self.problems else ExitCode.DONE
