"""Which commit wrote each line, held against git's own porcelain form."""

import random
import re
import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import RepositoryError
from orchestrator.vcs.trees import GitTrees

NAMES = ("plain.py", "with space.py", 'quo"te.py', "Größe.py")


def git(folder: Path, *argv: str) -> str:
    who = ("-c", "user.name=Ana Ü", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *argv], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Thirty commits that change, insert, move and rename; no newline at the end."""
    chance = random.Random(7)  # noqa: S311  no secret
    lines, name = [f"line {n} of the first" for n in range(40)], NAMES[0]
    git(tmp_path, "init", "-q", "-b", "main")
    for number in range(30):
        at = chance.randrange(len(lines))
        lines[at:at] = [f"line of commit {number}, number {n}\r" for n in range(chance.randrange(4))]
        lines.append(lines.pop(chance.randrange(len(lines))))
        if number % 10 == 9:
            git(tmp_path, "mv", name, NAMES[number // 10 + 1])
            name = NAMES[number // 10 + 1]
        (tmp_path / name).write_text("\n".join(lines), newline="")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", str(number))
    return tmp_path


def expected(folder: Path, span: tuple[int, int]) -> list[tuple[int, str, int, str]]:
    """Number, commit, number there, text."""
    lines = [f"-L{span[0]},{span[1] or ''}"] if span != (1, 0) else []
    said = git(folder, "blame", "--porcelain", "-M", "-C", *lines, "HEAD", "--", NAMES[3])
    head = re.compile(r"^([0-9a-f]{40}) (\d+) (\d+)(?: \d+)?\n(?:[^\t].*\n)*\t([^\n]*)", re.MULTILINE)
    return [(int(m[3]), m[1], int(m[2]), m[4]) for m in head.finditer(said)]


@pytest.mark.parametrize("span", [(1, 0), (5, 9), (12, 12), (30, 0)])
def test_each_line_comes_once_with_what_git_says_of_it(repository: Path, tmp_path_factory, span: tuple[int, int]):
    with GitTrees.open(repository, tmp_path_factory.mktemp("private")) as trees:
        found = [line for group in trees.blame(trees.resolve("HEAD"), NAMES[3], *span) for line in group]
    told = sorted((line.number, line.commit, line.line, line.text.decode().rstrip("\r")) for line in found)
    assert told == [(n, c, at, text.rstrip("\r")) for n, c, at, text in expected(repository, span)]
    assert {line.path for line in found} <= set(NAMES)
    assert {line.author for line in found} == {"Ana Ü"}


def test_a_moved_block_and_a_copy_are_followed_to_who_wrote_them(tmp_path: Path, tmp_path_factory):
    block = [f"    the {number}th sentence of what was written first" for number in range(5)]
    other = [f"something else that stands beside it, {number}" for number in range(5)]
    git(tmp_path, "init", "-q", "-b", "main")
    for words, texts in (
        ("first", {"a.txt": block + other}),
        ("moved", {"a.txt": other + block}),
        ("copied", {"a.txt": other, "b.txt": ["a line above", *block]}),
    ):
        for name, lines in texts.items():
            (tmp_path / name).write_text("\n".join(lines) + "\n")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", words)
    first = git(tmp_path, "rev-parse", "HEAD~2").strip()
    with GitTrees.open(tmp_path, tmp_path_factory.mktemp("private")) as trees:
        for rev, name, begin in (("HEAD~1", "a.txt", 6), ("HEAD", "b.txt", 2)):
            found = [line for group in trees.blame(trees.resolve(rev), name, 1, 0) for line in group]
            assert {(w.commit, w.path) for w in found if w.number >= begin} == {(first, "a.txt")}


@pytest.mark.parametrize(("name", "span"), [("absent.py", (1, 0)), (NAMES[3], (5000, 5001)), (NAMES[3], (9999, 0))])
def test_what_is_not_there_is_said(repository: Path, tmp_path_factory, name: str, span: tuple[int, int]):
    private = tmp_path_factory.mktemp("private")
    with GitTrees.open(repository, private) as trees, pytest.raises(RepositoryError) as told:
        list(trees.blame(trees.resolve("HEAD"), name, *span))
    assert told.value.code == "REPO040"


def test_an_answer_that_nobody_reads_to_its_end_leaves_no_process(repository: Path, tmp_path_factory):
    with GitTrees.open(repository, tmp_path_factory.mktemp("private")) as trees:
        groups = trees.blame(trees.resolve("HEAD"), NAMES[3], 1, 0)
        next(groups)
        groups.close()
    children = Path("/proc/self/task").glob("*/children")
    words = [Path(f"/proc/{pid}/cmdline").read_bytes() for c in children for pid in c.read_text().split()]
    assert not any(b"blame" in said for said in words)
