from __future__ import annotations

import hashlib

import pytest
from vcs_support import UserRepository, anything, made, nothing_denied, output

from orchestrator.errors import AgentFailed
from orchestrator.ports import ChangeOut, OutMember
from orchestrator.vcs.trees import GitTrees


@pytest.fixture
def user(tmp_path):
    user = UserRepository(tmp_path / "user")
    user.write("src/a.py", "a = 1\n")
    user.write("src/b.py", "b = 1\n")
    user.write("docs/secret.md", "s\n")
    user.write("run.sh", "#!/bin/sh\n")
    (user.folder / "run.sh").chmod(0o755)
    (user.folder / "link").symlink_to("src/a.py")
    (user.folder / "outside").symlink_to("/etc/passwd")
    user.commit()
    sub = user.git("rev-parse", "HEAD")
    user.git("update-index", "--add", "--cacheinfo", f"160000,{sub},vendor/lib")
    user.git("commit", "-q", "-m", "submodule")
    return user


@pytest.fixture
def trees(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "state" / "trees.git") as trees:
        yield trees


def test_a_changed_tree_is_what_git_itself_would_write(user, trees):
    base = trees.resolve("HEAD")
    tree = made(trees, base, {"src/a.py": "a = 2\n", "new/deep/c.py": "c\n"}, gone=("src/b.py",))
    user.write("src/a.py", "a = 2\n")
    user.write("new/deep/c.py", "c\n")
    (user.folder / "src/b.py").unlink()
    user.git("add", "src", "new")
    assert tree == user.git("write-tree")


def test_entries_are_those_of_ls_tree(user, trees):
    rows = user.git("ls-tree", "-r", "HEAD").splitlines()
    assert [f"{e.mode} {e.oid}\t{e.path}" for e in trees.entries(trees.tree_of(trees.resolve("HEAD")))] == sorted(
        (f"{row.split()[0]} {row.split()[2]}\t{row.split()[3]}" for row in rows), key=lambda row: row.split("\t")[1]
    )


def test_what_was_not_readable_is_carried_over_and_a_denied_deletion_is_told(trees):
    base = trees.resolve("HEAD")
    out = ChangeOut(frozenset({"src/a.py"}), ())
    built = trees.build(base, out, lambda p: p != "docs/secret.md", lambda p: f"no {p}" if p == "run.sh" else None)
    paths = [e.path for e in trees.entries(built.tree)]
    assert paths == ["docs/secret.md", "outside", "run.sh", "src/a.py", "vendor/lib"]
    assert built.denials == ("no run.sh",)


def test_a_denied_write_is_put_back_to_the_base(trees):
    base = trees.resolve("HEAD")
    out = output(trees, base, {"src/a.py": "evil\n", ".github/w.yml": "evil\n"})
    built = trees.build(base, out, anything, lambda p: f"write to {p} is not granted")
    assert built.tree == trees.tree_of(base)
    assert built.denials == ("write to .github/w.yml is not granted", "write to src/a.py is not granted")


def test_no_change_is_the_same_tree(trees):
    base = trees.resolve("HEAD")
    assert made(trees, base, {}) == trees.tree_of(base)
    assert made(trees, base, {"src/a.py": "a = 1\n"}) == trees.tree_of(base)


def test_everything_deleted_leaves_the_empty_tree(tmp_path):
    user = UserRepository(tmp_path / "u")
    user.write("a", "1")
    user.commit()
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        tree = made(trees, trees.resolve("HEAD"), {}, gone=("a",))
        assert trees.entries(tree) == ()
        assert len(trees.diff(trees.resolve("HEAD"), tree).files) == 1


