from __future__ import annotations

import pytest
from vcs_support import WHEN, UserRepository, made

from orchestrator.errors import IntegrationConflict
from orchestrator.ports import OutMember
from orchestrator.vcs.trees import GitTrees

TEN = "".join(f"line {n}\n" for n in range(10))


@pytest.fixture
def trees(tmp_path):
    user = UserRepository(tmp_path / "user")
    user.write("a.txt", TEN)
    user.write("b.txt", TEN)
    user.write("d/c.txt", TEN)
    user.commit()
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        yield trees


def tip_with(trees, changed, gone=()):
    base = trees.resolve("HEAD")
    return trees.commit(made(trees, base, changed, gone), base, "tip", "other", WHEN)


def conflict(trees, change, tip) -> tuple[str, ...]:
    with pytest.raises(IntegrationConflict) as caught:
        trees.integrate(trees.resolve("HEAD"), change, tip)
    assert caught.value.code == "INT001"
    return caught.value.details


def test_on_an_unmoved_tip_the_tree_is_itself(trees):
    base = trees.resolve("HEAD")
    tree = made(trees, base, {"a.txt": "x\n"})
    assert trees.integrate(base, tree, base) == tree


def test_changes_in_different_places_of_one_file_are_joined(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"a.txt": TEN.replace("line 0", "tip")})
    tree = trees.integrate(base, made(trees, base, {"a.txt": TEN.replace("line 9", "mine"), "n": "1"}), tip)
    assert trees.file(tree, "a.txt") == TEN.replace("line 0", "tip").replace("line 9", "mine").encode()
    assert trees.file(tree, "n") == b"1"


def test_a_change_without_effect_is_the_tips_tree(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"a.txt": "x\n"})
    assert trees.integrate(base, trees.tree_of(base), tip) == trees.tree_of(tip)


def test_both_sides_alike_is_no_conflict(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"a.txt": "x\n"})
    assert trees.integrate(base, made(trees, base, {"a.txt": "x\n"}), tip) == trees.tree_of(tip)


def test_a_textual_conflict_names_every_path_and_picks_no_side(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"a.txt": "tip\n", "d/c.txt": "tip\n"})
    assert conflict(trees, made(trees, base, {"a.txt": "m\n", "d/c.txt": "m\n", "b.txt": "m\n"}), tip) == (
        "a.txt",
        "d/c.txt",
    )


def test_deleted_here_and_edited_there_is_a_conflict_both_ways(trees):
    base = trees.resolve("HEAD")
    assert conflict(trees, made(trees, base, {}, ("a.txt",)), tip_with(trees, {"a.txt": "x\n"})) == ("a.txt",)
    assert conflict(trees, made(trees, base, {"a.txt": "x\n"}), tip_with(trees, {}, ("a.txt",))) == ("a.txt",)


def test_a_rename_on_the_tip_does_not_silently_move_an_edit(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"moved.txt": TEN}, ("a.txt",))
    assert conflict(trees, made(trees, base, {"a.txt": TEN + "more\n"}), tip) == ("a.txt",)


def test_a_folder_renamed_on_the_tip_does_not_draw_new_files_along(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"e/c.txt": TEN}, ("d/c.txt",))
    tree = trees.integrate(base, made(trees, base, {"d/new.txt": "n\n"}), tip)
    assert trees.file(tree, "d/new.txt") == b"n\n"
    assert trees.file(tree, "e/new.txt") is None


def test_file_against_folder_is_a_conflict(trees):
    base = trees.resolve("HEAD")
    assert conflict(trees, made(trees, base, {"n": "file"}), tip_with(trees, {"n/x": "folder"}))


def test_link_against_link_and_binary_against_binary_are_conflicts(trees):
    base = trees.resolve("HEAD")

    def link(target):
        return {"l": OutMember("l", "120000", target)}

    assert conflict(trees, made(trees, base, link(b"a.txt")), tip_with(trees, link(b"b.txt"))) == ("l",)
    assert conflict(trees, made(trees, base, {"a.txt": b"\0a"}), tip_with(trees, {"a.txt": b"\0b"})) == ("a.txt",)


def test_a_base_that_is_no_ancestor_of_the_tip(trees):
    """Only what the change did since its own base is applied, whatever the histories say."""
    base = trees.resolve("HEAD")
    side = tip_with(trees, {"b.txt": "side only\n"})
    tip = tip_with(trees, {"a.txt": TEN.replace("line 0", "tip")})
    change = made(trees, side, {"a.txt": TEN.replace("line 9", "mine")})
    tree = trees.integrate(side, change, tip)
    assert trees.file(tree, "a.txt") == TEN.replace("line 0", "tip").replace("line 9", "mine").encode()
    assert trees.file(tree, "b.txt") == trees.file(base, "b.txt")


def test_the_same_question_gives_the_same_tree(trees):
    base = trees.resolve("HEAD")
    tip = tip_with(trees, {"a.txt": "x\n"})
    change = made(trees, base, {"b.txt": "y\n"})
    assert trees.integrate(base, change, tip) == trees.integrate(base, change, tip)
