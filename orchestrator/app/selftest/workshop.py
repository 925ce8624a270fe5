"""What a step's output goes through, and what it would go through if nobody cared."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import AgentFailed
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.found import GateReport
from orchestrator.models.ids import GitOid
from orchestrator.policy.paths import deny_write
from orchestrator.ports import BuiltTree, Candidate, ChangeOut, Sandbox
from orchestrator.sandbox.selftest.bench import FILES, WRITE, Bench
from orchestrator.vcs.scratch import make_repository
from orchestrator.vcs.trees import GitTrees

GRANT = Capabilities(write=WRITE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an output: the paths that are new or changed with their modes, or why all of it was refused."""

    tree: GitOid | None
    changed: dict[str, str]
    deleted: tuple[str, ...]
    words: str


class Workshop:
    """A repository with the bench's files and its private trees."""

    def __init__(self, trees: GitTrees) -> None:
        self.trees = trees
        self.tip = trees.resolve("HEAD")
        self.base = trees.tree_of(self.tip)

    def take(self, out: ChangeOut, *, careful: bool = True) -> Taken:
        """Build the tree, by the step's grant or as if everything were granted."""
        try:
            built = self.trees.build(
                self.base, out, lambda _: True, lambda path: deny_write(GRANT, (), path) if careful else None
            )
        except AgentFailed as refused:
            return Taken(None, {}, (), str(refused))
        return self._told(built)

    def take_from(self, box: Sandbox, script: str, *, careful: bool = True) -> Taken:
        """Run a script as the agent and take what it left."""
        box.execute(["sh", "-c", script], timeout_seconds=20)
        try:
            out = box.change_out()
        except AgentFailed as refused:
            return Taken(None, {}, (), str(refused))
        return self.take(out, careful=careful)

    def gated(self, tree: GitOid, names: Sequence[str]) -> tuple[GateReport, ...]:
        """Reports of these gates on a tree."""
        from orchestrator.gates.catalog import default_gates
        from orchestrator.gates.runner import run_gates

        files = self.trees.diff(self.base, tree).files
        identity = ChangeIdentity(
            target_ref="refs/heads/main", tip=self.tip, tree=tree, manifest=self.trees.manifest(tree)
        )
        candidate = Candidate(identity, files, self.trees.blob, (), ("tests",))
        return run_gates(default_gates(tuple(names)), candidate)

    def _told(self, built: BuiltTree) -> Taken:
        before = {e.path: (e.mode, e.oid) for e in self.trees.entries(self.base)}
        after = {e.path: (e.mode, e.oid) for e in self.trees.entries(built.tree)}
        changed = {path: what[0] for path, what in after.items() if before.get(path) != what}
        gone = tuple(sorted(before.keys() - after.keys()))
        return Taken(built.tree, changed, gone, "; ".join(built.denials))


@contextmanager
def workshop() -> Generator[Workshop]:
    """In a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="handrail-selftest-") as name:
        folder = Path(name)
        (folder / "project").mkdir()
        make_repository(folder / "project", {path: data for path, (_, data) in FILES.items()})
        with GitTrees.open(folder / "project", folder / "private") as trees:
            yield Workshop(trees)


@contextmanager
def careless_copy(bench: Bench, script: str) -> Generator[Path]:
    """The weakened sandbox's ``src`` after a script, unpacked on the host as it is: links, FIFOs, names and all."""
    with bench.weakened() as box, tempfile.TemporaryDirectory(prefix="handrail-selftest-") as name:
        box.execute(["sh", "-c", script], timeout_seconds=20)
        data = box.execute(["tar", "-C", "/work", "-cf", "-", "src"], timeout_seconds=20).stdout
        unpack(data, Path(name))
        yield Path(name)


def unpack(data: bytes, folder: Path) -> None:
    """Whatever the archive says, without a question."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            place = folder / member.name
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
            elif member.issym():
                place.symlink_to(member.linkname)
            elif member.isfifo():
                os.mkfifo(place)
            elif member.isfile():
                content = archive.extractfile(member)
                place.write_bytes(content.read() if content else b"")
