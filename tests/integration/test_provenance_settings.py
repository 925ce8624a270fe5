"""Settings, attributes, headers and objects of the repository under judgement run nothing and change nothing."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from attack_support import Desk, forged_tree_object, hidden_by_a_graft
from provenance_support import MAIN, NOW, World

from orchestrator.errors import EvidenceInvalid, RepositoryError
from orchestrator.models.verification import Verified
from orchestrator.provenance.logs import log
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    world = World(tmp_path)
    world.publish()
    world.repo.git("update-ref", MAIN, world.head)
    return Desk(world, tmp_path / "mark")


COMMANDS = """
[core]
	fsmonitor = {run}
	hooksPath = {hooks}
	sshCommand = {run}
	pager = {run}
	editor = {run}
	askPass = {run}
	alternateRefsCommand = {run}
	attributesFile = {attributes}
	commitGraph = true
	useReplaceRefs = true
	quotePath = true
[include]
	path = {included}
[filter "x"]
	clean = {run}
	smudge = {run}
	process = {run}
	required = true
[diff "x"]
	textconv = {run}
	command = {run}
[diff]
	external = {run}
[gpg]
	program = {run}
[gpg "ssh"]
	program = {run}
[log]
	showSignature = true
[i18n]
	logOutputEncoding = UTF-16
[trailer]
	separators = "#"
[trailer "x"]
	command = {run}
[credential]
	helper = {run}
[uploadpack]
	packObjectsHook = {run}
[alias]
	rev-list = !{run}
