"""When a verdict may be given. Each rule raises, or says nothing. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from orchestrator.errors import UsageError
from orchestrator.models.decision import ReviewItem, SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy
from orchestrator.models.review import Mark, MarkState, ReviewSheet, Waiver
from orchestrator.models.run import Run, RunStatus
from orchestrator.policy import answers
from orchestrator.review.escape import escape
from orchestrator.review.view import ItemView

_OVER = (RunStatus.DONE, RunStatus.REJECTED, RunStatus.CANCELLED)
TEXT_LIMIT = 64 * 1024
"""Longest reason or comment, in UTF-8 bytes."""


def text(words: str) -> str:
    """Words of a person, trimmed. Raises ``UsageError`` (``REV009``) for what cannot be kept."""
    words = words.strip()
    try:
        size = len(words.encode())
    except UnicodeEncodeError:
        raise UsageError("REV009", "The text has bytes that are not UTF-8.", "write it again in UTF-8") from None
    if size > TEXT_LIMIT:
        raise UsageError("REV009", f"The text is longer than {TEXT_LIMIT} bytes.", "Link to a longer document.")
    return words


def reason(verdict: Verdict, words: str) -> None:
    """A rejection or a request says why: its reason is all that the agent learns."""
    if verdict is not Verdict.APPROVE and not words:
        raise UsageError(
            "REV001", f"The verdict {verdict} needs a reason.", "Say in a sentence what must be different."
        )


def may_decide(item: ReviewItem, policy: Policy, keyid: str, name: str) -> None:
    """This key belongs to this person, who holds the item's role."""
    who = policy.principal(keyid)
    if who is None or who.name != name:
        raise UsageError(
            "REV004",
            f"The policy knows no key {keyid[:16]} of {escape(name)}.",
            "Ask who signs the policy to add this key.",
        )
    if not policy.holds(keyid, item.role):
        raise UsageError(
            "REV004",
            f"{escape(name)} is not in the role {escape(item.role)}, which decides here.",
            f"Ask one of: {escape(', '.join(_holders(policy, item.role)) or 'nobody holds it')}.",
        )
    if name in item.apart:
        others = sorted(set(_holders(policy, item.role)) - set(item.apart))
        raise UsageError(
            "REV017",
            f"{escape(name)} did what is judged here, and somebody else must decide.",
            f"Ask one of: {escape(', '.join(others) or 'nobody else holds the role')}.",
        )


_ONLY = {
    SubjectKind.ANSWERS: (Verdict.APPROVE,),
    SubjectKind.EVENT: (Verdict.APPROVE,),
    SubjectKind.TASK: (Verdict.APPROVE, Verdict.REJECT),
}


def fits(item: ReviewItem, sheet: ReviewSheet, verdict: Verdict, words: str) -> None:
    """A task is done or blocked, an event has happened, questions are answered and their answers are of their types."""
    if verdict not in _ONLY.get(item.kind, tuple(Verdict)):
        can = " or ".join(_ONLY[item.kind])
        raise UsageError("REV018", f"A {item.kind} item is not decided by {verdict}.", f"handrail review {can}")
    if item.kind is SubjectKind.ANSWERS and sheet.work is not None:
        problems = answers.problems(sheet.work.asks, words)
        if problems:
            raise UsageError(
                "REV019",
                "These are no answers to what is asked.",
                f"handrail answer {item.run} {answers.asked_as(sheet.work.asks)}",
                details=[escape(p) for p in problems],
            )


def revisable(item: ReviewItem, verdict: Verdict, *, made: bool) -> None:
    """Where nothing would become of a reviewer's own version, none is taken. Raises ``UsageError`` (``REV046``)."""
    if made and not item.revisable and verdict is not Verdict.APPROVE:
        text = f"The workflow of run {escape(item.run)} takes no version of a reviewer's own here."
        raise UsageError("REV046", text, "handrail review request-changes, and say what must be different")


def hands_in(view: ItemView, verdict: Verdict) -> None:
    """A task that edits is not done by words. Raises ``UsageError`` (``REV048``)."""
    work = view.sheet.work
    if work is not None and work.edits and verdict is Verdict.APPROVE:
        text = f"Item {escape(view.item.id)} is done by handing in a change."
        raise UsageError("REV048", text, f"handrail answer {view.item.run} --change REVISION")


def another_than_the_author(item: ReviewItem, policy: Policy, name: str, verdict: Verdict) -> None:
    """An author of the change cannot be its only approver, so somebody else must hold the role. Raises REV039."""
    others = set(_holders(policy, item.role)) - set(item.authors)
    if verdict is Verdict.APPROVE and name in item.authors and not others:
        raise UsageError(
            "REV039",
            f"{escape(name)} edited this or chose its agent, and nobody else is in the role {escape(item.role)}.",
            "have the policy name another reviewer",
        )


def _holders(policy: Policy, role: str) -> tuple[str, ...]:
    return policy.roles[role].principals if role in policy.roles else ()


