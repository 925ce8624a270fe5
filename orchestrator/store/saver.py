"""LangGraph's SQLite saver, which waits for the disk once a superstep and not twice.

A checkpoint waits (``synchronous=FULL``), and brings to the disk what was written before it. What single nodes have
written in between does not wait: after ``kill -9`` it is there all the same, and after a power cut the node runs
again and finds the result of its effect under its key in ``runs.db``, which waited.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from langgraph.checkpoint.sqlite import SqliteSaver

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata

    from orchestrator.store.sealing import StateSerializer


class StateSaver(SqliteSaver):
    """As the one of LangGraph. ``conn`` is in WAL mode and its ``synchronous`` is changed by this object alone."""

    def __init__(self, conn: sqlite3.Connection, serde: StateSerializer) -> None:
        super().__init__(conn, serde=serde)
        self._turn = threading.Lock()

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """On the disk when it returns."""
        with self._turn:
            return super().put(config, checkpoint, metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """On the disk with the next checkpoint; at once as far as other processes see."""
        with self._turn:
            self.conn.execute("PRAGMA synchronous = NORMAL")
            try:
                super().put_writes(config, writes, task_id, task_path)
            finally:
                self.conn.execute("PRAGMA synchronous = FULL")
