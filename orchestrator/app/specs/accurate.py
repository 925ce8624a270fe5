"""``spec.reviewed.jsonl``: signed words that a requirement and its code agree, kept beside the spec.

Each line is a DSSE envelope of its own payload type by a person of the policy. The file lies in the work tree, so that
it travels, is reviewed and is merged as the spec is. A line that does not hold counts for nothing, and is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from orchestrator.app.files import read_file
from orchestrator.app.project import Project
from orchestrator.app.specs.checking import replace_file
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.accurate import PAYLOAD_TYPE, Accurate, ReadFile
from orchestrator.models.ids import RequirementId, canonical
from orchestrator.models.policy import Policy
from orchestrator.models.spec import Requirement, Spec

NAME = "spec.reviewed.jsonl"
MAX_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """``held`` are newest last; ``broken`` are numbers of lines that say nothing."""

    held: tuple[Accurate, ...]
    broken: tuple[int, ...]


def read_recorded(spec: Path, policy: Policy, keys: Mapping[str, str]) -> Recorded:
    """What stands beside a spec. Raises ``UsageError`` TRC001 for a file of more than 10,000 lines."""
    path = spec.parent / NAME
    if not path.is_file() or path.is_symlink():
        return Recorded((), ())
    lines = read_file(path).splitlines(keepends=True)
    if len(lines) > MAX_LINES:
        raise UsageError("TRC001", f"{path} has more than {MAX_LINES:,} lines.", "delete those of old commits")
    found = [_opened(line, policy, keys) for line in lines]
    held = sorted((one for one in found if one is not None), key=lambda one: one.at)
    return Recorded(tuple(held), tuple(n for n, one in enumerate(found, 1) if one is None))


def _opened(line: bytes, policy: Policy, keys: Mapping[str, str]) -> Accurate | None:
    """``None`` unless the person that it names has signed exactly these bytes."""
    from orchestrator.provenance import dsse

    try:
        opened = dsse.open_line(line, keys, PAYLOAD_TYPE)
        said = Accurate.model_validate_json(opened.payload)
    except (EvidenceInvalid, ValidationError):
        return None
    who = {p.name for key in opened.keyids if (p := policy.principal(key)) is not None}
    return said if said.reviewer in who and canonical(said.model_dump(mode="json")) == opened.payload else None


def record(
    project: Project,
    spec: Spec,
    place: Path,
    files: Mapping[RequirementId, Sequence[str]],
    *,
    rev: str,
    key: Path | None,
) -> tuple[Accurate, ...]:
    """Sign that each requirement agrees with its files as they are at a revision.

    Raises ``UsageError``: REV020 for a key that the policy does not name, TRC002 for a file that is not there.
    """
    from orchestrator.app.trust.keys import signer
    from orchestrator.provenance import dsse

    who = signer(key)
    principal = chain_at(project, rev).current.principal(who.keyid)
    if principal is None:
        text = f"The policy names no person with the key {who.keyid[:16]}."
        raise UsageError("REV020", text, "use --key, or have the key added to the policy")
    texts = {r.id: r for r in spec.requirements}
    made = [_accurate(project, texts[name], paths, rev, principal.name) for name, paths in files.items()]
    lines = [dsse.seal(canonical(one.model_dump(mode="json")), [who], PAYLOAD_TYPE) for one in made]
    path = place.parent / NAME
    before = read_file(path) if path.is_file() else b""
    replace_file(path, before + b"".join(lines))
    return tuple(made)


def _accurate(project: Project, requirement: Requirement, paths: Sequence[str], rev: str, reviewer: str) -> Accurate:
    with open_trees(project) as trees:
        commit = trees.resolve(rev)
        tree = trees.tree_of(commit)
        found = {path: trees.entry(tree, path) for path in sorted(set(paths))}
    gone = [path for path, entry in found.items() if entry is None]
    if gone:
        raise UsageError("TRC002", f"{gone[0]!r} is not in {rev}.", "name files of that commit with --file")
    return Accurate(
        requirement=requirement.id,
        text_digest=requirement.text_digest,
        commit=commit,
        files=tuple(ReadFile(path=path, blob=entry.oid) for path, entry in found.items() if entry is not None),
        reviewer=reviewer,
        at=project.clock.now(),
    )
