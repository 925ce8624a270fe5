"""Any tree, in and out without a change, is the same tree; any tree written here is the one that git writes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.errors import IntegrationConflict
from orchestrator.ports import ChangeOut, OutMember
from orchestrator.vcs.names import unportable
from orchestrator.vcs.trees import GitTrees

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"), exclude_characters="/\\.~"),
    min_size=1,
    max_size=8,
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from(["100644", "100755", "120000", "160000"])
FILES = st.dictionaries(PATHS, st.tuples(MODES, st.binary(max_size=30)), max_size=12)


POOL = st.dictionaries(
    st.sampled_from(["a", "b", "c/d", "c/e", "c/f/g"]),
    st.tuples(MODES, st.sampled_from([b"", b"1\n", b"1\n2\n3\n4\n5\n", b"1\n2\n3\n4\n6\n", b"0\n2\n3\n4\n5\n", b"\0"])),
)


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        self.head = self.commit({})
        self.trees = GitTrees.open(folder, folder.parent / "t.git")

    def git(self, *args: str, stdin: bytes = b"") -> str:
        identity = {f"GIT_{who}_{what}": "x@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **identity}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *args], input=stdin, capture_output=True, check=True, env=env
        )
        return done.stdout.decode().strip()

    def tree(self, files: dict[str, tuple[str, bytes]]) -> str:
        self.git("read-tree", "--empty")
        rows = []
        for path, (mode, data) in files.items():
            oid = (
                self.head if mode == "160000" else self.git("hash-object", "-w", "--stdin", "--no-filters", stdin=data)
            )
            rows.append(f"{mode} {oid}\t{path}")
        self.git("update-index", "-z", "--index-info", stdin="".join(row + "\0" for row in rows).encode())
        return self.git("write-tree")

    def commit(self, files: dict[str, tuple[str, bytes]]) -> str:
        return self.git(
            "commit-tree",
            "-m",
            "x",
            self.git("hash-object", "-t", "tree", "-w", "/dev/null") if not files else self.tree(files),
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("roundtrip") / "user")
    yield world
    world.trees.close()


def apart(files):
    """Without paths that are both a file and a folder, or that some file system takes for the same."""
    from orchestrator.policy.paths import fold

    kept: dict = {}
    for path, value in sorted(files.items()):
        folded = fold(path)
        clash = any(folded == o or folded.startswith(o + "/") or o.startswith(folded + "/") for o in map(fold, kept))
        shared = {fold(p): p for k in kept for p in prefixes(k)}
        if not clash and all(shared.get(fold(p), p) == p for p in prefixes(path)):
            kept[path] = value
    return kept


def prefixes(path):
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]


many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(files=FILES.map(apart))
def test_in_and_out_without_an_agent_is_the_same_tree(world, files):
    tree = world.tree(files)
    entries = world.trees.entries(tree)
    copied = [entry for entry in entries if entry.mode != "160000"]
    members = tuple(
        OutMember(e.path, e.mode, data)
        for e, data in zip(copied, world.trees.blobs([e.oid for e in copied]), strict=True)
    )
    out = ChangeOut(frozenset(e.path for e in copied), members)
    built = world.trees.build(tree, out, lambda _: True, lambda path: f"no {path}")
    assert built.tree == tree
    assert built.denials == ()
    assert world.trees.build(tree, ChangeOut(frozenset(), ()), lambda _: False, lambda _: None).tree == tree


@many
@given(before=FILES.map(apart), after=FILES.map(apart))
def test_what_is_built_is_what_git_writes(world, before, after):
    before = {p: v for p, v in before.items() if v[0] in {"100644", "100755"}}
    after = {p: v for p, v in after.items() if v[0] in {"100644", "100755"} and (p in before or not unportable(p))}
    base, expected = world.tree(before), world.tree(after)
    out = ChangeOut(frozenset(after), tuple(OutMember(p, m, d) for p, (m, d) in after.items()))
    built = world.trees.build(base, out, lambda _: True, lambda _: None)
    assert (built.tree, built.denials) == (expected, ())
    found = world.trees.diff(base, expected)
    touched = {name for f in found.files for name in (f.path, f.old_path) if name}
    assert {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)} <= touched
    assert {h.path for h in found.hunks} == {f.path for f in found.files}


@many
@given(base=POOL, mine=POOL, theirs=POOL)
def test_integration_takes_each_side_whole_or_says_conflict(world, base, mine, theirs):
    """Path by path: what only one side changed is that side's, what both changed alike is that, the rest is merged."""
    tip = world.tree(theirs)
    try:
        merged = world.trees.integrate(world.tree(base), world.tree(mine), tip)
    except IntegrationConflict as conflict:
        assert all(len({base.get(path), mine.get(path), theirs.get(path)}) == 3 for path in conflict.details)  # noqa: PT017 - either outcome is right
        return
    found = {e.path: (e.mode, e.mode != "160000" and world.trees.blob(e.oid)) for e in world.trees.entries(merged)}
    for path in {**base, **mine, **theirs}:
        was, here, there = (_seen(side.get(path)) for side in (base, mine, theirs))
        if here == was:
            assert found.get(path) == there
        elif there in {was, here}:
            assert found.get(path) == here
        else:
            assert found[path][0] in {here[0], there[0]}


def _seen(value):
    return value and (value[0], value[0] != "160000" and value[1])
