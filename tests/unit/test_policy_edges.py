"""Where a rule of the policy just holds and just does not: each was broken on purpose once, and nothing had seen it."""

from __future__ import annotations

import pytest
from test_workflow_policy import policy
from test_workflow_ways import FILED, JUDGED, WHOLE, but, codes, forked, made, row, rule
from workflow_support import bundled, workflow

from orchestrator.models.capabilities import Capabilities
from orchestrator.policy import globs
from orchestrator.policy.paths import deny_write
from orchestrator.policy.proof import checker, judge
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.search import MAX_STATES, searched

BRANCHES = """# Side by side

Roles: clerk.

1. In parallel:
   - The clerk opens the door.
   - The clerk checks the lamp.
   - The clerk opens the window.
"""


@pytest.mark.parametrize("whole", [made(WHOLE), workflow(BRANCHES)], ids=["in a row", "side by side"])
def test_what_was_not_searched_to_its_end_is_not_proved(whole):
    found = searched(machine(whole), max_states=3)
    assert (found.complete, found.broken) == (False, None)
    assert searched(machine(whole)).complete


def test_the_checker_looks_at_as_much_as_the_prover_and_says_where_it_stops():
    assert checker.check.__defaults__ == (MAX_STATES,)
    assert "more than 3" in checker.check(made(WHOLE), 3).broken


def test_loops_within_each_other_do_not_multiply_for_the_checker():
    """It counts only where something is broken when it does not, as the prover does: 6 to the 8th power otherwise."""
    steps = [f"{n}. The clerk opens the door {n}." for n in range(1, 9)]
    checks = [
        f"{n + 8}. The clerk checks the door {n}. If it fails, go back to step {n}, at most 5 times."
        for n in range(1, 9)
    ]
    whole = workflow("# Loops\n\nRoles: clerk.\n\n" + "\n".join([*steps, *checks]) + "\n")
    assert sum(bool(node.at_most) for node in whole.nodes.values()) == 8
    seen = checker.check(whole, 200)
    assert (seen.broken, seen.situations < 200) == ("", True)


def test_of_two_authors_each_needs_somebody_beside_them():
    """The independent checker by itself: its promise is stated apart from the prover's."""
    nodes = but(row("edit", "edit/2", *JUDGED, "merge"), "edit-2", role="lead")
    assert "approved by its author" in checker.check(made(nodes)).broken
    assert checker.check(made(but(nodes, "review", role="third"), roles=("author", "lead", "third"))).broken == ""


@pytest.mark.parametrize("path", [".git/config", ".GIT/config", "lib/.Git/hooks/x", ".Handrail/policy.yaml"])
def test_what_nobody_is_granted_is_known_in_every_spelling(path):
    wide = Capabilities(write=("**",), write_protected=("**",))
    assert "never an agent's" in str(deny_write(wide, (), path))


@pytest.mark.parametrize("path", ["infra/main.tf", "Infra/main.tf"])
def test_what_the_policy_protects_needs_a_grant_of_its_own(path):
    assert "is protected" in str(deny_write(Capabilities(write=("**",)), ("infra/**",), path))
    assert deny_write(Capabilities(write=("**",), write_protected=(path,)), ("infra/**",), path) is None


@pytest.mark.parametrize(("inner", "outer"), [("*", "?"), ("a*", "a?"), ("a*b", "a?b"), ("**", "?")])
def test_any_number_of_letters_is_not_one(inner, outer):
    assert not globs.below((inner,), (outer,))
    assert globs.below((outer,), (inner,))


@pytest.mark.parametrize("subject", ["change", "run"])
def test_a_role_that_lifts_decides_what_is_merged_and_one_that_does_neither_does_not(subject):
    whole = made(but(WHOLE, "review", reviews=subject))
    asked = policy(author=["ann"], lead=["bob"]).model_copy(update={"approve_roles": ("author",), "lift_roles": ()})
    assert "WF056" in {code for _, code, _ in judge.under(whole, asked)}
    lifting = asked.model_copy(update={"lift_roles": ("lead",)})
    assert "WF056" not in {code for _, code, _ in judge.under(whole, lifting)}


