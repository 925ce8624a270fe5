"""The Merkle tree of RFC 6962 section 2.1, over hashes of leaves.

A leaf's hash is SHA-256(0x00 || leaf), a node's SHA-256(0x01 || left || right). Proofs are those of sections 2.1.1
(inclusion) and 2.1.2 (consistency). Nothing here looks at a signature: a root means what its checkpoint's signer said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Of the leaf's exact bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The roots of the perfect subtrees that a tree of ``size`` leaves falls into, largest first.

    All that appending needs. Its length is the number of ones in ``size``.
    """

    size: int = 0
    roots: list[bytes] = field(default_factory=list[bytes])

    def add(self, leaf: bytes) -> None:
        """One more leaf's hash."""
        self.roots.append(leaf)
        size = self.size
        while size & 1:
            right, left = self.roots.pop(), self.roots.pop()
            self.roots.append(node_hash(left, right))
            size >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The tree's root."""
        if not self.roots:
            return EMPTY_ROOT
        found = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            found = node_hash(left, found)
        return found

    def whole(self) -> bool:
        """Whether the number of subtrees is the one that a tree of this size has."""
        return len(self.roots) == self.size.bit_count()


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Of leaf ``index`` in the tree of all ``leaves``. Raises ``ValueError`` for an index that is not there."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion_proof(index, leaves[:k]), root(leaves[k:])]
    return [*inclusion_proof(index - k, leaves[k:]), root(leaves[:k])]


def consistency_proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """That the tree of the first ``old`` leaves is a beginning of this one. Raises ``ValueError`` for a wrong size."""
    if not 0 < old <= len(leaves):
        raise ValueError("no such older tree")
    return _subproof(old, leaves, whole=True)


def _subproof(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*_subproof(old, leaves[:k], whole=whole), root(leaves[k:])]
    return [*_subproof(old - k, leaves[k:], whole=False), root(leaves[:k])]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether a proof leads from a leaf's hash to the root ``expected``."""
    if not 0 <= index < size:
        return False
    found, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            found = node_hash(sibling, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and found == expected


def continues(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the tree of ``new`` leaves is proved to begin with the one of ``old`` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new or (old == new and (proof or old_root != new_root)):
        return False
    if old == new:
        return True
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
