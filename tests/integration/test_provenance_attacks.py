"""Attacks on ``verify`` through the repository itself, each by name with the answer it must get and a harmless twin.

What a bundle can carry has vectors of its own (``tests/vectors/provenance``); here is what only a repository has: its
settings, files below ``.git``, objects, headers, and branches that anybody may push.
"""

import hashlib
import json
import os
import subprocess
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from provenance_support import MAIN, NOW, World
from provenance_vectors import raw_line

from orchestrator.errors import EvidenceInvalid, RepositoryError
from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse, log, root
from orchestrator.provenance.verify import Request, verify
from orchestrator.vcs.trees import GitTrees


@dataclass
class Desk:
    """A world with published evidence, and where a command that git was made to run would leave its mark."""

    world: World
    mark: Path

    @property
    def git_dir(self) -> Path:
        return self.world.repo.path

    def git(self, *argv: str, stdin: bytes = b"") -> str:
        return self.world.repo.git(*argv, stdin=stdin).decode().strip()

    def by_hand(self, text: bytes = b"import backdoor\n", parent: str = "") -> str:
        """A commit that nobody attested."""
        files = {**self.world.files, "app.py": text}
        return self.world.repo.make_commit(self.world.repo.make_tree(files), (parent or self.world.base,), "by hand")

    def write_commit(self, header: bytes, message: bytes = b"change\n") -> str:
        """Any bytes as a commit object, whatever ``git fsck`` would say."""
        return self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=header + b"\n" + message)

    def header(self, tree: str, *parents: str) -> bytes:
        lines = [
            f"tree {tree}",
            *(f"parent {p}" for p in parents),
            "author a <a@b> 1 +0000",
            "committer a <a@b> 1 +0000",
        ]
        return "".join(f"{line}\n" for line in lines).encode()

    def forge(self, oid: str, kind: str, data: bytes) -> None:
        """A loose object whose bytes are not those that its id names."""
        path = self.git_dir / "objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data))

    def evidence(self, rows: str, *, ref: str = "") -> None:
        """The evidence branch with further rows, as ``ls-tree`` writes them."""
        branch = log.branch(self.world.keys["runner"].keyid)
        here = self.git("ls-tree", "-r", branch) + "\n"
        index = {"GIT_INDEX_FILE": str(self.git_dir / "attack-index")}
        self.world.repo.git("read-tree", "--empty", env=index)
        listed = [line.split() for line in (here + rows).splitlines()]
        lines = "".join(f"{r[0]} {r[2]}\t{r[3]}\n" for r in listed)
        self.world.repo.git("update-index", "--index-info", stdin=lines.encode(), env=index)
        tree = self.world.repo.git("write-tree", env=index).decode().strip()
        self.git("update-ref", ref or branch, self.world.repo.make_commit(tree, ()))

    def judge(self, head: str = "", **asked):
        """As a stranger with the root's digest from elsewhere, through the product's own git."""
        world = self.world
        known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
        request = {"base": world.base, "ref": MAIN, "repository": "r1", "now": NOW, "root_digest": known, **asked}
        with GitTrees.open(self.git_dir, self.mark.parent / "private") as trees:
            return verify(trees, Request(head=head or world.head, **request))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    world = World(tmp_path)
    world.publish()
    world.repo.git("update-ref", MAIN, world.head)
    return Desk(world, tmp_path / "mark")


class Attack(Protocol):
    """Does it, or with ``twin`` the harmless thing that looks like it; the head to verify, '' for that of the world."""

    def __call__(self, desk: Desk, *, twin: bool) -> str: ...


def replaced_commit(desk: Desk, *, twin: bool) -> str:
    old = desk.by_hand(b"of another line\n") if twin else desk.world.commit
    desk.git("update-ref", f"refs/replace/{old}", desk.by_hand())
    return ""


