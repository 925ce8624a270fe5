"""Two clones work offline, push in any order through a bare remote, and a third clone finds everything (D10)."""

import os
import random
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from provenance_support import NOW, World

from orchestrator.app.evidence.carrying import append
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.ids import GitOid, RunId
from orchestrator.models.policy import Custody
from orchestrator.models.verification import Verified
from orchestrator.ports import RefUpdate
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import log
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees

WRITERS = {"runner": Custody.HOST, "ci": Custody.CI}


def git(folder: Path, *argv: str) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *argv], cwd=folder, check=True, capture_output=True, text=True, env=env
    ).stdout.strip()


class Clone:
    """One person's clone. Nothing of it reaches the remote before it is pushed."""

    def __init__(self, world: World, folder: Path, writer: str) -> None:
        self.world, self.folder, self.writer = world, folder, writer
        git(world.folder, "clone", "-q", str(world.repo.path), str(folder))
        self.ref = f"refs/heads/handrail/{writer}"
        self.said: list[bytes] = []

    def change(self, trees: GitTrees, n: int) -> None:
        """One commit on the run's branch, and its statements in the writer's own log."""
        world, tip = self.world, trees.ref(self.ref) or GitOid(self.world.base)
        tree = trees.put_file(trees.tree_of(tip), "app.py", f"x = {n}  # {self.writer}\n".encode())
        commit = trees.commit(tree, tip, f"Change {n}", self.writer, NOW + timedelta(seconds=n))
        trees.update_refs([RefUpdate(self.ref, commit, trees.ref(self.ref))])
        identity = ChangeIdentity(target_ref=self.ref, tip=tip, tree=tree, manifest=trees.manifest(tree))
        custody = WRITERS[self.writer]
        about = {"identity": identity, "custody": custody}
        run = RunId(f"20261122-{self.writer}")
        made = world.change(commit=commit, base_commit=tip, proposed=tree, run=run, **about)
        claims = [made, *(world.gate(name, **about) for name in world.gates), world.acceptance(**about)]
        decision = world.decision(subject=identity.digest(), change=identity, run=run, decided_at=made.finished_at)
        lines = [world.sealed(claim, self.writer) for claim in claims] + [world.sealed(decision, "ana")]
        lines += [world.sealed(world.plan_decision(), "ana")] if n == 1 else []
        append(trees, world.keys[self.writer], lines, NOW)
        self.said += lines

    def work(self, changes: int) -> None:
        with GitTrees.open(self.folder, self.folder.with_name(f"{self.folder.name}-private")) as trees:
            for n in range(1, changes + 1):
                self.change(trees, n)

    def refs(self) -> list[str]:
        return [self.ref, log.branch(self.world.keys[self.writer].keyid)]


def judged(world: World, folder: Path, head: str):
    known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
    with GitTrees.open(folder, folder.with_name(f"{folder.name}-private")) as trees:
        lines = {x for r in trees.evidence_refs() for p, d in trees.evidence(r).items() if p.startswith("log/")
                 for x in dsse.lines_of(d)}  # fmt: skip
        asked = Request(head=head, base=world.base, repository="r1", now=NOW, root_digest=known)
        return verify(trees, asked), lines


def apart_and_together(tmp_path: Path, changes: int, seed: int) -> None:
    world = World(tmp_path)
    world.repo.git("update-ref", "refs/heads/main", world.base)
    clones = [Clone(world, tmp_path / name, writer) for name, writer in (("a", "runner"), ("b", "ci"))]
    for clone in clones:
        clone.work(changes)
    pushes = [(clone, ref) for clone in clones for ref in clone.refs()]
    random.Random(seed).shuffle(pushes)  # noqa: S311  an order, no secret
    for clone, ref in pushes:
        git(clone.folder, "push", "-q", "origin", f"{ref}:{ref}")
    git(tmp_path, "clone", "-q", str(world.repo.path), str(tmp_path / "third"))
    for clone in clones:
        found, lines = judged(world, tmp_path / "third", f"origin/handrail/{clone.writer}")
        assert (found.verdict, found.problems, found.unattested) == (Verified.VERIFIED, (), ())
        assert [c.run for c in found.commits] == [f"20261122-{clone.writer}"] * changes
        assert lines == {line for one in clones for line in one.said}


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_and_everything_verifies(tmp_path: Path, seed: int):
    apart_and_together(tmp_path, 3, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(24))
def test_nothing_of_twenty_changes_each_is_lost_in_any_order(tmp_path: Path, seed: int):
    apart_and_together(tmp_path, 20, seed)


def both_heads(world: World, folder: Path, others: Sequence[Path]) -> None:
    git(world.folder, "clone", "-q", str(world.repo.path), str(folder))
    for n, other in enumerate(others):
        git(folder, "remote", "add", f"r{n}", str(other))
        git(folder, "fetch", "-q", f"r{n}")


def test_a_writer_that_shows_two_heads_of_one_size_is_named(tmp_path: Path):
    """One key in two clones: the second push is refused, and whoever sees both logs names the writer."""
    world = World(tmp_path)
    world.repo.git("update-ref", "refs/heads/main", world.base)
    clones = [Clone(world, tmp_path / name, "runner") for name in ("a", "b")]
    for clone in clones:
        clone.work(2)
    first, second = clones
    git(first.folder, "push", "-q", "origin", *first.refs())
    refused = subprocess.run(
        ["git", "push", "-q", "origin", second.refs()[1]],
        cwd=second.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert refused.returncode != 0
    assert "non-fast-forward" in refused.stderr or "fetch first" in refused.stderr
    both_heads(world, tmp_path / "third", [c.folder for c in clones])
    found, _ = judged(world, tmp_path / "third", "r0/handrail/runner")
    (told,) = [p for p in found.problems if p.code == "EVID034"]
    assert "the log of runner (writer" in told.message
    assert "contradict each other at 11 lines" in told.message
    git(tmp_path / "third", "remote", "remove", "r1")
    assert judged(world, tmp_path / "third", "r0/handrail/runner")[0].verdict is Verified.VERIFIED
