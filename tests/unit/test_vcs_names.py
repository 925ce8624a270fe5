from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ports import TreeEntry
from orchestrator.vcs.names import bad_target, hostile, is_git_component, uncarriable, unportable, unsafe_link, visible

FORMS = [
    ".git",
    ".GIT",
    ".Git ",
    ".git.",
    ".git. .",
    "git~1",
    "GIT~1",
    ".g\u200cit",
    "\ufeff.git",
    ".git:x",
    ".git::$DATA",
]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_git_is_known(name):
    assert is_git_component(name)
    assert uncarriable(name.encode())


@pytest.mark.parametrize("name", [".gitignore", "git", ".github", "x.git", "git~2", ".gitt", "..git"])
def test_names_that_only_look_like_it_are_not(name):
    assert not is_git_component(name)
    assert uncarriable(name.encode()) is None
    assert hostile(name) is None


@given(st.text())
def test_a_visible_name_is_printable(path):
    assert all(c.isprintable() for c in visible(path))


@given(st.text(max_size=40))
def test_a_name_that_is_not_hostile_can_be_carried(path):
    if hostile(path) is None and not any(is_git_component(part) for part in path.split("/")):
        assert all(uncarriable(part.encode()) is None for part in path.split("/"))


def test_a_link_may_climb_within_the_tree_but_not_out_of_it():
    tree = {"a/b/l": TreeEntry("a/b/l", "120000", "0")}
    for target, safe in ((b"../../x", True), (b"../../../x", False), (b"../../a/../../x", False), (b".", True)):
        assert (unsafe_link("a/b/l", tree, {"a/b/l": target}) is None) is safe


@pytest.mark.parametrize(
    "target", [b"/x", b"", b"a\nb", b"\xff", b"a\\b", b".git/x", b"x/../.GIT", b"a" * 4000, "a\u202e".encode()]
)
def test_bad_targets(target):
    assert bad_target(target)


@pytest.mark.parametrize(
    "path",
    [
        "C:/x",
        "a/b.py:stream",
        "NUL",
        "src/aux.py",
        "COM1.txt",
        "con .x",
        "CLAUDE~1/x",
        "GITHUB~2",
        "a/x.",
        "b /c",
        "LPT\u00b9",
    ],
)
def test_names_that_windows_takes_for_something_else_are_known(path):
    assert unportable(path)


@pytest.mark.parametrize(
    "path", ["a.b/c", "console.py", "nullable.py", "x~", "a~1b", "backup~/x", ".env", "common/aux_.py"]
)
def test_ordinary_names_are_portable(path):
    assert unportable(path) is None