HOSTILE = {
    "absolute": "/etc/x",
    "parent": "src/../x",
    "dot": "./x",
    "empty-component": "a//b",
    "trailing-slash": "a/",
    "empty": "",
    "newline": "a\nb",
    "escape": "a\x1b[8m",
    "bidi": "a\u202eb",
    "zero-width": "a\u200bb",
    "backslash": "a\\b",
    "not-utf8": "a\udcff",
    "long-component": "a" * 256,
    "long-path": "/".join(["a" * 200] * 30),
    "deep": "/".join("a" * 200),
    "separator": "a\u2028b",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_refuses_the_whole_output(trees, name):
    base = trees.resolve("HEAD")
    with pytest.raises(AgentFailed) as caught:
        trees.build(base, output(trees, base, {name: "x", "src/a.py": "y"}), anything, nothing_denied)
    assert caught.value.code == "OUT001"
    assert all(c.isprintable() for line in caught.value.details for c in line)


GIT_NAMES = [".git/hooks/pre-commit", ".GIT/config", "src/.git", "git~1/x", "src/.Git /x", ".git./x", ".git::$INDEX/x"]


@pytest.mark.parametrize("name", GIT_NAMES)
def test_a_git_folder_is_left_out_and_told(trees, name):
    base = trees.resolve("HEAD")
    built = trees.build(base, output(trees, base, {name: "x"}), anything, nothing_denied)
    assert built.tree == trees.tree_of(base)
    assert len(built.denials) == 1
    assert "belongs to git" in built.denials[0]


LINKS = {
    "absolute": ("l", "/etc/passwd"),
    "out": ("src/l", "../../x"),
    "into-git": ("l", ".git/config"),
    "through-a-link": ("l", "outside/x"),
    "circle": ("l", "l"),
    "control": ("l", "a\x07"),
    "empty": ("l", ""),
    "named-for-git": (".gitmodules", "src/a.py"),
    "named-short": ("GITMOD~1", "src/a.py"),
}


@pytest.mark.parametrize(("path", "target"), LINKS.values(), ids=LINKS)
def test_an_unsafe_link_is_left_out_and_told(trees, path, target):
    base = trees.resolve("HEAD")
    member = OutMember(path, "120000", target.encode())
    built = trees.build(base, output(trees, base, {path: member}), anything, nothing_denied)
    assert built.tree == trees.tree_of(base)
    assert len(built.denials) == 1


def test_a_link_inside_the_tree_is_taken(trees):
    base = trees.resolve("HEAD")
    tree = made(trees, base, {"src/l": OutMember("src/l", "120000", b"../docs")})
    assert trees.file(tree, "src/l") == b"../docs"


@pytest.mark.parametrize(
    "path", ["SRC/a.py", "src/A.py", "src/a.py/x", "src", "vendor/lib", "vendor/lib/x", "Vendor/new", "run.sh."]
)
def test_a_collision_is_left_out_and_told(trees, path):
    base = trees.resolve("HEAD")
    out = output(trees, base, {})
    out = ChangeOut(out.present | {path}, (OutMember(path, "100644", b"x"),))
    built = trees.build(base, out, anything, nothing_denied)
    assert built.tree == trees.tree_of(base)
    assert len(built.denials) == 1


def test_a_file_may_become_a_folder_and_change_its_case_when_the_old_one_goes(trees):
    base = trees.resolve("HEAD")
    tree = made(trees, base, {"run.sh/x": "1", "src/A.py": "2"}, gone=("run.sh", "src/a.py"))
    assert {"run.sh/x", "src/A.py"} < {e.path for e in trees.entries(tree)}


@pytest.mark.parametrize(
    "members",
    [
        (OutMember("n", "100644", b"1"), OutMember("n", "100644", b"2")),
        (OutMember("n", "160000", b"1"),),
        (OutMember("n", "100666", b"1"),),
    ],
)
def test_a_contradictory_output_is_refused(trees, members):
    base = trees.resolve("HEAD")
    out = ChangeOut(output(trees, base, {}).present | {"n"}, members)
    with pytest.raises(AgentFailed, match="contradicts"):
        trees.build(base, out, anything, nothing_denied)


def test_a_path_without_content_is_refused(trees):
    base = trees.resolve("HEAD")
    with pytest.raises(AgentFailed, match="contradicts"):
        trees.build(base, ChangeOut(output(trees, base, {}).present | {"n"}, ()), anything, nothing_denied)


def test_devices_are_told(trees):
    base = trees.resolve("HEAD")
    built = trees.build(
        base, ChangeOut(output(trees, base, {}).present, (), ("src/fifo\x1b",)), anything, nothing_denied
    )
    assert built.denials == ("sandbox: src/fifo\\x1b is neither a file nor a link and was left out",)


def test_gits_own_check_is_the_second_net(trees):
    base = trees.resolve("HEAD")
    evil = '[submodule "x"]\n\tpath = x\n\turl = -uevil\n'
    with pytest.raises(AgentFailed) as caught:
        trees.build(base, output(trees, base, {".gitmodules": evil}), anything, nothing_denied)
    assert caught.value.code == "OUT004"


def test_the_manifest_is_as_documented(trees):
    base = trees.resolve("HEAD")
    whole = hashlib.sha256()
    for entry in sorted(trees.entries(trees.tree_of(base)), key=lambda e: e.path.encode()):
        data = entry.oid.encode() if entry.mode == "160000" else trees.blob(entry.oid)
        whole.update(f"{entry.mode} {hashlib.sha256(data).hexdigest()} {entry.path}\0".encode())
    assert trees.manifest(trees.tree_of(base)) == "sha256:" + whole.hexdigest()


def test_a_mode_alone_changes_the_manifest(trees):
    base = trees.resolve("HEAD")
    tree = made(trees, base, {"src/a.py": OutMember("src/a.py", "100755", b"a = 1\n")})
    assert trees.manifest(tree) != trees.manifest(trees.tree_of(base))
    file = trees.diff(base, tree)
    assert [(f.kind, f.old_mode, f.new_mode) for f in file.files] == [("mode", "100644", "100755")]
    assert len(file.hunks) == 1
