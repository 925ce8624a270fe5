"""Lines on the wire: predicate ``urn:handrail:lines:0.1``, which embeds an Agent Trace 0.1.0 record.

The record (https://github.com/cursor/agent-trace, an RFC) is a whole one and can be taken out as it is; what it has no
field for stands beside it. Its ``id`` is a UUID of version 5 over commit and authorship, so that building it again
gives the same one. ``content_hash`` is ``sha256:`` over the exact bytes of the range, line ends included.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Final

from orchestrator.provenance.predicates.claims import Contributor, LinesClaim, LinesOfFile
from orchestrator.provenance.predicates.wire import Json

from . import wire

TRACE_VERSION: Final = "0.1.0"
_REQUIREMENT: Final = "urn:handrail:requirement:"
_AUTHORSHIP: Final = "urn:handrail:statement:"
_SPACE: Final = uuid.UUID("6f1ad0a4-6f6f-5f0e-9c3d-2f5d4d1b8c11").bytes


def predicate(claim: LinesClaim) -> Json:
    """Of one commit's lines."""
    return {
        "run": claim.run,
        "step": claim.step,
        "attempt": claim.attempt,
        "target": {"ref": claim.identity.target_ref, "fromCommit": claim.identity.tip},
        "requirements": wire.requirements(claim.requirements),
        "authorship": claim.authorship,
        "blobs": [wire.git(f.path, "gitBlob", f.blob) for f in claim.files],
        "custody": claim.custody.value,
        "agentTrace": _trace(claim),
    }


def _trace(claim: LinesClaim) -> Json:
    return {
        "version": TRACE_VERSION,
        "id": _record_id(f"{claim.commit} {claim.authorship}"),
        "timestamp": wire.time(claim.at),
        "vcs": {"type": "git", "revision": claim.commit},
        "tool": {"name": claim.agent, "version": claim.agent_version},
        "files": [_file(claim, f) for f in claim.files],
    }


def _record_id(name: str) -> str:
    """As ``uuid.uuid5`` makes it (RFC 9562, version 5), without its object: one is made for each statement read."""
    made = bytearray(hashlib.sha1(_SPACE + name.encode(), usedforsecurity=False).digest()[:16])
    made[6], made[8] = made[6] & 0x0F | 0x50, made[8] & 0x3F | 0x80
    digits = made.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _file(claim: LinesClaim, file: LinesOfFile) -> Json:
    ranges = [
        {"start_line": r.start, "end_line": r.end, "content_hash": r.content, **_override(r.contributor)}
        for r in file.ranges
    ]
    related = [{"type": "requirement", "url": f"{_REQUIREMENT}{r.id}"} for r in claim.requirements]
    talk = {
        "contributor": _contributor(claim),
        "ranges": ranges,
        "related": [*related, {"type": "authorship", "url": _AUTHORSHIP + claim.authorship}],
    }
    return {"path": file.path, "conversations": [talk]}


def _contributor(claim: LinesClaim) -> Json:
    return {"type": "ai", **({"model_id": claim.model} if claim.model else {})}


def _override(contributor: Contributor) -> Json:
    return {} if contributor is Contributor.AI else {"contributor": {"type": contributor.value}}


def read(statement: Json) -> LinesClaim:
    """The claim of such a statement."""
    p = statement["predicate"]
    trace, target = p["agentTrace"], p["target"]
    talks = [f["conversations"][0] for f in trace["files"]]
    return LinesClaim.model_validate(
        {
            "commit": trace["vcs"]["revision"],
            "identity": wire.identity(statement, 1, target["ref"], target["fromCommit"]),
            "run": p["run"],
            "step": p["step"],
            "attempt": p["attempt"],
            "requirements": p["requirements"],
            "authorship": p["authorship"],
            "agent": trace["tool"]["name"],
            "agent_version": trace["tool"]["version"],
            "model": talks[0]["contributor"].get("model_id", "") if talks else "",
            "files": [
                {"path": f["path"], "blob": b["digest"]["gitBlob"], "ranges": [_range(r) for r in t["ranges"]]}
                for f, b, t in zip(trace["files"], p["blobs"], talks, strict=True)
            ],
            "custody": p["custody"],
            "at": trace["timestamp"],
        }
    )


def _range(r: Json) -> Json:
    contributor = r.get("contributor", {"type": "ai"})["type"]
    return {"start": r["start_line"], "end": r["end_line"], "content": r["content_hash"], "contributor": contributor}
