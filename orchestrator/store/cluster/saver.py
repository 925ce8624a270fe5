"""LangGraph's PostgreSQL saver, fenced, with every value through our strict serializer.

One for each worker, over its pool: the library's takes a lock around every call. Its ``put`` would keep numbers and
texts as they are beside the serialised values, where no seal covers them, so each value is put into a list first, and
what stands there plainly is refused. The schema's trigger keeps the two newest checkpoints of a run. What a node that
runs alone leaves is not written before its checkpoint (:mod:`orchestrator.store.alone`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.rows import DictRow, dict_row

from orchestrator.errors import StoreError
from orchestrator.store.alone import follows_at_once
from orchestrator.store.cluster.database import said

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
    from psycopg import Cursor
    from psycopg_pool import ConnectionPool

    from orchestrator.store.cluster.database import Fence
    from orchestrator.store.sealing import StateSerializer


class FencedSaver(PostgresSaver):
    """Every call is one transaction, and one that writes begins by holding the fence."""

    def __init__(self, pool: ConnectionPool[Any], serde: StateSerializer, fence: Fence) -> None:
        super().__init__(pool, serde=serde)
        self._pool, self._fence = pool, fence

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Durable when it returns. Raises ``RunBusy`` (RUN014) and writes nothing when another owner came."""
        values = {name: [value] for name, value in checkpoint["channel_values"].items()}
        return super().put(config, cast("Checkpoint", {**checkpoint, "channel_values": values}), metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """As :meth:`put`, unless the checkpoint that follows has them."""
        if not follows_at_once(writes, task_path):
            super().put_writes(config, writes, task_id, task_path)

    def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        """Raises ``StoreError`` (STORE030) for a value that did not come through the serializer."""
        if value["checkpoint"].get("channel_values"):
            text = "There is a checkpoint with values that are not ours."
            raise StoreError("STORE030", text, "somebody put it there: restore the database from a backup")
        found = super()._load_checkpoint_tuple(value)
        values = {name: kept[0] for name, kept in found.checkpoint["channel_values"].items()}
        return found._replace(checkpoint=cast("Checkpoint", {**found.checkpoint, "channel_values": values}))

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[Cursor[DictRow]]:
        """``pipeline`` is how the library says that it writes."""
        with said(), self.lock, self._pool.connection() as connection, connection.transaction():
            if pipeline:
                self._fence.hold(connection)
            with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                yield cursor
