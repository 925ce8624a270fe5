"""What is read before Handrail is loaded: the contents that will be judged, and nothing rests on them."""

import pytest
from vcs_support import UserRepository

from orchestrator.app.gates import ahead
from orchestrator.app.gates.ahead import Found, Reading
from orchestrator.app.gates.asked import Asked
from orchestrator.app.gates.gating import gate
from orchestrator.app.gates.scanners import gate_worker
from orchestrator.app.project import open_project
from orchestrator.errors import RepositoryError
from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.changes.sides import begin
from orchestrator.gates.scanners.team import Team
from orchestrator.testing.gate_suite import FileSpec, candidate_of
from orchestrator.vcs.ahead import BYTES_LIMIT, FILES_LIMIT, contents
from orchestrator.vcs.repository import find

BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"


@pytest.fixture
def user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    user = UserRepository(tmp_path / "user")
    user.write("a.py", "x = 1\n")
    user.write("gone.py", "y = 1\n")
    user.write("notes.txt", "one\n")
    user.commit("first")
    user.git("tag", "start")
    return user


def seen(user, **asked):
    return sorted(contents(find(user.folder), ".py", **{"base": "start", "head": "HEAD", **asked}))


def test_the_new_side_of_a_commit_and_of_what_is_staged_is_read(user):
    user.write("a.py", "x = 2\n")
    user.write("-odd näme.py", BAD)
    user.write("notes.txt", "two\n")
    user.git("rm", "-q", "gone.py")
    user.commit("second")
    assert seen(user) == sorted([b"x = 2\n", BAD.encode()])
    user.write("a.py", "x = 3\n")
    user.git("add", "-A")
    user.write("a.py", "x = 4\n")
    assert seen(user, base="", staged=True) == [b"x = 3\n"]
    assert seen(user, base="start", staged=True) == sorted([b"x = 3\n", BAD.encode()])


def test_what_the_base_gained_since_is_not_read(user):
    user.git("checkout", "-q", "-b", "side")
    user.write("side.py", "side = 1\n")
    user.commit("side")
    user.git("checkout", "-q", "-")
    user.write("a.py", "x = 5\n")
    user.commit("on the base")
    assert seen(user, base="HEAD", head="side") == [b"side = 1\n"]


def test_links_large_files_and_more_than_some_are_left_for_later(user):
    user.write("large.py", "z = 1\n" * (BYTES_LIMIT // 6 + 1))
    (user.folder / "link.py").symlink_to("a.py")
    user.commit("large")
    assert seen(user) == []
    for number in range(FILES_LIMIT + 9):
        user.write(f"m{number}.py", f"m = {number}\n")
    user.commit("many")
    assert len(seen(user, base="HEAD~1")) == FILES_LIMIT


@pytest.mark.parametrize("bad", ["nowhere", "--output=/tmp/x", "HEAD --", ""])
def test_a_base_that_is_none_is_an_error_of_its_own(user, bad):
    with pytest.raises(RepositoryError):
        contents(find(user.folder), ".py", base=bad, head="HEAD")


def test_whatever_is_foreseen_the_judgement_is_the_same(user):
    user.write("run.py", BAD)
    user.commit("second")

    def broken():
        raise OSError("the disk is gone")

    told = []
    for read in (None, list, broken, lambda: [b"x = 1\n", b"\xff(", BAD.encode()]):
        found = Found(user.folder)
        reading = Reading(found, read) if read else None
        with gate_worker(found, keep=False, reading=reading) as worker, open_project(user.folder) as project:
            told.append(gate(project, Asked(base="start"), project=project, worker=worker))
    assert {f.rule for f in told[0].findings} >= {"B602", "S602"}
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--base", "start"], [BAD.encode()]),
        (["--base=start", "--head=HEAD", "--json"], [BAD.encode()]),
        (["--base", "nowhere", "--base", "start"], [BAD.encode()]),
        (["--staged"], [b"x = 3\n"]),
        (["--base", "start", "--patch"], None),
        (["--head", "HEAD"], None),
        (["--base", "nowhere"], []),
        (["--base"], []),
    ],
)
def test_it_begins_with_the_words_of_the_call(user, words, expected):
    user.write("run.py", BAD)
    user.commit("second")
    user.write("a.py", "x = 3\n")
    user.git("add", "-A")
    ahead.begin(["handrail", "gate", *words, "--repo", str(user.folder)])
    told = []

    class Asked:
        def look_ahead(self, sources):
            told.extend(sources)

    if expected is None:
        assert not ahead.BEGUN
        return
    reading = ahead.BEGUN.pop()
    reading.tell(Asked())
    reading.end()
    assert (reading.found.folder, told) == (user.folder, expected)


def test_a_call_that_ends_before_it_judges_is_told_of_nothing(user):
    ahead.begin(["handrail", "gate", "--base", "start", "--repo", str(user.folder)])
    reading = ahead.BEGUN.pop()
    reading.end()
    assert not reading.is_alive()


PLAIN, SAME = b"def f(a):\n    return a\n", b"import os\n\nos.system(input())\n"
PAIRS = {
    "nothing found": (b"def f(a):\n    return -a\n", PLAIN, {"outline"}),
    "a finding of bandit": (BAD.encode(), PLAIN, {"outline", "scan", "analyse"}),
    "not to be read": (b"def f(:\n", PLAIN, {"outline", "scan"}),
    "new": (BAD.encode(), None, set()),
    "the same": (SAME, SAME, {"outline", "scan", "analyse"}),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_of_a_base_is_asked_ahead_what_its_head_makes_worth_asking(name, late):
    head, base, expected = PAIRS[name]
    with Team(processes=1) as team:
        if late:
            team.ready("scan", [head])
            team.look_ahead([head])
            team.outline(head)
        begin(candidate_of([FileSpec("a.py", head, base)]), team)
        team.outline(head)
        if base is not None:
            team.outline(base)
        asked = {op for op in ("outline", "scan", "analyse") if base and team.kept(f"{op}/10", source_digest(base))}
    assert asked == expected
