"""``init`` and ``trust``: a repository gets a policy, a profile and a person who answers for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.base import FOLDER, PROFILE, folder_at, trust_store
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import default_path
from orchestrator.assets.find import capability_profile
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import Digest
from orchestrator.models.profile import RepositoryProfile


@dataclass(frozen=True, slots=True)
class Initialised:
    """``root`` is the digest to give to whoever verifies; ``written`` are paths in the work tree."""

    profile: RepositoryProfile
    root: Digest
    keyid: str
    key_path: Path
    written: tuple[str, ...]
    committed: bool


def propose_profile(project: Project) -> RepositoryProfile:
    """What the repository's own files say at HEAD; a person confirms it."""
    from orchestrator.planning.profile import detect_profile

    with open_trees(project) as trees:
        head = trees.resolve("HEAD")
        paths = [e.path for e in trees.entries(trees.tree_of(head))]
        return detect_profile(paths, lambda path: trees.file(head, path))


def ensure_new(project: Project) -> Path:
    """The top of the work tree. Raises ``UsageError`` CFG014 (there is none) or CFG011 (set up already)."""
    from orchestrator.vcs.repository import work_tree

    top = work_tree(project.repository)
    if top is None:
        raise UsageError("CFG014", "A bare repository has no work tree to write into.", "run init in a clone of it")
    if (top / FOLDER).exists():
        raise UsageError("CFG011", f"{top / FOLDER} exists already.", "handrail trust, or remove it first")
    return top


def initialise(
    project: Project,
    profile: RepositoryProfile,
    name: str,
    *,
    key: Path | None = None,
    commit: bool = False,
    protect: Sequence[str] = (),
    capabilities: str = "default",
    human: bool = True,
) -> Initialised:
    """Write ``.handrail/``, pin its root and trust its digest.

    ``protect`` names branches on which a commit by hand does not verify.
    ``capabilities`` names the bundled profile whose limits become the policy's
    ceiling. ``human`` says whether the key is a person's. Raises ``UsageError`` (CFG011)
    when the folder is there already.
    """
    from orchestrator.gates.catalog import GATES
    from orchestrator.planning.profile_file import dump_profile
    from orchestrator.provenance.roots.root import create_policy, read_chain, sign_policy
    from orchestrator.provenance.roots.trusted import folder_digest
    from orchestrator.provenance.signing.keys import generate_key
    from orchestrator.provenance.signing.signers import open_signer
    from orchestrator.vcs.user import commit_paths

    top = ensure_new(project)
    path = key or default_path()
    signer = open_signer(path) if path.exists() else generate_key(path, name)
    policy = create_policy(name, signer.public_key, project.clock.now(), protected_refs=protect, gates=tuple(GATES))
    limits = capability_profile(capabilities).limits
    ceiling = Capabilities(write=("**",), write_protected=("**",), models=("*",), limits=limits)
    person = policy.principals[0].model_copy(update={"human": human})
    policy = policy.model_copy(update={"principals": (person,), "ceiling": ceiling})
    files = {**sign_policy(policy, [signer]), PROFILE: dump_profile(profile)}
    for relative, data in files.items():
        (top / relative).parent.mkdir(parents=True, exist_ok=True)
        (top / relative).write_bytes(data)
    chain = read_chain(files, project.clock.now())
    store = trust_store()
    store.pin(project.repository.id, chain.root_digest)
    store.record_folder(project.repository.id, folder_digest(files))
    if commit:
        commit_paths(project.repository, sorted(files), "Set Handrail up\n\nPolicy, profile and the key that signs.\n")
    return Initialised(profile, chain.root_digest, signer.keyid, path, tuple(sorted(files)), commit)


def trust(project: Project, digest: str | None, rev: str = "HEAD") -> tuple[Digest, tuple[str, ...], bool]:
    """The digest of the folder at ``rev``, its files, and whether it is trusted now.

    With ``digest`` it is recorded, when it is that folder's. Raises ``UsageError``
    CFG010 (no folder) and CFG012 (another digest).
    """
    from orchestrator.provenance.roots.root import read_chain
    from orchestrator.provenance.roots.trusted import folder_digest

    with open_trees(project) as trees:
        files = folder_at(trees, trees.resolve(rev))
    if not files:
        raise UsageError("CFG010", f"{rev} has no .handrail folder.", "handrail init --commit")
    actual = folder_digest(files)
    store = trust_store()
    if digest is not None:
        if digest != actual:
            raise UsageError("CFG012", f"The folder at {rev} is {actual}, not {digest}.", "handrail trust")
        store.pin(project.repository.id, read_chain(files, project.clock.now()).root_digest)
        store.record_folder(project.repository.id, actual)
    return actual, tuple(sorted(files)), store.known(project.repository.id).folder == actual
