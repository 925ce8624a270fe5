"""``otherwise escalate to the CTO``: the same question, put to somebody else without a timer."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.draft import Draft
from orchestrator.workflows.naming import role_name

_TO = re.compile(
    r"(?:escalate|hand it|pass it)(?: on)? to (?:the |a |an |our )?(?P<role>[A-Za-z][A-Za-z -]*)", re.IGNORECASE
)
_REVIEWED = {"plan": "the plan", "change": "the change", "run": "all changes"}


def escalated(owner: Draft, text: str) -> tuple[str, dict[str, Any]] | None:
    """Title and fields of the copy, or ``None`` when the text is no escalation."""
    found = _TO.fullmatch(text)
    role = role_name(found["role"]) if found else None
    if found is None or role is None:
        return None
    said = role.replace("-", " ")
    fields = {**owner.fields, "role": role}
    fields.pop("within_seconds", None)
    fields.pop("at_most", None)
    return _title(owner, said), fields


def _title(owner: Draft, role: str) -> str:
    match owner.kind:
        case NodeKind.REVIEW:
            what = re.search(r"approves? (.+)$", owner.title, re.IGNORECASE)
            count = owner.fields.get("approvals", 1)
            who = f"{count} of the {role}s approve" if count > 1 else f"The {role} approves"
            return f"{who} {what[1] if what else _REVIEWED.get(owner.fields.get('reviews', ''), 'it')}"
        case NodeKind.ASK:
            rest = re.search(r" ((?:for|whether) .+)$", owner.title)
            return f"Ask the {role} {rest[1] if rest else ''}"
        case NodeKind.WAIT:
            rest = re.search(r" ((?:says?|confirms?|reports?) .+)$", owner.title)
            return f"Wait until the {role} {rest[1] if rest else 'says so'}"
        case _:
            return f"The {role} takes over: {owner.title}"
