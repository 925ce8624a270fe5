"""Commits in lists: no list is longer, or brings more changed files, than it may."""

from orchestrator.vcs.walk import Walked, chunks


def commit(number, files):
    return Walked(f"{number:040}", (), "a", "", "s", (tuple(range(files)),))


def test_lists_end_by_commits_and_by_changed_files():
    history = [commit(n, files) for n, files in enumerate((1, 1, 1, 9, 1, 20, 1))]
    found = [[len(c.files[0]) for c in part] for part in chunks(iter(history), 3, 10)]
    assert found == [[1, 1, 1], [9, 1], [20], [1]]
    assert list(chunks(iter(()), 3, 10)) == []
