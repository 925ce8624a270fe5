"""Where a rule of the policy just holds and just does not: each was broken on purpose once, and nothing had seen it."""

from __future__ import annotations

import pytest
from test_workflow_policy import policy
from test_workflow_ways import JUDGED, WHOLE, but, made, row
from workflow_support import workflow

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
