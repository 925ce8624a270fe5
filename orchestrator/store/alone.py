"""What a node that runs alone leaves is in the checkpoint that follows at once: no need to write it before as well.

LangGraph has a saver keep what each node of a superstep left as soon as that node ends, so that the others' failure
does not cost its work. In a graph of ours only agents that were *sent* to (``Send``) run side by side; any other node
is its superstep's only one (:mod:`orchestrator.engine.turns`), so the next thing written is the checkpoint. Killed
between the two, the node runs again, as it does when it is killed just before it ends: it finds the results of its
effects under their keys. What a node says that has not ended (an interrupt, an error, an answer) is written at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.base import WRITES_IDX_MAP

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_SENT = "~__pregel_pull"
"""How the path of a task begins that an edge led to."""


def follows_at_once(writes: Sequence[tuple[str, Any]], task_path: str) -> bool:
    """Whether the checkpoint with these writes is what the graph writes next."""
    return task_path.startswith(_NOT_SENT) and not any(channel in WRITES_IDX_MAP for channel, _ in writes)