def replaced_blob(desk: Desk, *, twin: bool) -> str:
    there = b"in no tree\n" if twin else desk.world.files["app.py"]
    old = desk.git("hash-object", "-w", "--stdin", stdin=there)
    desk.git("update-ref", f"refs/replace/{old}", desk.git("hash-object", "-w", "--stdin", stdin=b"evil\n"))
    return ""


def hidden_by_a_graft(desk: Desk, *, twin: bool) -> str:
    """The tree is the approved one; the commit below it is not, and a graft takes it out of sight."""
    head = desk.world.repo.make_commit(desk.world.tree, (desk.world.base if twin else desk.by_hand(),), "again")
    (desk.git_dir / "info").mkdir(exist_ok=True)
    (desk.git_dir / "info" / "grafts").write_text(f"{head} {desk.world.base}\n")
    return head


def hidden_by_a_shallow_file(desk: Desk, *, twin: bool) -> str:
    """As above; the clone says that it ends there."""
    below = desk.by_hand()
    head = desk.by_hand(b"x = 9\n", below)
    (desk.git_dir / "shallow").write_text(f"{desk.world.base if twin else head}\n")
    return desk.world.head if twin else head


def attested_by_tree_over_a_cut_history(desk: Desk, *, twin: bool) -> str:
    below = desk.world.base if twin else desk.by_hand()
    head = desk.world.repo.make_commit(desk.world.tree, (below,), "again")
    (desk.git_dir / "shallow").write_text(f"{below}\n")
    return head


def forged_commit_object(desk: Desk, *, twin: bool) -> str:
    """An unattested commit's object says that it has the approved tree and parent."""
    approved = desk.header(desk.world.tree, desk.world.base) + b"\nsquashed\n"
    if twin:
        return desk.write_commit(desk.header(desk.world.tree, desk.world.base), b"squashed\n")
    middle = desk.by_hand()
    head = desk.by_hand(b"on top of it\n", middle)
    desk.forge(middle, "commit", approved)
    return head


def forged_blob_object(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=desk.world.files["app.py"])
    desk.forge(oid, "blob", desk.world.files["app.py"] if twin else b"import backdoor\n")
    return ""


def forged_tree_object(desk: Desk, *, twin: bool) -> str:
    good = desk.world.repo.git("cat-file", "tree", desk.world.tree)
    other = desk.world.repo.git(
        "cat-file", "tree", desk.world.repo.make_tree({**desk.world.files, "app.py": b"evil\n"})
    )
    desk.forge(desk.world.tree, "tree", good if twin else other)
    return ""


def two_trees_in_one_header(desk: Desk, *, twin: bool) -> str:
    evil = desk.git("rev-parse", desk.by_hand() + "^{tree}")
    header = desk.header(desk.world.tree, desk.world.base)
    more = b"" if twin else f"tree {evil}\n".encode()
    return desk.write_commit(header.replace(b"author", more + b"author", 1))


def a_parent_after_the_author(desk: Desk, *, twin: bool) -> str:
    header = desk.header(desk.world.tree, desk.world.base)
    return desk.write_commit(header + (b"" if twin else f"parent {desk.by_hand()}\n".encode()))


def a_parent_inside_a_signature(desk: Desk, *, twin: bool) -> str:
    """A header's continuation lines begin with a space; without it the line is a header of its own."""
    space = b" " if twin else b""
    lines = b"gpgsig -----BEGIN SSH SIGNATURE-----\n" + space + f"parent {desk.by_hand()}\n".encode()
    return desk.write_commit(desk.header(desk.world.tree, desk.world.base) + lines + b" -----END SSH SIGNATURE-----\n")


def a_merge_that_brings_an_unattested_side(desk: Desk, *, twin: bool) -> str:
    side = () if twin else (desk.by_hand(),)
    return desk.world.repo.make_commit(desk.world.tree, (desk.world.base, *side), "merge")


