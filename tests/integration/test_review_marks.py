"""D2: with which hunks a mark stays, and trees of a part of the hunks. On real git trees."""

import random

import pytest
from vcs_support import WHEN, UserRepository, made

from orchestrator.errors import UsageError
from orchestrator.ports import OutMember
from orchestrator.vcs.trees import GitTrees

DOORS = "def debug(user):\n    return False\n\n\ndef admin(user):\n    return False\n"
GUARDED = "def close(user):\n    if user.admin:\n        log(user)\n        shut()\n    return user\n"
CALLER = "from helper import limit\n\n\ndef page(rows):\n    return rows[: limit()]\n"
HELPER = "def limit():\n    return 10\n"


@pytest.fixture
def trees(tmp_path):
    user = UserRepository(tmp_path / "user")
    files = {"doors.py": DOORS, "guarded.py": GUARDED, "caller.py": CALLER, "helper.py": HELPER}
    for path, text in files.items():
        user.write(path, text)
    user.commit()
    with GitTrees.open(user.folder, tmp_path / "private.git") as opened:
        yield opened


def hunks(trees, changed):
    base = trees.resolve("main")
    return {h.id for h in trees.diff(base, made(trees, base, changed)).hunks}


def test_the_same_hunk_moved_to_another_function_loses_its_mark(trees):
    in_debug = hunks(trees, {"doors.py": DOORS.replace("return False", "return True", 1)})
    in_admin = hunks(trees, {"doors.py": DOORS[:40] + DOORS[40:].replace("return False", "return True", 1)})
    assert len(in_debug) == len(in_admin) == 1
    assert in_debug.isdisjoint(in_admin)


def test_a_dedent_out_of_an_if_loses_its_mark(trees):
    inside = hunks(trees, {"guarded.py": GUARDED.replace("        shut()\n", "        shut()\n        sweep()\n")})
    outside = hunks(trees, {"guarded.py": GUARDED.replace("        shut()\n", "        shut()\n    sweep()\n")})
    assert inside.isdisjoint(outside)
    guard_gone = GUARDED.replace(
        "    if user.admin:\n        log(user)\n        shut()\n", "    log(user)\n    shut()\n"
    )
    assert hunks(trees, {"guarded.py": guard_gone}).isdisjoint(inside | outside)


def test_a_callee_changed_elsewhere_keeps_the_mark_and_makes_another_tree(trees):
    """The hunk is the same to read; what it does is not. So the mark stays, and the identity to sign is new."""
    base = trees.resolve("main")
    caller = {"caller.py": CALLER.replace("rows[: limit()]", "rows[1 : limit()]")}
    alone, both = made(trees, base, caller), made(trees, base, {**caller, "helper.py": HELPER.replace("10", "10**9")})
    assert alone != both
    assert {h.id for h in trees.diff(base, alone).hunks} < {h.id for h in trees.diff(base, both).hunks}


def test_a_part_of_a_rename_a_mode_and_a_missing_last_line_end(trees):
    base = trees.resolve("main")
    long = "".join(f"x{n} = {n}\n" for n in range(60))
    start = made(trees, base, {"old.py": long + "end = 1"})
    changed = long.replace("x3 = 3\n", "x3 = 33\n") + "end = 2"
    out = OutMember("new.py", "100755", changed.encode())
    commit = trees.commit(start, base, "start", "me", WHEN)
    new = made(trees, commit, {"new.py": out, "doors.py": DOORS.replace("False", "True")}, gone=("old.py",))
    found = [h for h in trees.diff(start, new).hunks if h.path == "new.py"]
    assert len(found) == 2
    last = trees.take_hunks(start, new, {found[1].id})
    paths = {e.path: (e.mode, trees.blob(e.oid)) for e in trees.entries(last)}
    assert "old.py" not in paths
    assert paths["new.py"] == ("100755", (long + "end = 2").encode())
    assert paths["doors.py"][1] == DOORS.encode()


def test_a_link_cannot_be_edited_and_a_strange_hunk_is_refused(trees):
    base = trees.resolve("main")
    link = made(trees, base, {"link": OutMember("link", "120000", b"doors.py")})
    with pytest.raises(UsageError, match="REV032"):
        trees.put_file(link, "link", b"x")
    with pytest.raises(UsageError, match="REV032"):
        trees.put_file(link, "../outside", b"x")
    with pytest.raises(UsageError, match="REV031"):
        trees.take_hunks(base, link, {"sha256:" + "0" * 64})


def lines(rng, count):
    ends = rng.choice(["\n", "\n", "\r\n"])
    text = "".join(f"{rng.randrange(6)}{ends}" for _ in range(count))
    return (text if rng.random() < 0.7 else text.rstrip("\r\n")).encode()


def other(rng, data):
    """The same text with a few lines taken out, doubled or replaced."""
    parts = data.splitlines(keepends=True)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(parts) + 1)
        parts[place : place + rng.randrange(3)] = [b"%d\n" % rng.randrange(9) for _ in range(rng.randrange(3))]
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(12))
def test_a_part_and_then_the_rest_is_the_whole(trees, seed):
    """All hunks give the new tree, none the old; a part and then the rest of what is left give the new one again."""
    rng = random.Random(seed)  # noqa: S311  a seeded sample
    base = trees.resolve("main")
    old = {f"f{n}.txt": lines(rng, rng.randrange(60)) for n in range(3)}
    start = made(trees, base, old)
    new = made(trees, trees.commit(start, base, "s", "me", WHEN), {p: other(rng, d) for p, d in old.items()})
    every = [h.id for h in trees.diff(start, new).hunks]
    assert trees.take_hunks(start, new, every) == new
    assert trees.take_hunks(start, new, []) == start
    wanted = {h for h in every if rng.random() < 0.5}
    part = trees.take_hunks(start, new, wanted)
    rest = [h.id for h in trees.diff(part, new).hunks]
    assert trees.take_hunks(part, new, rest) == new
    assert (part == start) == (not wanted)
