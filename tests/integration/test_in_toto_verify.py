"""The exported layout and links against in-toto's own program (3.1.0): it passes, and fails for each thing left out."""

import subprocess
import sys
from pathlib import Path

import pytest
from provenance_support import NOW, World

from orchestrator.app.evidence.intoto import _files, _Telling
from orchestrator.provenance.predicates import intoto
from orchestrator.provenance.verification.verify import Request, examine
from orchestrator.vcs.trees import GitTrees

PROGRAM = Path(sys.executable).with_name("in-toto-verify")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def export(world: World) -> Path:
    """As ``evidence export --in-toto`` does, in a world whose clock stands."""
    world.publish()
    folder = world.folder / "in-toto"
    with GitTrees.open(world.repo.path, world.folder / "private") as trees:
        found = examine(trees, Request(world.head, NOW, "r1", base=world.base, allow_self_asserted=True))
        told = _Telling(trees, found, NOW).all(trees.commits(trees.resolve(world.base), found.head))
        files = _files(trees, found.head)
    made = intoto.export(told, files, world.keys["ci"], NOW, world.policy().expires)
    folder.mkdir()
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return folder


def checkout(world: World) -> Path:
    where = world.folder / "checkout"
    where.mkdir()
    world.repo.git(f"--work-tree={where}", "checkout", "-f", world.head, "--", ".")
    return where


def ask(folder: Path, where: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, PROGRAM, "-l", folder / "root.layout", "--link-dir", folder]
    return subprocess.run(
        [*argv, "--verification-keys", folder / "exporter.pub"], cwd=where, capture_output=True, text=True, check=False
    )


def refused(folder: Path, where: Path, words: str) -> None:
    answer = ask(folder, where)
    assert answer.returncode == 1, answer
    assert words in answer.stderr


def test_in_toto_verify_passes(world: World):
    answer = ask(export(world), checkout(world))
    assert answer.returncode == 0, answer.stderr


def test_two_persons_are_two_steps(tmp_path: Path):
    world = World(tmp_path, threshold=2)
    both = {
        f"{n}-{k}": world.sealed(d, n)
        for n in ("ana", "ben")
        for k, d in (("decision", world.decision(n)), ("plan", world.plan_decision(n)))
    }
    world.lines = {**{k: v for k, v in world.lines.items() if k not in {"decision", "plan"}}, **both}
    folder = export(world)
    assert len(list(folder.glob("001-approval-*.link"))) == 2
    assert ask(folder, checkout(world)).returncode == 0


def test_one_approval_of_two_is_refused(tmp_path: Path):
    world = World(tmp_path, threshold=2)
    world.lines["second-plan"] = world.sealed(world.plan_decision("ben"), "ben")
    refused(export(world), checkout(world), "001-approval-")


def test_a_missing_approval_is_refused(world: World):
    del world.lines["decision"]
    refused(export(world), checkout(world), "001-approval-1")


def test_an_approval_of_another_tree_is_refused(world: World):
    tree = world.repo.make_tree({**world.files, "app.py": b"x = 3\n"})
    other = world.identity_of(world.base, tree)
    world.lines["decision"] = world.sealed(
        world.decision(change=other, subject=other.digest(), step=world.change().step), "ana"
    )
    folder = export(world)
    assert list(folder.glob("001-approval-1.*.link"))
    refused(folder, checkout(world), "DISALLOW")


def test_an_approval_that_names_no_tree_or_the_tree_on_another_tip_is_none(world: World):
    elsewhere = world.identity_of(world.commit, world.tree)
    step = world.change().step
    world.lines["decision"] = world.sealed(world.decision(change=None, step=step), "ana")
    world.lines["other"] = world.sealed(world.decision(change=elsewhere, subject=elsewhere.digest(), step=step), "ana")
    folder = export(world)
    assert not list(folder.glob("001-approval-1.*.link"))
    refused(folder, checkout(world), "001-approval-1")


def test_a_missing_gate_is_refused(world: World):
    del world.lines["ruff"]
    refused(export(world), checkout(world), "001-checks")


def test_a_commit_without_evidence_is_refused(world: World):
    world.lines = {"plan": world.lines["plan"]}
    refused(export(world), checkout(world), "001-change")


def test_other_files_than_those_of_the_head_are_refused(world: World):
    folder, where = export(world), checkout(world)
    (where / "app.py").write_bytes(b"x = 4\n")
    refused(folder, where, "DISALLOW")


def test_a_file_too_many_and_one_that_is_gone_are_refused(world: World):
    folder, where = export(world), checkout(world)
    (where / "more.py").write_bytes(b"")
    refused(folder, where, "DISALLOW")
    (where / "more.py").unlink()
    (where / "app.py").unlink()
    refused(folder, where, "REQUIRE")


def test_an_altered_link_and_a_layout_by_another_key_are_refused(world: World):
    folder, where = export(world), checkout(world)
    (link,) = folder.glob("001-checks.*.link")
    whole = link.read_bytes()
    link.write_bytes(whole.replace(b'"sig":"', b'"sig":"AAAA', 1))
    refused(folder, where, "001-checks")
    link.write_bytes(whole)
    (folder / "exporter.pub").write_bytes(intoto._pem(world.keys["stranger"].public_key))
    refused(folder, where, "SignatureVerificationError")


def test_a_symbolic_link_in_the_tree_is_allowed_and_not_compared():
    rules = intoto._inspection(intoto.Files({"a.py": "0" * 64, "b.pyc": "0" * 64}, ("current",)))["expected_materials"]
    assert ["ALLOW", "current"] in rules
    assert ["REQUIRE", "a.py"] in rules
    assert ["REQUIRE", "b.pyc"] not in rules
