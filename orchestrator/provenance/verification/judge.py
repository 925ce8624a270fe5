"""One commit against its evidence, under the policy in force at its parent (D1, D6, D11).

NOT checked: that a report says what its tool found (re-run the gates for that), that the target ref which a reviewer
was shown is the ref being verified now, and the clock of whoever signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from orchestrator.errors import StoreError
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.policy import Custody, Policy
from orchestrator.models.verification import Checks, CommitEvidence, EvidenceProblem
from orchestrator.policy import quorum, risks, verdicts
from orchestrator.ports import Blobs, CommitNode
from orchestrator.provenance.logs.evidence import Pool, Signed, Source
from orchestrator.provenance.predicates import wire
from orchestrator.provenance.predicates.authorship import not_observed
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    Contributor,
    DecisionClaim,
    GateClaim,
    LinesClaim,
)
from orchestrator.provenance.verification.ranges import fits

RUNNER: Final = "runner"
_INDEPENDENT: Final = frozenset({Custody.CI, Custody.WORKER})
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Approval:
    """What the decisions on one subject come to."""

    verdict: Verdict | None
    human: bool
    used: tuple[Signed[DecisionClaim], ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What those in one role are asked to approve."""

    role: str
    subject: Digest
    findings: tuple[Digest, ...]
    authors: tuple[str, ...]
    threshold: int = 1
    apart: tuple[str, ...] = ()


@dataclass
class Plans:
    """What people decided on a plan under one policy object: worked out once for all commits that rest on it."""

    known: dict[tuple[Digest, int], tuple[Policy, Verdict | None]] = field(
        default_factory=dict[tuple[Digest, int], "tuple[Policy, Verdict | None]"]
    )

    def verdict(self, plan: Digest, policy: Policy, decide: Callable[[], Verdict | None]) -> Verdict | None:
        """The policy is kept with it, so that its ``id`` stays its own."""
        key = (plan, id(policy))
        if key not in self.known:
            self.known[key] = policy, decide()
        return self.known[key][1]