def a_submodule_swapped(desk: Desk, *, twin: bool) -> str:
    index = {"GIT_INDEX_FILE": str(desk.git_dir / "sub-index")}
    desk.world.repo.git("read-tree", desk.world.tree, env=index)
    if not twin:
        desk.world.repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendored", env=index)
    tree = desk.world.repo.git("write-tree", env=index).decode().strip()
    return desk.world.repo.make_commit(tree, (desk.world.base,), "squash")


def a_policy_in_a_colliding_case(desk: Desk, *, twin: bool) -> str:
    """On a file system that folds case the two paths are one; the exact one alone counts."""
    policy = desk.world.policy().model_copy(update={"gates": ()})
    line = root.sign_policy(policy, [desk.world.keys["stranger"]])[root.policy_path(1)]
    files = dict(desk.world.files) if twin else {**desk.world.files, ".Handrail/Policy/0001.json": line}
    return desk.world.repo.make_commit(desk.world.repo.make_tree(files), (desk.world.base,), "squash")


def an_evidence_branch_with_one_more_file(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"more\n")
    desk.evidence("" if twin else f"100644 blob {oid} log/README\n")
    return ""


def an_evidence_branch_with_a_link(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    desk.evidence("" if twin else f"120000 blob {oid} log/link\n")
    return ""


def an_evidence_branch_with_a_submodule(desk: Desk, *, twin: bool) -> str:
    desk.evidence("" if twin else f"160000 commit {'1' * 40} log/module\n")
    return ""


def an_evidence_branch_of_65_mib(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"\0" * ((0 if twin else 65) * 1024 * 1024))
    desk.evidence("" if twin else f"100644 blob {oid} log/huge\n")
    return ""


def an_evidence_branch_that_stands_for_another(desk: Desk, *, twin: bool) -> str:
    name = "0123456789abcdef" if twin else desk.world.keys["ci"].keyid
    desk.git("symbolic-ref", log.branch(name), log.branch(desk.world.keys["runner"].keyid))
    return ""


def another_log_under_a_remotes_name(desk: Desk, *, twin: bool) -> str:
    """The writer's own key signs two heads of one size; an older copy of one log is no contradiction."""
    runner, world = desk.world.keys["runner"].keyid, desk.world
    first = list(world.lines.values())
    lines = first[:3] if twin else [*first[:-1], world.sealed(world.plan_decision("ben"), "ben")]
    if not twin:
        world.publish()
    files = log.append({}, lines, world.keys["runner"])
    if twin:
        whole = {**files, **log.append(files, first[3:], world.keys["runner"])}
        world.publish(whole)
    world.repo.set_ref(f"refs/remotes/origin/handrail-evidence/{runner[: log.PREFIX_DIGITS]}", files)
    return ""


def statement_with(payload: bytes):
    """An attack by a further line of the runner's own."""

    def attack(desk: Desk, *, twin: bool) -> str:
        more = [] if twin else [raw_line(desk.world, payload)]
        desk.world.publish(desk.world.log_files([*desk.world.lines.values(), *more]))
        return ""

    return attack


def changed_payload(before: bytes, after: bytes):
    """An attack by the gate's statement with other bytes, signed anew by its runner."""

    def attack(desk: Desk, *, twin: bool) -> str:
        payload = dsse.unpack(desk.world.lines["ruff"]).payload
        assert before in payload
        line = desk.world.lines["ruff"] if twin else raw_line(desk.world, payload.replace(before, after, 1))
        desk.world.publish(desk.world.log_files([*(x for n, x in desk.world.lines.items() if n != "ruff"), line]))
        return ""

    return attack


def a_revoked_reviewers_later_approval(desk: Desk, *, twin: bool) -> str:
    """The key is revoked between the change and the approval; an approval before that time stands."""
    from orchestrator.models.policy import Revocation

    world = desk.world
    since = NOW + timedelta(days=1) if twin else NOW - timedelta(seconds=1)
    second = world.policy(2, revoked=(Revocation(keyid=world.keys["ana"].keyid, since=since),))
    world.files |= root.sign_policy(second, [world.keys["root"]])
    return world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,))


