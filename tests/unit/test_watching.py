"""What the process inside says is hostile as all else: rows of another shape are none, words are cut and made plain."""

import json

import pytest

from orchestrator.models.observed import Program, Way
from orchestrator.sandbox.watching import _programs, listed


def test_rows_become_programs():
    (one,) = _programs([["git", "sh", ["git", "status"], "sampled"]])
    assert one == Program(name="git", parent="sh", argv=("git", "status"), way=Way.SAMPLED)


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        "git",
        [None],
        [["git"]],
        [["", "sh", [], "sampled"]],
        [["git", 1, [], "sampled"]],
        [["git", "sh", [], "rumour"]],
        [["git", "sh", [], ["sampled"]]],
    ],
    ids=json.dumps,
)
def test_what_has_another_shape_is_none(told):
    assert list(_programs(told)) == []


def test_words_are_few_short_and_printable():
    (one,) = _programs([["g" * 5000, "s\x1b[2J", ["w" * 5000, 5, "\u202e"] * 100, "opened"]])
    assert len(one.name) == 200
    assert one.parent == "s?[2J"
    assert len(one.argv) <= 16
    assert set(one.argv) == {"w" * 200, "?"}


def test_the_engine_s_own_list_names_parents():
    rows = [("10", "1", "sh", "sh -c x"), ("11", "10", "git", "git status"), ("12", "99", "cat", "")]
    found = list(listed(rows))
    assert [(p.name, p.parent, p.way) for p in found] == [
        ("sh", "", Way.TOP),
        ("git", "sh", Way.TOP),
        ("cat", "", Way.TOP),
    ]
