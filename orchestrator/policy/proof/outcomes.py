"""Every outcome that a node can have. A node says where each of them leads."""

from __future__ import annotations

from typing import assert_never

from orchestrator.models.workflow import Node, NodeKind, Subject

EXHAUSTED = "exhausted"
"""A bounded outcome was taken as often as it may be."""
EXPIRED = "expired"
"""The timer of a node that waits for somebody ran out."""
OTHERWISE = "otherwise"
"""No case of a decision holds."""

_REVIEW = frozenset({"approve", "request-changes", "reject"})
_STEPS = frozenset({"work", "judge", "done", "stacked", "refused", "rejected", "limit"})


def outcomes(node: Node, *, planned: bool = True) -> frozenset[str]:
    """All outcomes of this node. Of a ``parallel`` node they are its branches, all of which are taken.

    Only where something is ``planned`` can the review of a change be put off to the end, or can who reviews revise what
    is shown: a change by a part of it or an edit, a plan by granting less.
    """
    found = _of_kind(node)
    found |= {EXPIRED} if node.within_seconds is not None else frozenset[str]()
    found |= {EXHAUSTED} if node.at_most else frozenset[str]()
    return found if planned else found - {"deferred", "revised"}


def _of_kind(node: Node) -> frozenset[str]:  # noqa: C901, PLR0911, PLR0912  one line per kind
    match node.kind:
        case NodeKind.PLAN:
            return frozenset({"planned"})
        case NodeKind.FOR_EACH:
            return _STEPS if node.repeat is None else frozenset({"each", "done"})
        case NodeKind.AGENT:
            return frozenset({"proposed"} if node.instruction is None else {"proposed", "failed"})
        case NodeKind.COMMAND:
            return frozenset({"passed", "failed"} if node.argv else {"passed", "again"})
        case NodeKind.TASK:
            return frozenset({"done", "blocked"})
        case NodeKind.GATE:
            return frozenset({"passed", "needs-person", "again", "error"})
        case NodeKind.REVIEW:
            return _REVIEW | _of_subject(node.reviews)
        case NodeKind.ASK:
            return frozenset({"answered"})
        case NodeKind.DECIDE:
            return frozenset({OTHERWISE, *(case.outcome for case in node.cases)})
        case NodeKind.MERGE:
            return frozenset({"merged", "moved"})
        case NodeKind.NOTIFY:
            return frozenset({"sent", "unsent"})
        case NodeKind.WAIT:
            return frozenset({"elapsed"} if node.pause_seconds is not None else {"happened"})
        case NodeKind.PARALLEL:
            return frozenset(node.on)
        case NodeKind.JOIN:
            return frozenset({"joined"})
        case NodeKind.END:
            return frozenset()
        case _:
            assert_never(node.kind)


def _of_subject(subject: Subject | None) -> frozenset[str]:
    match subject:
        case Subject.CHANGE:
            return frozenset({"deferred", "moved", "revised"})
        case Subject.RUN:
            return frozenset({"moved"})
        case Subject.PLAN:
            return frozenset({"revised"})
        case Subject.WORK | Subject.EFFECT | None:
            return frozenset()
        case _:
            assert_never(subject)