def test_what_a_rule_remembers_ends_with_its_since():
    """``never ... unless ... since``: the second edit makes the first approval void."""
    told = rule("never-unless", {"node": "file"}, other={"kind": "review"}, since={"edits": True})
    assert codes(row("edit", *JUDGED, "file"), rules=told) == set()
    assert codes(row("edit", *JUDGED, "edit/2", "file"), rules=told) == {"WF033"}
    after = rule("never-after", {"node": "file"}, other={"kind": "review"}, since={"edits": True})
    assert codes(row("edit", *JUDGED, "edit/2", "file"), rules=after) == set()


def test_an_approval_of_an_effect_is_void_when_the_branch_moves():
    nodes = row("edit", *JUDGED, "merge", "allow", "review/2", "deploy")
    assert codes(nodes) == set()
    assert codes(but(nodes, "review-2", "moved", "deploy")) == {"WF031"}


def test_an_approval_of_an_effect_is_of_no_stack_that_comes_later():
    work = bundled("prd-to-code").model_dump(mode="json", exclude_defaults=True)["nodes"]
    name, stack = next((n, v) for n, v in work.items() if "stacked" in v["on"])
    nodes = row("allow", "deploy")
    stack["on"] = {outcome: "deploy" if outcome == "stacked" else "stop" for outcome in stack["on"]}
    nodes = but(nodes, "allow", "approve", name) | {name: stack}
    assert "WF031" in {code for _, code, _ in judge.problems(made(nodes))}
    assert "not approved" in checker.check(made(nodes)).broken


def test_whoever_made_another_change_may_approve_this_one():
    one, two = (row(*(f"{kind}@{c}" for kind in ("edit", *JUDGED, "merge")), last="edit-of-b") for c in "ab")
    nodes = but(one, "review-of-a", role="author", other_than=["edit-of-a"]) | but(two, "merge-of-b", "merged", "end")
    assert codes(nodes) == set()
    both = policy(author=["ann", "bob"], lead=["bob"]).model_copy(update={"approve_roles": ("author", "lead")})
    assert "WF054" not in {code for _, code, _ in judge.under(made(nodes), both)}
    alone = policy(author=["ann"], lead=["bob"]).model_copy(update={"approve_roles": ("author", "lead")})
    assert "WF054" in {code for _, code, _ in judge.under(made(nodes), alone)}


def test_two_joins_of_one_fork_would_wait_for_each_other():
    """Every branch comes to both, each by another outcome: one stands before the first, one before the second."""
    nodes = forked(FILED, row("file/2", last="join", inside="fork/b"))
    assert codes(nodes) == set()
    twice = nodes | {"other": {"kind": "join", "about": "fork", "on": {"joined": "end"}}}
    twice = but(but(twice, "file", "blocked", "other"), "file-2", "blocked", "other")
    assert "WF023" in codes(twice)


def test_a_join_lies_where_its_fork_does():
    """In a branch of an outer fork: its join may not stand outside, although every branch of it comes there."""
    inner = {
        "in": {"kind": "parallel", "on": {"c": "file", "d": "file-2"}, "inside": "fork/a"},
        **row("file", last="inner", inside="in/c"),
        **row("file/2", last="inner", inside="in/d"),
        "inner": {"kind": "join", "about": "in", "on": {"joined": "join"}, "inside": "fork/a"},
    }
    nodes = forked(inner, row("file/3", last="join", inside="fork/b"))
    assert codes(nodes) == set()
    assert "WF023" in codes(but(nodes, "inner", inside="fork/b"))
    assert "WF023" in codes(but(nodes, "inner", inside=None))


def test_a_loop_is_left_no_sooner_than_its_bound_says():
    """What comes behind it has been judged by then; the checker counts as the prover does."""
    nodes = row("edit", "file", *JUDGED, "merge")
    nodes = but(nodes, "file", at_most={"done": 1})
    nodes = but(but(nodes, "file", "exhausted", "merge"), "review", "approve", "file")
    assert codes(nodes) == set()
    assert codes(but(nodes, "review", "moved", "file")) == {"WF030"}