@dataclass
class Judge:
    """Judges one change statement of one commit; :attr:`problems` fills up on the way."""

    source: Source
    pool: Pool
    policy: Policy
    node: CommitNode
    line: frozenset[tuple[GitOid, Digest]]
    """(tree, manifest) of every commit up to the head: where an end-of-run review may have ended."""
    signed: Signed[ChangeClaim]
    now: datetime
    blobs: Blobs | None = None
    plans: Plans = field(default_factory=Plans)
    problems: list[EvidenceProblem] = field(default_factory=list[EvidenceProblem])

    def judge(self) -> CommitEvidence:
        """All of it. The commit is covered when :attr:`problems` is empty afterwards."""
        claim = self.signed.claim
        self._signer_and_time(claim)
        self._identity(claim.identity)
        gates = self._gates(claim.identity)
        acceptance = self._acceptance(claim)
        approval = self._approval(claim.identity, fingerprints_to_lift(gates))
        self._plan(claim)
        self._order(claim, approval)
        self._risks(claim)
        return CommitEvidence(
            commit=self.node.oid,
            tree=self.node.tree,
            target_ref=claim.identity.target_ref,
            run=claim.run,
            step=claim.step,
            attempt=claim.attempt,
            requirements=tuple(r.id for r in claim.requirements),
            agent=f"{claim.agent} {claim.agent_version}".strip(),
            change=self.signed.line,
            same_tree=claim.commit != self.node.oid,
            gates={name: verdicts.worst(g.claim.result for g in found) for name, found in sorted(gates.items())},
            acceptance=verdicts.worst(a.claim.result for a in acceptance) if acceptance else None,
            demonstrated=any(c.shows is Demonstration.DEMONSTRATED for a in acceptance for c in a.claim.commands),
            decisions=tuple(d.line for d in approval.used),
            reviewers=tuple(sorted({d.claim.decision.reviewer for d in approval.used})),
            human=approval.human,
            roles=self._roles(approval),
            lines=self._lines(claim),
            model=claim.observed.model,
            not_observed=tuple(not_observed(claim.observed)),
            people=claim.people,
            checks=self._checks(gates, acceptance),
            texts_withheld=self._withheld(claim),
            policy_version=self.policy.version,
            risks=claim.risks,
            signed_by=self.signed.keyids,
            at=claim.finished_at,
        )

    def _say(self, code: str, message: str, hint: str) -> None:
        self.problems.append(EvidenceProblem(code=code, message=message, hint=hint, commit=self.node.oid))

    def _by_runner(self, keyids: Sequence[str]) -> bool:
        return any(self.policy.holds(keyid, RUNNER) for keyid in keyids)

    def _signer_and_time(self, claim: ChangeClaim) -> None:
        if not self._by_runner(self.signed.keyids):
            self._say("EVID040", "the change is signed by a key without the role runner", "have a runner attest it")
        if claim.finished_at >= self.policy.expires:
            self._say("EVID024", "the change was made after the policy had expired", "renew the policy, run again")

    def _risks(self, claim: ChangeClaim) -> None:
        """What its sandbox lacked must have been acceptable to the policy when it was made."""
        for words in risks.refusals(claim.risks, self.policy, claim.finished_at):
            self._say(
                "EVID069", f"a risk was accepted that cannot be: {words}", "run the change again in a whole sandbox"
            )

    def _order(self, claim: ChangeClaim, approval: Approval) -> None:
        """Times are their signers' words; they must at least not contradict each other (clocks may differ a little)."""
        early = claim.finished_at - _CLOCKS_DIFFER
        if claim.finished_at < claim.started_at or early > self.now:
            self._say("EVID056", "the change ended before it began, or in the future", "see whose clock is wrong")
        if any(d.claim.decision.decided_at < early for d in approval.used):
            self._say("EVID056", "the change was decided on before it was made", "see whose clock is wrong")

    def stated_lines(self) -> list[LinesClaim]:
        """What runners state of this change's lines; the word of anybody else is none."""
        found = self.pool.lines.get(self.signed.claim.commit, ())
        return [s.claim for s in found if s.claim.authorship == self.signed.line and self._by_runner(s.keyids)]

    def _lines(self, claim: ChangeClaim) -> int | None:
        """How many lines are stated; ``None`` when nobody stated any. Every statement of them must be true."""
        stated = self.stated_lines()
        if not all(self._fitting(claim, mine) for mine in stated):
            self._say("EVID059", "the statement of its lines does not fit the commit", "the statement was made wrongly")
        return sum(r.end - r.start + 1 for f in stated[0].files for r in f.ranges) if stated else None

    def _fitting(self, claim: ChangeClaim, mine: LinesClaim) -> bool:
        alike = _same(mine.identity, claim.identity) and mine.requirements == claim.requirements
        nobodys = not claim.people and any(r.contributor is Contributor.HUMAN for f in mine.files for r in f.ranges)
        return alike and not nobodys and self._true_lines(mine)

    def _true_lines(self, claim: LinesClaim) -> bool:
        for file in claim.files:
            row = self.source.entry(self.node.tree, file.path)
            if row is None or row.oid != file.blob or not fits(file, self.source.blob(row.oid)):
                return False
        return True

    def _roles(self, approval: Approval) -> dict[str, tuple[str, ...]]:
        """Persons who approved, by the role in which they did."""
        found: dict[str, set[str]] = {}
        for signed in approval.used:
            decision = signed.claim.decision
            people = [p for k in signed.keyids if (p := self.policy.principal(k)) and p.human]
            if decision.verdict is Verdict.APPROVE:
                found.setdefault(decision.role, set()).update(p.name for p in people)
        return {role: tuple(sorted(names)) for role, names in sorted(found.items()) if names}

    def _identity(self, identity: ChangeIdentity) -> None:
        if self.node.defect:
            self._say("EVID058", self.node.defect, "git fsck; a shallow clone: git fetch --unshallow")
        if len(self.node.parents) != 1:
            self._say("EVID041", "an attested commit has exactly one parent, and this has not", "merge fast-forward")
        elif self.node.parents[0] != identity.tip:
            self._say("EVID042", "the commit's parent is not the tip that was judged", "run the change again on it")
        if self.node.tree != identity.tree:
            self._say("EVID043", "the commit's tree is not the one that was judged", "somebody replaced the tree")
        elif self.source.manifest(self.node.tree) != identity.manifest:
            self._say("EVID044", "the tree's content is not the one that was judged", "a git object was replaced")

    def _gates(self, identity: ChangeIdentity) -> dict[str, list[Signed[GateClaim]]]:
        gates: dict[str, list[Signed[GateClaim]]] = {name: [] for name in self.policy.required_gates}
        for signed in self.pool.gates.get(wire.digest_of(identity), ()):
            if self._by_runner(signed.keyids):
                gates.setdefault(signed.claim.gate, []).append(signed)
        for name, found in gates.items():
            if not found:
                self._say("EVID045", f"no result of the gate {name} by a runner", "run the gates on this change")
            for signed in found:
                self._gate(signed.claim)
        return gates

    def _gate(self, claim: GateClaim) -> None:
        unlifted = claim.result is Result.NEEDS_PERSON and not claim.to_lift
        if claim.result in {Result.FAILED, Result.ERROR} or claim.failing or unlifted:
            self._say("EVID046", f"the gate {claim.gate} said {claim.result}", "mend the change and run it again")

    def _acceptance(self, claim: ChangeClaim) -> list[Signed[AcceptanceClaim]]:
        """Every result by a runner counts, also one that the change does not name."""
        everything = self.pool.acceptance.get(wire.digest_of(claim.identity), ())
        found = [a for a in everything if self._by_runner(a.keyids)]
        if claim.acceptance is not None and not any(a.claim.report == claim.acceptance for a in found):
            self._say("EVID049", "the acceptance report that the change names is missing", "fetch all evidence")
        if any(not _passed(a.claim) for a in found):
            self._say("EVID049", "acceptance did not pass", "mend the change and run it again")
        return found

    def _approval(self, identity: ChangeIdentity, findings: tuple[Digest, ...]) -> Approval:
        authors = self._authors()
        best = self._outcome(wire.digest_of(identity), self._on_change(identity), findings, authors)
        if best.verdict is None:
            runs = [self._outcome(s, d, findings, authors) for s, d in self._on_runs(identity).items()]
            said = [r for r in runs if r.verdict is not None]
            best = next((r for r in said if r.verdict is Verdict.APPROVE), next(iter(said), best))
        if best.verdict is None:
            self._unapproved(identity, findings)
        elif best.verdict is not Verdict.APPROVE:
            self._say("EVID051", f"a reviewer said {best.verdict} to this change", "make another change")
        return best

    def _unapproved(self, identity: ChangeIdentity, findings: tuple[Digest, ...]) -> None:
        groups = [(wire.digest_of(identity), self._on_change(identity)), *self._on_runs(identity).items()]
        but_for_findings = any(self._outcome(s, d, (), self._authors()).verdict is Verdict.APPROVE for s, d in groups)
        but_for_authors = any(self._outcome(s, d, findings).verdict is Verdict.APPROVE for s, d in groups)
        if but_for_findings:
            text = "the change is approved, but a finding needs a person, none of its authors, who lifts it"
            self._say("EVID048", text, "review it again")
        elif but_for_authors:
            self._say("EVID047", "nobody but its own author approved the change", "have another reviewer approve it")
        else:
            self._say("EVID050", "no approval of exactly this change by enough reviewers", "handrail review")

    def _authors(self) -> tuple[str, ...]:
        """Whose approval alone is not enough: who edited it by hand and, by policy, who signed it as made."""
        signers = [p.name for k in self.signed.keyids if (p := self.policy.principal(k))]
        return (*self.signed.claim.people, *(signers if self.policy.separate_approval else ()))

    def _on_change(self, identity: ChangeIdentity) -> list[Signed[DecisionClaim]]:
        found = self.pool.decisions.get(wire.digest_of(identity), ())
        said = [d for d in found if d.claim.decision.kind is SubjectKind.CHANGE]
        return [d for d in said if _same(d.claim.decision.change, identity)]

    def _on_runs(self, identity: ChangeIdentity) -> dict[Digest, list[Signed[DecisionClaim]]]:
        """End-of-run decisions that list this change, and whose final tree stands on this line."""
        out: dict[Digest, list[Signed[DecisionClaim]]] = {}
        for signed in self.pool.run_decisions:
            decision = signed.claim.decision
            final = decision.change
            if final is None or final.digest() != decision.subject or (final.tree, final.manifest) not in self.line:
                continue
            if wire.digest_of(identity) in decision.shown:
                out.setdefault(decision.subject, []).append(signed)
        return out

    def _plan(self, claim: ChangeClaim) -> None:
        found = self.plans.verdict(claim.plan, self.policy, lambda: self._on_plan(claim.plan))
        if found is not Verdict.APPROVE:
            self._say("EVID052", "nobody with the role approved the plan of this change", "approve a plan, run again")

    def _on_plan(self, plan: Digest) -> Verdict | None:
        found = self.pool.decisions.get(plan, ())
        decisions = [d for d in found if d.claim.decision.kind is SubjectKind.PLAN]
        return self._outcome(plan, decisions, ()).verdict

    def _outcome(
        self,
        subject: Digest,
        decisions: Sequence[Signed[DecisionClaim]],
        findings: tuple[Digest, ...],
        authors: tuple[str, ...] = (),
    ) -> Approval:
        """Over the roles that may decide: one refusal refuses, one role's approval approves."""
        votes = [
            (d, k) for d in decisions for k in d.keyids if k == d.claim.keyid and self._may_say(d.claim.decision, k)
        ]
        asked = (subject, findings, authors)
        verdict = self._verdict(asked, votes)
        humans = [(d, k) for d, k in votes if (who := self.policy.principal(k)) and who.human]
        alone = verdict if len(humans) == len(votes) else self._verdict(asked, humans)
        human = verdict is Verdict.APPROVE and alone is Verdict.APPROVE
        return Approval(verdict, human, tuple({d.line: d for d, _ in votes}.values()))

    def _may_say(self, decision: Decision, keyid: str) -> bool:
        who = self.policy.principal(keyid)
        allowed = {*self.policy.approve_roles, *self.policy.lift_roles}
        return who is not None and decision.reviewer == who.name and decision.role in allowed

    def _verdict(
        self,
        asked: tuple[Digest, tuple[Digest, ...], tuple[str, ...]],
        votes: Sequence[tuple[Signed[DecisionClaim], str]],
    ) -> Verdict | None:
        found: list[Verdict] = []
        by_role: dict[str, list[tuple[Decision, str]]] = {}
        for signed, keyid in votes:
            by_role.setdefault(signed.claim.decision.role, []).append((signed.claim.decision, keyid))
        for role, mine in by_role.items():
            said = quorum.outcome(_Asked(role, *asked), [d for d, _ in mine], self.policy, [k for _, k in mine])
            if said is not None:
                found.append(said)
        refusals = [v for v in found if v is not Verdict.APPROVE]
        return refusals[0] if refusals else next(iter(found), None)

    def _checks(self, gates: dict[str, list[Signed[GateClaim]]], acceptance: list[Signed[AcceptanceClaim]]) -> Checks:
        wanted = [[s.keyids for s in found] for found in gates.values()]
        if acceptance:
            wanted.append([s.keyids for s in acceptance])
        elsewhere = [any(self._independent(keyids) for keyids in found) for found in wanted]
        return Checks.INDEPENDENT if elsewhere and all(elsewhere) else Checks.SELF_ATTESTED

    def _independent(self, keyids: Sequence[str]) -> bool:
        authors = {p.name for k in self.signed.keyids if (p := self.policy.principal(k))}
        others = [p for k in keyids if (p := self.policy.principal(k)) and p.name not in authors]
        return any(p.custody in _INDEPENDENT and self.policy.holds(p.keyid, RUNNER) for p in others)

    def _withheld(self, claim: ChangeClaim) -> int:
        return sum(1 for r in claim.requirements if not self._readable(r.text))

    def _readable(self, text: Digest) -> bool:
        if self.blobs is None:
            return False
        try:
            self.blobs.get(text)
        except StoreError:
            return False
        return True


def _same(one: ChangeIdentity | None, other: ChangeIdentity) -> bool:
    """Statements of one change mostly share the very noun."""
    return one is other or one == other


def _passed(claim: AcceptanceClaim) -> bool:
    return claim.result is Result.PASSED and all(c.shows is not Demonstration.FAILED for c in claim.commands)


def fingerprints_to_lift(gates: dict[str, list[Signed[GateClaim]]]) -> tuple[Digest, ...]:
    """Fingerprints that a person must lift, over all reports, sorted."""
    return tuple(sorted({f for found in gates.values() for g in found for f in g.claim.to_lift}))
