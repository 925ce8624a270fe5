"""What people do to an attested commit with git itself, in a plain clone: what stays attested, and what does not."""

import os
import subprocess
from pathlib import Path

import pytest
from provenance_support import MAIN, NOW, World

from orchestrator.models.verification import Verified
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees

BESIDE = ("commit -q --allow-empty -m beside",)


class Clone:
    """A plain clone, with a person's own git."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        subprocess.run(["git", "clone", "-q", str(world.repo.path), str(folder)], check=True, capture_output=True)

    def git(self, *argv: str) -> str:
        names = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "a"), ("EMAIL", "a@b"))}
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_EDITOR": "true", **names}
        done = subprocess.run(["git", *argv], cwd=self.folder, check=True, capture_output=True, text=True, env=env)
        return done.stdout.strip()

    def judge(self, ref: str = MAIN):
        known = root.read_chain({root.policy_path(1): self.world.files[root.policy_path(1)]}, None).root_digest
        asked = {"base": self.world.base, "ref": ref, "repository": "r1", "now": NOW, "root_digest": known}
        with GitTrees.open(self.folder, self.folder.with_name("private")) as trees:
            return verify(trees, Request(head="HEAD", **asked))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    world = World(tmp_path)
    world.publish()
    world.repo.git("update-ref", MAIN, world.commit)
    return Clone(world, tmp_path / "clone")


@pytest.mark.parametrize(
    "words",
    [
        ("commit --amend -q -m another-message",),
        ("reset -q --soft {base}", "commit -q -m squashed"),
        ("checkout -q {base}", "cherry-pick {commit}"),
        ("checkout -q {base}", "merge -q --squash {commit}", "commit -q -m squashed"),
        ("checkout -q {base}", "merge -q --ff-only {commit}"),
    ],
)
def test_the_same_tree_on_the_same_parent_stays_attested(clone: Clone, words: tuple[str, ...]):
    for word in words:
        clone.git(*word.format(base=clone.world.base, commit=clone.world.commit).split())
    found = clone.judge()
    assert (found.verdict, found.problems, found.unattested) == (Verified.VERIFIED, (), ())


@pytest.mark.parametrize(
    ("words", "unattested"),
    [
        (("checkout -q -b side {base}", *BESIDE, "rebase -q side main"), 2),
        (("checkout -q {base}", *BESIDE, "cherry-pick {commit}"), 2),
        (("rm -q app.py", "commit -q --amend --no-edit"), 1),
        (("revert --no-edit HEAD",), 1),
        (("mv app.py moved.py", "commit -q -m rename"), 1),
        (("checkout -q -b side {base}", *BESIDE, "merge -q --no-ff -m merged main"), 2),
        (("checkout -q -b side", *BESIDE, "checkout -q main", "merge -q --no-ff -m merged side"), 2),
    ],
)
def test_another_tree_or_parent_is_named_and_refused_only_where_that_is_protected(
    clone: Clone, words: tuple[str, ...], unattested: int
):
    for word in words:
        clone.git(*word.format(base=clone.world.base, commit=clone.world.commit).split())
    found = clone.judge()
    assert {p.code for p in found.problems} == {"EVID053"}
    assert len(found.unattested) == unattested
    on_topic = clone.judge("refs/heads/topic")
    assert (on_topic.problems, len(on_topic.unattested)) == ((), unattested)
