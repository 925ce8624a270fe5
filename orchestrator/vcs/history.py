"""Commits in order, and the evidence branches that a clone has. Implements :class:`orchestrator.ports.History`.

Of git's own walk only the order is taken. What a commit says is read from its object, whose id is worked out again: so
no graft, replaced object, setting or encoding of the repository can say something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from orchestrator.models.ids import GitOid
from orchestrator.ports import CommitNode
from orchestrator.vcs.packs import object_id
from orchestrator.vcs.reader import Reader
from orchestrator.vcs.repository import Repository

_EVIDENCE = "handrail-evidence"
_HEAD = re.compile(rb"tree ([0-9a-f]{40,64})\n((?:parent [0-9a-f]{40,64}\n)*)author ")
_AGAIN = re.compile(rb"^(?:tree|parent) ", re.MULTILINE)
_ENCODING = re.compile(rb"^encoding (utf[-_]?(?:7|16|32)\w*)$", re.MULTILINE | re.IGNORECASE)
_CLAIM = re.compile(r"^handrail-change[ \t]*:[ \t]*(\S*)", re.MULTILINE | re.IGNORECASE)
_FORGED = "its object is not the one that its id names"
_ODD = "its object does not have the form that git writes"
_CUT = "its history is cut off here: the clone is shallow, or says that it is"


def commits(repository: Repository, reader: Reader, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]:
    """All that ``head`` reaches and ``base`` does not, parents first. Replace references and grafts play no part."""
    without = [f"^{base}"] if base else []
    said = repository.git.run("rev-list", "--topo-order", "--reverse", "--end-of-options", head, *without)
    found = nodes(reader, [GitOid(oid) for oid in said.stdout.decode().split()])
    cut = _cut(repository, reader, found, base)
    return tuple(n._replace(defect=n.defect or _CUT) if cut.intersection(n.parents) else n for n in found)


def _cut(repository: Repository, reader: Reader, found: Sequence[CommitNode], base: GitOid | None) -> set[GitOid]:
    """Parents that are neither in the range nor below its base."""
    named = {parent for node in found for parent in node.parents}
    outside = sorted(named - {node.oid for node in found} - {base})
    if base is None or not outside:
        return set(outside)
    here = [oid for oid, info in zip(outside, reader.info(outside), strict=True) if info is not None]
    asked = "".join(f"{oid}\n" for oid in [*here, f"^{base}"]).encode()
    above = repository.git.run("rev-list", "--stdin", stdin=asked) if here else None
    known = set(here)
    not_below = set(above.stdout.decode().split()) if above else set[str]()
    return {oid for oid in outside if oid not in known or oid in not_below}


def nodes(reader: Reader, oids: Sequence[GitOid]) -> tuple[CommitNode, ...]:
    """These commits alone. Raises ``RepositoryError`` REPO013 for one that is not here."""
    return tuple(_node(reader.object_format, info.oid, data) for info, data in reader.contents(oids))


def _node(object_format: str, oid: GitOid, data: bytes) -> CommitNode:
    head, _, message = data.partition(b"\n\n")
    found = _HEAD.match(data)
    forged = object_id(object_format, "commit", data) != oid
    if found is None or _AGAIN.search(head, found.end()):
        return CommitNode(oid, (), GitOid("0" * len(oid)), (), _FORGED if forged else _ODD)
    parents = tuple(GitOid(line.split(b" ")[1].decode()) for line in found[2].splitlines())
    return CommitNode(oid, parents, GitOid(found[1].decode()), _claims(head, message), _FORGED if forged else "")


def _claims(head: bytes, message: bytes) -> tuple[str, ...]:
    """What the last paragraph claims, also where its encoding is one in which ASCII is written in other bytes."""
    said = _ENCODING.search(head)
    texts = [message.decode(errors="replace")]
    if said is not None:
        with suppress(LookupError):
            texts.append(message.decode(said[1].decode(), errors="replace"))
    ends = [text.rstrip().rpartition("\n\n")[2] for text in texts]
    return tuple(dict.fromkeys(claim for end in ends for claim in _CLAIM.findall(end)))


def evidence_tips(repository: Repository) -> dict[str, GitOid]:
    """All evidence branches, local and of every remote, by their full names, sorted."""
    return _refs(repository, f"refs/heads/{_EVIDENCE}/", f"refs/remotes/**/{_EVIDENCE}/*")


def replaced(repository: Repository) -> frozenset[GitOid]:
    """Objects in whose place git shows others, to everybody who does not switch that off."""
    return frozenset(GitOid(ref.rpartition("/")[2]) for ref in _refs(repository, "refs/replace/"))


def _refs(repository: Repository, *patterns: str) -> dict[str, GitOid]:
    said = repository.git.run("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    rows = [line.split(" ", 1) for line in said.stdout.decode(errors="replace").splitlines()]
    return {ref: GitOid(oid) for oid, ref in sorted(rows, key=lambda row: row[1])}