"""


def booby_trapped(desk: Desk) -> None:
    run = desk.git_dir / "run.sh"
    run.write_text(f"#!/bin/sh\necho ran >> {desk.mark}\ncat\n")
    run.chmod(0o755)
    hooks = desk.git_dir / "evil-hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "post-index-change", "pre-push", "fsmonitor-watchman"):
        (hooks / name).write_bytes(run.read_bytes())
        (hooks / name).chmod(0o755)
    (desk.git_dir / "attributes").write_text("* filter=x diff=x export-ignore ident\n")
    (desk.git_dir / "info").mkdir(exist_ok=True)
    (desk.git_dir / "info" / "attributes").write_text("* filter=x diff=x export-ignore ident\n")
    (desk.git_dir / "included").write_text(f"[core]\n\tgitProxy = {run}\n\tfsmonitor = {run}\n")
    said = COMMANDS.format(
        run=run, hooks=hooks, attributes=desk.git_dir / "attributes", included=desk.git_dir / "included"
    )
    with (desk.git_dir / "config").open("a") as file:
        file.write(said)


def test_settings_of_the_repository_run_nothing_and_change_nothing(desk: Desk):
    claims = desk.by_hand(b"x = 3\n", desk.world.commit)
    tree = desk.git("rev-parse", claims + "^{tree}")
    says = desk.write_commit(desk.header(tree, desk.world.commit), b"change\n\nHandrail-Change: abc\n")
    before = {head: desk.judge(head, ref="refs/heads/topic") for head in ("", says)}
    booby_trapped(desk)
    after = {head: desk.judge(head, ref="refs/heads/topic") for head in ("", says)}
    assert after == before
    assert before[""].verdict is Verified.VERIFIED
    assert [p.code for p in before[says].problems] == ["EVID055"]
    with GitTrees.open(desk.git_dir, desk.mark.parent / "private") as trees:
        assert [row.text for rows in trees.blame(trees.resolve(desk.world.head), "app.py", 1, 0) for row in rows] == [
            b"x = 2"
        ]
    assert not desk.mark.exists()


def test_attributes_of_the_tree_change_nothing(tmp_path: Path):
    """``export-ignore`` and ``export-subst`` would hide the file from ``git archive``; a filter would run."""
    world = World(tmp_path)
    world.files[".gitattributes"] = (
        b"app.py export-ignore filter=x\n* export-subst ident working-tree-encoding=UTF-16\n"
    )
    world.tree = world.repo.make_tree(world.files)
    world.commit = world.head = world.repo.make_commit(world.tree, (world.base,))
    world.identity = world.identity_of(world.base, world.tree)
    world.lines = world.statements()
    world.publish()
    found = Desk(world, tmp_path / "mark").judge()
    assert (found.verdict, found.problems) == (Verified.VERIFIED, ())


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", b"change\n\nHandrail-Change: abc\n"),
        (b"", b"change\n\nhandrail-change : abc\n"),
        (b"", b"change\n\nHandrail-Change: a\x1fb\x1e\n"),
        (b"encoding UTF-16LE\n", "change\n\nHandrail-Change: abc\n".encode("utf-16-le")),
        (b"encoding UTF-16\n", b"change\n\nHandrail-Change: abc\n"),
        (b"encoding no-such-thing\n", b"change\n\nHandrail-Change: abc\n"),
    ],
)
def test_a_commit_that_says_it_is_ours_is_heard_in_every_encoding(desk: Desk, header: bytes, message: bytes):
    tree = desk.git("rev-parse", desk.by_hand() + "^{tree}")
    says = desk.write_commit(desk.header(tree, desk.world.base) + header, message)
    assert {p.code for p in desk.judge(says, ref="refs/heads/topic").problems} == {"EVID055"}
    quiet = desk.write_commit(
        desk.header(tree, desk.world.base) + header, message.replace(b"H", b"X").replace(b"h", b"x")
    )
    assert desk.judge(quiet, ref="refs/heads/topic").problems == ()


def test_notes_a_moved_tag_and_doubled_packed_refs_change_nothing(desk: Desk):
    evil = desk.by_hand()
    desk.git("update-ref", "refs/notes/commits", evil)
    desk.git("update-ref", "refs/tags/main", evil)
    desk.git("pack-refs", "--all")
    packed = desk.git_dir / "packed-refs"
    branch = log.branch(desk.world.keys["runner"].keyid)
    packed.write_text(packed.read_text() + f"{desk.git('rev-parse', branch)} {branch}\n")
    assert desk.judge().verdict is Verified.VERIFIED


def test_an_alternate_brings_no_trust(desk: Desk, tmp_path: Path):
    """Objects may come from anywhere: their ids are checked where it matters, and refs of elsewhere are not read."""
    other = tmp_path / "other"
    other.mkdir()
    world = World(other)
    evil = world.repo.make_commit(world.repo.make_tree({"app.py": b"evil\n"}), (world.base,))
    (desk.git_dir / "objects" / "info" / "alternates").write_text(f"{world.repo.path}/objects\n")
    assert desk.judge().verdict is Verified.VERIFIED
    with pytest.raises(EvidenceInvalid, match="EVID020"):
        desk.judge(evil, base=None)


def test_a_real_shallow_clone_says_where_it_ends(desk: Desk, tmp_path: Path):
    clone = tmp_path / "clone"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    argv = ["git", "clone", "-q", "--depth", "1", f"file://{desk.git_dir}", str(clone)]
    subprocess.run(argv, check=True, env=env, capture_output=True)
    evidence = "refs/heads/handrail-evidence/*:refs/heads/handrail-evidence/*"
    subprocess.run(["git", "fetch", "-q", "origin", evidence], cwd=clone, check=True, env=env, capture_output=True)
    known = root.read_chain({root.policy_path(1): desk.world.files[root.policy_path(1)]}, None).root_digest
    with GitTrees.open(clone, tmp_path / "private2") as trees:
        asked = Request(head="HEAD", ref=MAIN, repository="r1", now=NOW, root_digest=known)
        assert {p.code for p in verify(trees, asked).problems} == {"EVID058"}
    subprocess.run(["git", "fetch", "-q", "--unshallow", "origin"], cwd=clone, check=True, env=env, capture_output=True)
    with GitTrees.open(clone, tmp_path / "private3") as trees:
        asked = Request(head="HEAD", base=desk.world.base, ref=MAIN, repository="r1", now=NOW, root_digest=known)
        assert verify(trees, asked).verdict is Verified.VERIFIED


def test_the_stand_alone_verifier_is_not_deceived_by_settings_either(desk: Desk):
    head = hidden_by_a_graft(desk, twin=False)
    booby_trapped(desk)
    known = root.read_chain({root.policy_path(1): desk.world.files[root.policy_path(1)]}, None).root_digest
    program = Path(__file__).parents[2] / "docs" / "verify.py"

    def code(rev: str) -> int:
        argv = [
            "python3",
            "-I",
            str(program),
            str(desk.git_dir),
            "--root",
            known,
            "--base",
            desk.world.base,
            "--head",
            rev,
        ]
        return subprocess.run(argv, check=False, capture_output=True).returncode

    assert (code(desk.world.commit), code(head)) == (0, 9)
    assert not desk.mark.exists()


def test_a_missing_blob_is_a_problem_and_no_pass(desk: Desk):
    oid = hashlib.sha1(b"blob 6\0x = 2\n", usedforsecurity=False).hexdigest()
    (desk.git_dir / "objects" / oid[:2] / oid[2:]).unlink()
    found = desk.judge()
    assert {p.code for p in found.problems} == {"REPO013"}
    assert json.loads(found.to_bytes())["verdict"] == "NOT VERIFIED"


def test_a_head_that_is_absent_or_a_tree_that_is_forged_is_an_error(desk: Desk):
    with pytest.raises(RepositoryError, match="REPO003"):
        desk.judge("1" * 40)
    forged_tree_object(desk, twin=True)
    assert desk.judge().verdict is Verified.VERIFIED
    forged_tree_object(desk, twin=False)
    with pytest.raises(RepositoryError, match="REPO016"):
        desk.judge()
