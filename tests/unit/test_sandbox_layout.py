import pytest

from orchestrator.errors import RepositoryError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import GitOid
from orchestrator.ports import TreeEntry
from orchestrator.sandbox.layout import plan, plan_open


def entries(*paths, mode="100644"):
    return [TreeEntry(p, mode, GitOid("0" * 40)) for p in paths]


def made(tree, write, protected=(), **more):
    layout = plan(tree, Capabilities(write=write, **more), protected)
    return ({p.path: p.mode for p in layout.root}, {p.path: p.mode for p in layout.user})


def test_without_a_grant_everything_is_roots():
    root, user = made(entries("a", "d/b"), ())
    assert root == {"": 0o755, "a": 0o644, "d": 0o755, "d/b": 0o644}
    assert user == {}


def test_an_empty_tree_still_sets_the_roots_mode():
    assert made([], ("*.md",)) == ({"": 0o1777}, {})


def test_a_granted_directory_below_a_closed_one_is_shared_and_its_children_are_owned():
    root, user = made(entries("src/a.py", "src/app/b.py", "README"), ("src/**",))
    assert root == {"": 0o755, "src": 0o1777, "README": 0o644}
    assert user == {"src/app": 0o755, "src/a.py": 0o644, "src/app/b.py": 0o644}


def test_a_directory_above_a_protected_file_is_never_owned():
    root, user = made(entries("src/a/b/conftest.py", "src/a/c/x.py"), ("src/**",))
    assert root == {"": 0o755, "src": 0o1777, "src/a": 0o1777, "src/a/b": 0o1777, "src/a/b/conftest.py": 0o644}
    assert user == {"src/a/c": 0o755, "src/a/c/x.py": 0o644}


def test_a_directory_in_which_every_name_is_protected_stays_closed():
    root, _ = made(entries(".github/w.yml", "x"), ("**",))
    assert root == {"": 0o1777, ".github": 0o755, ".github/w.yml": 0o644}


def test_its_own_grant_opens_a_protected_directory():
    root, user = made(entries(".github/w.yml"), ("**",), write_protected=(".github/**",))
    assert root == {"": 0o1777}
    assert user == {".github": 0o755, ".github/w.yml": 0o644}


def test_the_callers_protected_paths_count():
    root, user = made(entries("src/a.py", "src/b.py"), ("src/**",), ("src/b.py",))
    assert root["src/b.py"] == 0o644
    assert set(user) == {"src/a.py"}


def test_executables_links_and_submodules():
    tree = [*entries("x", mode="100755"), *entries("l", mode="120000"), *entries("sub", mode="160000")]
    layout = plan(tree, Capabilities(), ())
    assert [(p.kind, p.path, p.mode) for p in layout.root] == [("D", "", 0o755), ("F", "x", 0o755), ("L", "l", 0o644)]
    assert layout.paths() == {"x", "l"}


def test_unreadable_paths_and_their_directories_are_left_out():
    root, _ = made(entries("src/a", "secret/b"), (), read=("src/**",))
    assert set(root) == {"", "src", "src/a"}


def test_an_open_tree_is_all_the_agents():
    layout = plan_open(entries("a/b/c", ".github/w.yml"), Capabilities())
    assert layout.root == ()
    assert [p.path for p in layout.user] == [".github", "a", "a/b", "a/b/c", ".github/w.yml"]


@pytest.mark.parametrize(
    "paths", [("../x",), ("/x",), ("a//b",), ("a/./b",), (".git/x",), ("a", "a/b"), ("a", "a"), ("",)]
)
def test_a_tree_that_no_work_tree_can_hold_is_refused(paths):
    with pytest.raises(RepositoryError) as caught:
        plan(entries(*paths), Capabilities(), ())
    assert caught.value.code == "SBX022"


def test_a_granted_file_in_a_directory_that_the_tree_lacks_gets_its_directory():
    layout = plan(
        entries("a.py", "x"), Capabilities(write=("new/deep/t.py", ".github/w.yml", "x/y.py", "z/**/q.py")), ()
    )
    modes = {p.path: p.mode for p in (*layout.root, *layout.user) if p.kind == "D"}
    assert (modes["new"], modes["new/deep"]) == (0o755, 0o1777)
    assert modes[".github"] == 0o755
    assert "x" not in modes
