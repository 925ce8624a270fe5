"""Blame over the index of places: the same answer with and without it, whatever was done to its file."""

from pathlib import Path

import pytest
from provenance_support import NOW, World

from orchestrator.errors import RepositoryError, StoreError
from orchestrator.models.found import Result
from orchestrator.provenance.logs import log
from orchestrator.provenance.logs.places import places, subjects
from orchestrator.provenance.verification.blame import Blamed, Standing, blame
from orchestrator.vcs.trees import GitTrees


class NoTexts:
    def get(self, digest):
        raise StoreError("STORE002", f"{digest} is not here.")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.publish()
    return world


def rows(world: World, index: Path | None) -> tuple[Blamed, ...]:
    with GitTrees.open(world.repo.path, world.folder / "private") as trees:
        head = trees.resolve(world.head)
        return blame(trees, trees.blame(head, "app.py", 1, 0), head, NOW, NoTexts(), index=index)


def row(world: World, index: Path | None) -> Blamed:
    (found,) = rows(world, index)
    return found


def test_a_line_is_found_by_the_index_and_without_it(world: World, tmp_path: Path):
    index = tmp_path / "private-index"
    found = [row(world, where) for where in (None, index, index)]
    assert found[0] == found[1] == found[2]
    assert found[0].standing is Standing.VERIFIED
    assert index.stat().st_mode & 0o777 == 0o600


def test_a_decision_at_the_end_of_the_run_stands_behind_the_lines_of_each_step(world: World):
    end = world.second_step({"app.py": b"y = 3\nx = 2\n"})
    world.lines["decision"] = world.sealed(end, "ana")
    world.publish()
    found = rows(world, None)
    assert [(r.number, r.commit, r.standing) for r in found] == [
        (1, world.head, Standing.VERIFIED),
        (2, world.commit, Standing.VERIFIED),
    ]
    world.lines["decision"] = world.sealed(end.model_copy(update={"shown": end.shown[1:]}), "ana")
    world.publish()
    assert [r.standing for r in rows(world, None)] == [Standing.VERIFIED, Standing.NOT_VERIFIED]


def test_lines_are_told_in_their_order_whichever_git_finds_first(world: World):
    end = world.second_step({"app.py": b"y = 3\nx = 2\n"})
    world.lines["decision"] = world.sealed(end, "ana")
    world.publish()
    with GitTrees.open(world.repo.path, world.folder / "private") as trees:
        head = trees.resolve(world.head)
        groups = list(trees.blame(head, "app.py", 1, 0))
        for order in (groups, groups[::-1]):
            assert [r.number for r in blame(trees, order, head, NOW, NoTexts())] == [1, 2]


@pytest.mark.parametrize(
    "bad", [b"", b"not an index", b"\n\n\n", b"0" * 64 + b"\n{}\n", b'{"tips":{}}'], ids=["0", "text", "n", "sum", "j"]
)
def test_a_file_that_does_not_hold_together_is_made_again(world: World, tmp_path: Path, bad: bytes):
    index = tmp_path / "private-index"
    row(world, index)
    whole = index.read_bytes()
    index.write_bytes(bad)
    assert row(world, index).standing is Standing.VERIFIED
    assert index.read_bytes() == whole


def test_one_changed_byte_anywhere_is_found(world: World, tmp_path: Path):
    index = tmp_path / "private-index"
    row(world, index)
    whole = index.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 7)):
        index.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert row(world, index).standing is Standing.VERIFIED
        assert index.read_bytes() == whole


def test_a_file_that_others_can_write_is_not_believed(world: World, tmp_path: Path):
    index = tmp_path / "private-index"
    row(world, index)
    index.chmod(0o666)
    row(world, index)
    assert index.stat().st_mode & 0o777 == 0o600


def test_a_statement_that_came_later_is_seen(world: World, tmp_path: Path):
    index = tmp_path / "private-index"
    assert row(world, index).standing is Standing.VERIFIED
    failed = world.sealed(world.gate("ruff", result=Result.FAILED), "runner")
    world.publish(world.log_files(list(world.lines.values()), [failed]))
    found = row(world, index)
    assert found.standing is Standing.NOT_VERIFIED
    assert {p.code for p in found.problems} == {"EVID046"}


def test_a_branch_that_went_away_is_forgotten(world: World, tmp_path: Path):
    index = tmp_path / "private-index"
    row(world, index)
    world.repo.git("update-ref", "-d", log.branch(world.keys["runner"].keyid))
    assert row(world, index).standing is Standing.UNATTESTED


def test_a_commit_and_its_tree_lead_to_every_statement_but_the_plan_s(world: World):
    with GitTrees.open(world.repo.path, world.folder / "private") as trees:
        every = set(world.lines.values())
        named = places(trees).lines({world.commit.encode(), world.tree.encode()})
    assert set(named) == every - {world.lines["plan"]}


def test_what_is_no_envelope_names_nothing():
    assert subjects(b"") == subjects(b'{"payload":"%%%"}\n') == subjects(b"\xff\xfe\n") == set()


def test_a_tree_with_one_name_twice_is_refused(world: World, tmp_path: Path):
    blob = world.repo.git("hash-object", "-w", "--stdin", stdin=b"x").decode().strip()
    sub = world.repo.make_tree({"x": b"1"})
    raw = b"100644 a\0" + bytes.fromhex(blob) + b"40000 a\0" + bytes.fromhex(sub)
    tree = world.repo.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw).decode().strip()
    with GitTrees.open(world.repo.path, tmp_path / "p") as trees, pytest.raises(RepositoryError) as caught:
        trees.manifest(tree)
    assert caught.value.code == "REPO011"


def test_a_manifest_of_folders_and_names_around_a_slash_is_the_plain_one(world: World, tmp_path: Path):
    files = {
        "a/b/c": b"1",
        "a.b": b"2",
        "a-": b"3",
        "a/x": b"1",
        "a0/b": b"1",
        "A": b"",
        "\u00e9/\u00fc": b"4",
        "b/b/c": b"1",
    }
    tree = world.repo.make_tree(files)
    with GitTrees.open(world.repo.path, tmp_path / "p") as trees:
        trees.ready([tree, tree, world.tree])
        assert trees.manifest(tree) == trees.manifest(tree) == world.repo.manifest(tree)
        assert trees.manifest(world.tree) == world.repo.manifest(world.tree)
        assert trees.blob(trees.entry(tree, "a.b").oid) == b"2"
