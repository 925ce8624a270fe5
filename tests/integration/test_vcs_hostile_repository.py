"""Whatever a repository configures, none of it runs and none of it changes what is seen."""

from __future__ import annotations

import pytest
from vcs_support import WHEN, UserRepository, made

from orchestrator.ports import RefUpdate
from orchestrator.vcs.trees import GitTrees

PROGRAMS = [
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "core.alternateRefsCommand",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "merge.evil.driver",
    "gpg.program",
    "uploadpack.packObjectsHook",
    "sequence.editor",
    "credential.helper",
    "alias.merge-tree",
]
HOOKS = [
    "reference-transaction",
    "post-merge",
    "pre-merge-commit",
    "pre-commit",
    "post-commit",
    "post-checkout",
    "update",
    "pre-receive",
    "post-receive",
    "post-update",
    "post-index-change",
    "fsmonitor-watchman",
    "pre-auto-gc",
    "proc-receive",
]


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


@pytest.fixture
def user(tmp_path, canary):
    user = UserRepository(tmp_path / "user")
    user.write(
        ".gitattributes",
        "*.py filter=evil diff=evil merge=evil -diff\n*.txt merge=union export-ignore\n*.md text eol=crlf ident\n",
    )
    user.write("a.py", "a = 1\nb = 2\nc = 3\n")
    user.write("t.txt", "one\n")
    user.write("x.md", "$Id$\r\nline\n")
    user.commit()
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {canary}\ncat\n")
    script.chmod(0o755)
    for key in PROGRAMS:
        user.git("config", key, f"!{script}" if key.startswith(("alias", "credential")) else str(script))
    for key, value in {
        "commit.gpgSign": "true",
        "core.worktree": str(tmp_path / "nowhere"),
        "core.attributesFile": str(user.folder / ".gitattributes"),
        "core.autocrlf": "true",
        "protocol.file.allow": "always",
        "diff.noprefix": "true",
        "merge.default": "union",
        "include.path": "/nonexistent/file",
    }.items():
        user.git("config", key, value)
    (user.folder / ".git/info").mkdir(exist_ok=True)
    (user.folder / ".git/info/attributes").write_text("* -diff merge=union\n")
    hooks = user.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).write_text(script.read_text())
        (hooks / name).chmod(0o755)
    user.git("config", "core.hooksPath", str(hooks))
    return user


def plain(user, *args):
    """The repository as its objects are, asked with the traps taken out."""
    return user.git("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", *args)


def test_no_program_of_the_repository_runs_in_any_operation(user, tmp_path, canary):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        assert trees.target_ref() == "refs/heads/main"
        base = trees.resolve("HEAD")
        trees.entries(trees.tree_of(base))
        tree = made(trees, base, {"a.py": "a = 9\nb = 2\nc = 3\n", "n.py": "n\n"})
        other = trees.commit(made(trees, base, {"a.py": "a = 1\nb = 2\nc = 9\n"}), base, "m", "n", WHEN)
        merged = trees.integrate(base, tree, other)
        assert trees.file(merged, "a.py") == b"a = 9\nb = 2\nc = 9\n"
        found = trees.diff(base, merged)
        assert b"+a = 9" in found.text
        assert b"diff --git a/a.py b/a.py" in found.text
        trees.manifest(merged)
        commit = trees.commit(merged, base, "m", "n", WHEN)
        evidence = trees.prepare_evidence("refs/heads/e", {"a/b": b"1"}, WHEN)
        trees.update_refs([RefUpdate("refs/heads/handrail/r", commit, None), evidence])
        trees.checked_out("refs/heads/main")
        user.git("-c", "core.hooksPath=/dev/null", "branch", "target", base)
        assert trees.advance("refs/heads/target", "refs/heads/handrail/r").move == "fast-forward"
        assert dict(trees.evidence("refs/heads/e")) == {"a/b": b"1"}
        assert trees.ref("refs/heads/target") == commit
    assert not canary.exists()


def test_the_traps_do_work_when_git_is_used_plainly(user, canary):
    """The positive control: without the hardening the same repository runs its script."""
    user.git("update-ref", "refs/heads/x", user.git("rev-parse", "HEAD"))
    assert canary.exists()


def test_union_merge_by_attribute_is_still_a_conflict(user, tmp_path):
    from orchestrator.errors import IntegrationConflict

    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        tip = trees.commit(made(trees, base, {"t.txt": "two\n"}), base, "m", "n", WHEN)
        with pytest.raises(IntegrationConflict) as caught:
            trees.integrate(base, made(trees, base, {"t.txt": "three\n"}), tip)
    assert caught.value.code == "INT001"
    assert caught.value.details == ("t.txt",)


def test_attributes_that_a_change_brings_hide_nothing(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        tree = made(
            trees,
            base,
            {
                ".gitattributes": "* -diff -text binary\n",
                "a.py": "evil()\n",
                "sub/.gitattributes": "* binary\n",
                "sub/b.py": "evil()\n",
            },
        )
        text = trees.diff(base, tree).text
    assert text.count(b"+evil()") == 2
    assert b"Binary files" not in text


def test_content_is_taken_as_it_is(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        tree = made(trees, base, {"x.md": b"$Id$\r\n\xff\x00", "t.txt": b"a\r\n"})
        assert trees.file(tree, "x.md") == b"$Id$\r\n\xff\x00"
        assert trees.file(tree, "t.txt") == b"a\r\n"


def test_replace_references_show_nothing_else(user, tmp_path):
    old = user.git("rev-parse", "HEAD")
    blob = user.git("rev-parse", "HEAD:a.py")
    fake = user.git("hash-object", "-w", "--stdin", stdin=b"fake\n")
    plain(user, "replace", blob, fake)
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        assert trees.file(old, "a.py") == b"a = 1\nb = 2\nc = 3\n"
        assert trees.blob(blob) == b"a = 1\nb = 2\nc = 3\n"


def test_nothing_in_the_work_tree_or_index_is_touched(user, tmp_path):
    files = {
        p: (p.stat().st_mtime_ns, p.read_bytes())
        for p in user.folder.rglob("*")
        if p.is_file() and ".git" not in p.parts
    }
    index = (user.folder / ".git/index").read_bytes()
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        commit = trees.commit(made(trees, base, {"a.py": "x\n"}), base, "m", "n", WHEN)
        trees.update_refs([RefUpdate("refs/heads/handrail/r", commit, None)])
    assert files == {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in files}
    assert index == (user.folder / ".git/index").read_bytes()
