"""Contents of a repository that are asked for again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from orchestrator.models.ids import GitOid

__all__ = ["LastRead"]

_KEPT_BYTES = 64 * 1024**2


class LastRead:
    """The contents that were read last, up to a size: each gate of a commit asks for the same ones. Thread-safe.

    Called with an id it gives the content, and raises what ``one`` does. One content is kept, however large it is.
    """

    def __init__(
        self,
        one: Callable[[GitOid], bytes],
        many: Callable[[Sequence[GitOid]], Iterator[bytes]],
        kept_bytes: int = _KEPT_BYTES,
    ) -> None:
        self._one, self._many = one, many
        self._lock = threading.Lock()
        self._kept: OrderedDict[GitOid, bytes] = OrderedDict()
        self._left = kept_bytes

    def __call__(self, oid: GitOid) -> bytes:
        with self._lock:
            data = self._kept.get(oid)
            if data is not None:
                self._kept.move_to_end(oid)
        return data if data is not None else self._keep(oid, self._one(oid))

    def ready(self, oids: Sequence[GitOid]) -> Iterator[bytes]:
        """Read them together; what ``many`` gives, in its order."""
        for oid, data in zip(oids, self._many(oids), strict=True):
            yield self._keep(oid, data)

    def _keep(self, oid: GitOid, data: bytes) -> bytes:
        with self._lock:
            if oid not in self._kept:
                self._kept[oid] = data
                self._left -= len(data)
            while self._left < 0 and len(self._kept) > 1:
                self._left += len(self._kept.popitem(last=False)[1])
        return data