ATTACKS: dict[str, tuple[Attack, set[str]]] = {
    "replaced-commit": (replaced_commit, {"EVID039"}),
    "replaced-blob": (replaced_blob, {"EVID039"}),
    "hidden-by-a-graft": (hidden_by_a_graft, {"EVID053"}),
    "hidden-by-a-shallow-file": (hidden_by_a_shallow_file, {"EVID058"}),
    "attested-by-tree-over-a-cut-history": (attested_by_tree_over_a_cut_history, {"EVID053"}),
    "forged-commit-object": (forged_commit_object, {"EVID058", "REPO016"}),
    "forged-blob-object": (forged_blob_object, {"EVID044", "EVID059"}),
    "two-trees-in-one-header": (two_trees_in_one_header, {"EVID058"}),
    "a-parent-after-the-author": (a_parent_after_the_author, {"EVID058"}),
    "a-parent-inside-a-signature": (a_parent_inside_a_signature, {"EVID058"}),
    "a-merge-that-brings-an-unattested-side": (a_merge_that_brings_an_unattested_side, {"EVID053"}),
    "a-submodule-swapped": (a_submodule_swapped, {"EVID053"}),
    "a-policy-in-a-colliding-case": (a_policy_in_a_colliding_case, {"EVID053"}),
    "an-evidence-branch-with-one-more-file": (an_evidence_branch_with_one_more_file, {"EVID032", "EVID053"}),
    "an-evidence-branch-with-a-link": (an_evidence_branch_with_a_link, {"REPO027", "EVID053"}),
    "an-evidence-branch-with-a-submodule": (an_evidence_branch_with_a_submodule, {"REPO027", "EVID053"}),
    "an-evidence-branch-of-65-mib": (an_evidence_branch_of_65_mib, {"REPO027", "EVID053"}),
    "an-evidence-branch-that-stands-for-another": (an_evidence_branch_that_stands_for_another, {"EVID030"}),
    "two-heads-of-one-size": (another_log_under_a_remotes_name, {"EVID034"}),
    "a-statement-with-nan": (statement_with(b'{"predicate":NaN}'), {"EVID002"}),
    "a-statement-with-infinity": (statement_with(b'{"predicate":1e999}'), {"EVID006"}),
    "a-statement-with-a-lone-surrogate": (statement_with(b'{"predicate":"\\ud800"}'), {"EVID006"}),
    "a-statement-with-a-huge-number": (statement_with(b'{"predicate":' + b"9" * 4000 + b"}"), {"EVID012"}),
    "a-statement-with-a-number-beyond-all": (statement_with(b'{"predicate":' + b"9" * 100_000 + b"}"), {"EVID002"}),
    "a-statement-that-is-a-list": (statement_with(b"[]"), {"EVID012"}),
    "a-doubled-key-deep-inside": (changed_payload(b'"custody":', b'"custody":"ci","custody":'), {"EVID003", "EVID045"}),
    "a-member-that-nobody-reads": (changed_payload(b'"custody":', b'"also":1,"custody":'), {"EVID011", "EVID045"}),
    "a-number-as-text": (changed_payload(b'"warnedTests":[]', b'"warnedTests":{}'), {"EVID011", "EVID045"}),
    "an-approval-after-its-key-was-revoked": (a_revoked_reviewers_later_approval, {"EVID050", "EVID052"}),
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_an_attack_gets_its_answer(desk: Desk, name: str):
    attack, wanted = ATTACKS[name]
    found = desk.judge(attack(desk, twin=False))
    assert {p.code for p in found.problems} == wanted, found.problems
    assert (found.verdict, int(found.exit_code)) == (Verified.NOT_VERIFIED, 9)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_its_harmless_twin_does_no_harm(desk: Desk, name: str):
    attack, _ = ATTACKS[name]
    found = desk.judge(attack(desk, twin=True))
    assert (found.verdict, found.problems) == (Verified.VERIFIED, ())


# --- settings of the repository under judgement --------------------------------

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
