"""What waits, and for whom of it this key can decide."""

from __future__ import annotations

from typing import Any

from orchestrator.app.base import read_base
from orchestrator.app.project import Project
from orchestrator.app.remotes.post import Asked
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.app.wiring import decision_opener


def waiting(project: Project, asked: Asked) -> list[dict[str, Any]]:
    """Open items, oldest first. ``mine``: this key's person holds the role, is not apart, and has not decided yet."""
    keyid, found = signer(asked.key).keyid, list[dict[str, Any]]()
    with open_trees(project) as trees:
        for item in project.index.open_items():
            base = read_base(project, trees, project.index.run(item.run).base_commit, asked.trust)
            policy = base.chain.current
            who = policy.principal(keyid)
            decided = {decision_opener(base)(line)[0] for line in project.index.decisions(item.id)}
            free = who is not None and who.name not in item.apart and keyid not in decided
            found.append(item.model_dump(mode="json") | {"mine": free and policy.holds(keyid, item.role)})
    return found
