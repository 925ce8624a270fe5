"""LangGraph's SQLite saver, which waits for the disk once a superstep and not twice.

A checkpoint waits (``synchronous=FULL``), and brings to the disk what was written before it. What single nodes have
written in between does not wait: after ``kill -9`` it is there all the same, and after a power cut the node runs
again and finds the result of its effect under its key in ``runs.db``, which waited. For a graph whose nodes take
turns, what one of them leaves is not written in between at all (:mod:`orchestrator.store.alone`). Events that are not
yet in ``runs.db`` go with the checkpoint (:mod:`orchestrator.store.riding`), sealed as it is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.sqlite import SqliteSaver

from orchestrator.store.alone import follows_at_once

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

    from orchestrator.store.riding import Carries, Numbered
    from orchestrator.store.sealing import StateSerializer

RIDING = (
    "CREATE TABLE IF NOT EXISTS riding (number INTEGER PRIMARY KEY, type TEXT NOT NULL, event BLOB NOT NULL) STRICT"
)
_KIND = "event"


class StateSaver(SqliteSaver):
    """As the one of LangGraph. ``conn`` is in WAL mode and its ``synchronous`` is changed by this object alone.

    ``in_turns`` says that the graph is one of ours.
    """

    def __init__(self, conn: sqlite3.Connection, serde: StateSerializer, *, in_turns: bool) -> None:
        super().__init__(conn, serde=serde)
        self._in_turns = in_turns
        self._sealing = serde
        self._turn = threading.Lock()
        self._carries: Carries | None = None
        self._cleared = 0

    def ridden(self) -> Numbered:
        """The events that the last checkpoints brought. Raises as ``StateSerializer`` on reading."""
        rows = self.conn.execute("SELECT number, type, event FROM riding ORDER BY number").fetchall()
        return [(number, self._sealing.opened(kind, event)[1].decode()) for number, kind, event in rows]

    def carry(self, events: Carries) -> None:
        """From now on the events that wait there go with each checkpoint."""
        self._carries = events

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """On the disk when it returns, with the events that waited for it."""
        with self._turn:
            if self._carries is None:
                return super().put(config, checkpoint, metadata, new_versions)
            last = self._board(self._carries)
            done = super().put(config, checkpoint, metadata, new_versions)
            self._carries.brought(last)
            return done

    def _board(self, carries: Carries) -> int:
        """In the transaction that :meth:`put` commits. The last number that is on the disk then."""
        arrived, rows = carries.arrived(), carries.waiting()
        if arrived > self._cleared:
            self.conn.execute("DELETE FROM riding WHERE number <= ?", (arrived,))
            self._cleared = arrived
        sealed = [(number, *self._sealing.closed(_KIND, document.encode())) for number, document in rows]
        self.conn.executemany("INSERT INTO riding VALUES (?, ?, ?) ON CONFLICT DO NOTHING", sealed)
        return rows[-1][0] if rows else arrived

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """On the disk with the next checkpoint; at once as far as other processes see."""
        if self._in_turns and follows_at_once(writes, task_path):
            return
        with self._turn:
            self.conn.execute("PRAGMA synchronous = NORMAL")
            try:
                super().put_writes(config, writes, task_id, task_path)
            finally:
                self.conn.execute("PRAGMA synchronous = FULL")
