"""Who alone may do something, and that nobody approves what is their own: rules that are kept by who holds which step."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.models.workflow import Node, NodeKind, Subject
from orchestrator.workflows import approvals, rules, words
from orchestrator.workflows.naming import ROLE, Unclear, role_name

_ONLY: Final = re.compile(
    rf"only (?:the |a |an |our )?(?P<role>{ROLE}) (?:may|can|should|must|shall|(?:is|are) (?:allowed|permitted) to) (?P<what>.+)",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    rf"(?:(?:nobody|no one)(?: may| can| must| should| shall| is allowed to)? approves?|(?:you (?:may|must|should|can) not|never|do not) approve|"
    rf"no (?P<none>{ROLE})(?: may| can| must| should| shall| is allowed to)? approves?|(?:the |an? )?(?P<role>{ROLE}) (?:(?:may|must|should|shall|can) (?:not|never)|cannot|never) approves?) "
    r"(?:his|her|their|its|your|one['\u2019]s)(?: or (?:his|her|their))? own (?P<what>[a-z][a-z -]*)",
    re.IGNORECASE,
)
_MADE_BY: Final = frozenset({NodeKind.TASK, NodeKind.ASK})
_WORK: Final = frozenset({"work"})
_CHANGES: Final = frozenset({"change", "code", "edit", "commit"})
_HINT: Final = "The lead approves the claim, other than whoever did step 1"


def is_separation(text: str) -> bool:
    """Whether the sentence is of one of the two forms."""
    return _ONLY.fullmatch(text) is not None or _OWN.fullmatch(text) is not None


def keep(text: str, nodes: dict[str, Node]) -> None:
    """Hold the steps against the sentence; reviewers of their own are taken out of ``nodes``. Raises :class:`Unclear`."""
    only, own = _ONLY.fullmatch(text), _OWN.fullmatch(text)
    if only is not None:
        _ensure_theirs(only, nodes)
    elif own is not None:
        _apart(own, nodes)


def _ensure_theirs(found: re.Match[str], nodes: dict[str, Node]) -> None:
    role, done = role_name(found["role"]), rules.steps_of(found["what"], nodes)
    if role is None or not done:
        raise Unclear(f"{found['what']!r} means no step of this process.", "the words of the step that they may do")
    for name in done:
        if nodes[name].role != role:
            who = nodes[name].role or "no person"
            raise Unclear(f"Step `{name}` does this, and is done by {who}.", f"a step of the {role}")


def _apart(found: re.Match[str], nodes: dict[str, Node]) -> None:
    named = found["role"] or found["none"]
    role = role_name(named) if named else None
    wanted = frozenset(words.singular(word) for word in found["what"].lower().split())
    reviews = [n for n, node in nodes.items() if node.kind is NodeKind.REVIEW]
    theirs = [name for name in reviews if role in {None, nodes[name].role}]
    kept = [name for name in theirs or reviews if _is_about(nodes[name], wanted, found["what"])]
    if not kept:
        raise Unclear("No approval here is of that.", _HINT)
    for name in kept:
        for maker in _makers(name, wanted, found["what"], nodes):
            nodes[name] = _without(nodes[name], maker)


def _is_about(review: Node, wanted: frozenset[str], what: str) -> bool:
    if wanted & _CHANGES and review.reviews is Subject.CHANGE:
        return True
    return wanted <= _WORK or rules.speaks_of(what, review)


def _makers(review: str, wanted: frozenset[str], what: str, nodes: dict[str, Node]) -> list[str]:
    """The steps whose doer it is the own of: those that edit, or the one before the review that speaks of it."""
    if wanted & _CHANGES and nodes[review].reviews is Subject.CHANGE:
        return [n for n, node in nodes.items() if node.kind is NodeKind.TASK and node.edits]
    before = [*nodes][: [*nodes].index(review)]
    made = [n for n in before if nodes[n].kind in _MADE_BY and (wanted <= _WORK or rules.speaks_of(what, nodes[n]))]
    if len(made) != 1:
        many = "Several steps come" if made else "No step comes"
        raise Unclear(f"Whose own that is cannot be read: {many} before the approval and are about it.", _HINT)
    return made


def _without(review: Node, maker: str) -> Node:
    if maker in review.other_than:
        return review
    said = f" or step `{maker}`" if review.other_than else f", other than whoever did step `{maker}`"
    title, apart = review.title + said, (*review.other_than, maker)
    again = approvals.approval(title, {str(review.role)})
    if again is None or tuple(name.strip("`") for name in again.after) != apart:
        raise Unclear("That approval cannot be read back with it.", _HINT)
    return review.model_copy(update={"title": title, "other_than": apart})
