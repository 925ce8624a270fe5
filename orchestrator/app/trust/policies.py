"""Changing the signed policy: drafts, signatures, and what to do when the last root key is lost (D11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import FOLDER, folder_at, trust_store
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest

if TYPE_CHECKING:
    from orchestrator.models.capabilities import Capabilities
    from orchestrator.models.policy import Custody, Policy, Role
    from orchestrator.provenance.roots.amending import Draft, Edit
    from orchestrator.provenance.roots.root import PolicyChain

DRAFT = Path("policy-next.json")


@dataclass(frozen=True, slots=True)
class Amended:
    """Where the draft or the finished version was written, and how many signatures it still needs."""

    version: int
    missing: int
    written: str
    committed: bool


def chain_at(project: Project, rev: str = "HEAD") -> PolicyChain:
    """The chain of policies at a revision; its signatures are checked, whether anybody here trusts it is not."""
    from orchestrator.provenance.roots.root import read_chain

    with open_trees(project) as trees:
        return read_chain(folder_at(trees, trees.resolve(rev)), None)


def change(project: Project, edit: Edit, *, key: Path | None, output: Path = DRAFT, commit: bool = False) -> Amended:
    """The next version, signed by this key. Raises ``EvidenceInvalid`` EVID021, EVID028."""
    from orchestrator.provenance.roots.amending import drafted, edited

    def make(chain: PolicyChain) -> Draft:
        return drafted(chain, edited(chain, edit, project.clock.now()), signer(key))

    return _amend(project, make, output, commit=commit)


def sign(project: Project, draft: Path, *, key: Path | None, commit: bool = False) -> Amended:
    """One more signature on a draft; written back to it, or into the policy when it is the last that was needed."""
    from orchestrator.app.files import read_file
    from orchestrator.provenance.roots.amending import signed

    line = read_file(draft)
    return _amend(project, lambda c: signed(c, line, signer(key)), draft, commit=commit)


def _amend(project: Project, make: Callable[[PolicyChain], Draft], output: Path, *, commit: bool) -> Amended:
    from orchestrator.provenance.roots.root import policy_path

    chain = chain_at(project)
    draft = make(chain)
    if draft.missing:
        output.write_bytes(draft.line)
        return Amended(draft.policy.version, draft.missing, str(output), committed=False)
    path = policy_path(draft.policy.version)
    words = f"Policy version {draft.policy.version}\n\nSigned by the root of version {chain.current.version}.\n"
    _put(project, {path: draft.line}, words, commit=commit)
    return Amended(draft.policy.version, 0, path, committed=commit)


def _put(project: Project, files: Mapping[str, bytes], words: str, *, commit: bool) -> None:
    """Into the work tree; committed when asked, and then trusted by the person who just signed it."""
    from orchestrator.provenance.roots.trusted import folder_digest
    from orchestrator.vcs.repository import work_tree
    from orchestrator.vcs.user import commit_paths

    top = work_tree(project.repository)
    if top is None:
        raise UsageError("CFG014", "A bare repository has no work tree to write into.", "do it in a clone of it")
    for path, data in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(data)
    if commit:
        with open_trees(project) as trees:
            before = folder_digest(folder_at(trees, trees.resolve("HEAD")))
        commit_paths(project.repository, sorted(files), words)
        if trust_store().known(project.repository.id).folder == before:
            with open_trees(project) as trees:
                after = folder_digest(folder_at(trees, trees.resolve("HEAD")))
            trust_store().record_folder(project.repository.id, after)


def recover(project: Project, name: str, *, key: Path | None, commit: bool, why: str) -> tuple[Digest, Digest, Amended]:
    """A new root of trust in place of one whose keys are lost: the old digest, the new one, and what was written.

    Nothing connects the two but the word of whoever publishes the new digest: every verifier has to be told, and
    ``verify`` says EVID026 of the commit that does this, for ever.
    """
    from orchestrator.provenance.roots.root import read_chain, sign_policy
    from orchestrator.vcs.repository import work_tree
    from orchestrator.vcs.user import commit_paths

    old = chain_at(project)
    first = _first(project, name, key, old.current.protected_refs, old.current.gates)
    first = first.model_copy(update={"ceiling": old.current.ceiling, "protected_paths": old.current.protected_paths})
    files = sign_policy(first, [signer(key)])
    new = read_chain(files, project.clock.now())
    top = work_tree(project.repository)
    if top is None:
        raise UsageError("CFG014", "A bare repository has no work tree to write into.", "do it in a clone of it")
    folder = top / FOLDER / "policy"
    gone = [p for p in sorted(folder.glob("*.json")) if f"{FOLDER}policy/{p.name}" not in files]
    for path in gone:
        path.unlink()
    for name_, data in files.items():
        (top / name_).write_bytes(data)
    names = sorted([*files, *(f"{FOLDER}policy/{p.name}" for p in gone)])
    if commit:
        words = f"A new root of trust\n\n{why}\n\nOld root: {old.root_digest}\nNew root: {new.root_digest}\n"
        commit_paths(project.repository, names, words)
    trust_store().pin_again(project.repository.id, new.root_digest)
    return old.root_digest, new.root_digest, Amended(1, 0, ", ".join(names), committed=commit)


def pin(project: Project, digest: Digest) -> None:
    """This user trusts another root from now on, because its maintainers said so over another channel."""
    trust_store().pin_again(project.repository.id, digest)


def begin(
    project: Project, name: str, *, key: Path | None, protect: Sequence[str], gates: Sequence[str], commit: bool
) -> tuple[Digest, Amended]:
    """Version 1 alone. Raises ``UsageError`` CFG011 when there is a policy already."""
    from orchestrator.provenance.roots.root import read_chain, sign_policy
    from orchestrator.vcs.repository import work_tree

    top = work_tree(project.repository)
    if top is not None and (top / FOLDER / "policy").exists():
        raise UsageError("CFG011", f"{top / FOLDER / 'policy'} exists already.", "handrail policy change")
    files = sign_policy(_first(project, name, key, protect, gates), [signer(key)])
    chain = read_chain(files, project.clock.now())
    _put(project, files, "A first policy\n\nWho may sign, review and merge.\n", commit=commit)
    trust_store().pin(project.repository.id, chain.root_digest)
    return chain.root_digest, Amended(1, 0, ", ".join(files), committed=commit)


def _first(project: Project, name: str, key: Path | None, protect: Sequence[str], gates: Sequence[str]) -> Policy:
    from orchestrator.gates.catalog import GATES
    from orchestrator.provenance.roots.root import create_policy

    return create_policy(
        name, signer(key).public_key, project.clock.now(), protected_refs=protect, gates=gates or tuple(GATES)
    )


def principals(said: Sequence[str]) -> dict[str, tuple[str, Custody]]:
    """``NAME=PUBFILE[:CUSTODY]`` as name → key and custody. Raises ``UsageError`` CFG018, KEY002, KEY009."""
    from orchestrator.models.policy import Custody
    from orchestrator.provenance.signing.signers import read_any_public

    found: dict[str, tuple[str, Custody]] = {}
    for one in said:
        name, equals, rest = one.partition("=")
        path, colon, custody = rest.rpartition(":")
        known = {str(c) for c in Custody}
        where = Path(path) if colon and custody in known else Path(rest)
        if not (name and equals and rest):
            raise UsageError("CFG018", f"{one!r} is not NAME=PUBFILE.", "--add-person ana=ana.pem.pub:user-held")
        kind = Custody(custody) if colon and custody in known else Custody.USER
        found[name] = (read_any_public(where)[0], kind)
    return found


def read_ceiling(path: Path) -> Capabilities:
    """A file of capabilities, in YAML as in a workflow's ``ceiling``. Raises ``UsageError`` CFG023."""
    from orchestrator.app.files import read_file
    from orchestrator.models.capabilities import Capabilities
    from orchestrator.models.strict_yaml import validate

    found, problems = validate(read_file(path), Capabilities, str(path), "CFG023")
    if found is None:
        raise UsageError("CFG023", f"{path} is no ceiling.", "docs/reference/policy.md", [str(p) for p in problems])
    return found


def roles_of(said: Sequence[str]) -> dict[str, Role]:
    """``ROLE=NAME,NAME:THRESHOLD`` as roles. Raises ``UsageError`` CFG018."""
    from orchestrator.models.policy import Role

    found: dict[str, Role] = {}
    for one in said:
        match = re.fullmatch(r"([^=:,]+)=([^=:]+)(?::([1-9][0-9]?))?", one)
        if match is None:
            raise UsageError("CFG018", f"{one!r} is not ROLE=NAME,NAME:THRESHOLD.", "--role reviewer=ana,ben:2")
        found[match[1]] = Role(principals=tuple(match[2].split(",")), threshold=int(match[3] or 1))
    return found