def still_asked(view: ItemView) -> None:
    """The item is open. Raises ``UsageError`` (``REV006``, ``REV007``)."""
    item = view.item
    if view.outcome is not None:
        raise UsageError("REV006", f"Item {escape(item.id)} is closed: {view.outcome}.", "handrail review list")
    if view.outdated:
        raise outdated(item)


def in_force(waivers: Iterable[Waiver], now: datetime) -> None:
    """A waiver that has ended lifts nothing. Raises ``UsageError`` (``REV034``)."""
    over = [w for w in waivers if w.expires <= now]
    if over:
        told = [f"{w.finding} ended {w.expires:%Y-%m-%d %H:%M} UTC ({escape(w.owner)})" for w in over]
        raise UsageError("REV034", "A waiver's end has passed.", "review waive, with a later --expires", told)


def marks_agree(marks: Iterable[Mark], verdict: Verdict) -> None:
    """Nobody approves what they have rejected in part. Raises ``UsageError`` (``REV035``)."""
    rejected = [m for m in marks if m.state is MarkState.REJECTED]
    if verdict is Verdict.APPROVE and rejected:
        told = [f"{escape(m.path)}:{m.line} {escape(m.reason)}" for m in rejected]
        text = f"You have rejected {len(rejected)} of its hunks."
        raise UsageError("REV035", text, "handrail review take, or handrail review clear", told)


def open_and_current(view: ItemView, run: Run, others: Sequence[ReviewItem], keyid: str) -> None:
    """Still asked, still about the present subject, and not yet answered with this key."""
    item = view.item
    if view.expired:
        raise UsageError(
            "REV006", f"Item {escape(item.id)} is closed: its time ran out.", f"handrail resume {item.run}"
        )
    still_asked(view)
    if run.status in _OVER:
        raise UsageError("REV006", f"Run {escape(run.id)} is over: {run.status}.", "start a new run")
    if any(_replaces(other, item) for other in others):
        raise outdated(item)
    if any(said.keyid == keyid for said in view.decisions):
        raise UsageError(
            "REV005",
            "This key has already decided this item.",
            "A comment can be added with `handrail review comment`.",
        )


def outdated(item: ReviewItem) -> UsageError:
    """What a verdict on something that has changed since gets."""
    return UsageError(
        "REV007",
        f"Item {escape(item.id)} is outdated: the change was rebuilt or its target moved after it was shown.",
        "handrail resume, then judge the new item of handrail review list",
    )


def _replaces(other: ReviewItem, item: ReviewItem) -> bool:
    same = (other.run, other.node, other.kind, other.step) == (item.run, item.node, item.kind, item.step)
    return same and other.subject != item.subject and other.created_at > item.created_at


def lifts(view: ItemView, policy: Policy, keyid: str, verdict: Verdict, named: Sequence[Digest]) -> None:
    """Only an approval lifts, only what a person may lift, only by who may; and whoever may must name each."""
    if named and verdict is not Verdict.APPROVE:
        raise UsageError("REV014", "Findings are lifted by an approval only.", "Leave the lifts out.")
    known = set(view.item.findings)
    strange = [fingerprint for fingerprint in named if fingerprint not in known]
    if strange:
        raise UsageError(
            "REV003",
            "Not a finding that a person may lift on this item.",
            "Name fingerprints as `handrail review show` prints them.",
            details=[escape(fingerprint) for fingerprint in strange],
        )
    if not any(policy.holds(keyid, role) for role in policy.lift_roles):
        if named:
            raise UsageError(
                "REV012",
                "This key may not lift findings.",
                f"Someone in one of these roles must: {escape(', '.join(policy.lift_roles))}.",
            )
        return
    if verdict is Verdict.APPROVE:
        _all_named(view, named)


def _all_named(view: ItemView, named: Sequence[Digest]) -> None:
    told = {f.fingerprint: f"{f.fingerprint} {f.rule} {f.path}:{f.line} {f.message}" for f in view.to_lift}
    missing = [fingerprint for fingerprint in view.item.findings if fingerprint not in named]
    if missing:
        raise UsageError(
            "REV002",
            f"{len(missing)} of {len(view.item.findings)} findings for a person are not lifted.",
            "Look at each, then lift it by name or request changes.",
            details=[escape(told.get(fingerprint, fingerprint)) for fingerprint in missing],
        )


def sound(view: ItemView) -> None:
    """Nothing that a gate or acceptance refused can be approved, whoever asks."""
    bad = (Result.FAILED, Result.ERROR)
    failed = [f"gate {r.gate}: {r.result} {r.reason}" for r in view.reports if r.result in bad]
    accepted = [(part.step.id, part.acceptance) for part in view.sheet.changes if part.acceptance]
    failed += [f"acceptance of {step}: {report.result}" for step, report in accepted if report.result in bad]
    if failed:
        raise UsageError(
            "REV011",
            "A gate or an acceptance command did not pass, and no approval lifts that.",
            "Request changes, or reject.",
            details=[escape(line) for line in failed],
        )
