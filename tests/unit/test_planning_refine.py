"""What a model says of a plan: taken where it narrows, orders or explains, and refused in words where it adds."""

import json

import pytest
from planning_support import ALL, plan, spec

from orchestrator.planning.refine import refine, schema


@pytest.fixture
def ground():
    asked = spec("*Where:* `src/**`", "*Where:* `docs/a.md`")
    return asked, plan(asked)


def told(made, **changes):
    """A fitting answer; ``changes`` by step id."""
    steps = [
        {"id": s.id, "title": f"New {s.id}", "approach": "Look first.", **changes.get(s.id, {})} for s in made.steps
    ]
    return json.dumps({"steps": steps})


def test_a_model_may_explain_order_and_narrow(ground):
    asked, made = ground
    answer = "Here it is:\n```json\n" + told(made, S01={"depends_on": ["S02"], "write": ["src/a.py"]}) + "\n```"
    refined, problems = refine(answer, made, asked, [ALL])
    assert problems == ()
    assert refined is not None
    assert [s.id for s in refined.steps] == ["S02", "S01"]
    last = refined.steps[1]
    assert last.capabilities.write == ("src/a.py",)
    assert last.write[0].source == made.steps[0].write[0].source
    assert last.acceptance == made.steps[0].acceptance
    assert last.instruction.startswith(made.steps[0].instruction)
    assert last.instruction.endswith("Approach (proposed by a model, approved with this plan):\nLook first.")


WRONG = {
    "nothing": ("", "no whole JSON object|valid dictionary"),
    "words": ("I would rather not.", "valid dictionary"),
    "half": ('{"steps": [{"id":', "no whole JSON object"),
    "deep": ('{"steps":' + "[" * 100_000, "no whole JSON object"),
    "huge": ("x" * (2 << 20), "longer than any answer"),
    "no-steps": ('{"steps": []}', "at least 1 item"),
    "unknown-field": ({"S01": {"egress": ["*"]}}, "Extra inputs"),
    "unknown-command": ({"S01": {"acceptance": [["true"]]}}, "Extra inputs"),
    "another-step": ({"S01": {"id": "S09"}}, "exactly these steps"),
    "a-step-twice": ({"S01": {"id": "S02"}}, "exactly these steps"),
    "a-path-beyond": ({"S01": {"write": [".github/workflows/x.yml"]}}, "not within what the plan may grant"),
    "everything": ({"S01": {"write": ["**"]}}, "not within what the plan may grant"),
    "the-other-steps-path": ({"S01": {"write": ["docs/a.md"]}}, "not within what the plan may grant"),
    "a-path-upwards": ({"S01": {"write": ["src/../etc"]}}, "src/../etc"),
    "a-circle": ({"S01": {"depends_on": ["S02"]}, "S02": {"depends_on": ["S01"]}}, "PLAN003"),
    "itself": ({"S01": {"depends_on": ["S01"]}}, "PLAN003"),
    "a-step-that-is-none": ({"S01": {"depends_on": ["S77"]}}, "PLAN002"),
    "a-title-of-two-lines": ({"S01": {"title": "a\nb"}}, "title"),
    "a-title-too-long": ({"S01": {"title": "a" * 200}}, "title"),
    "an-approach-too-long": ({"S01": {"approach": "a" * 5000}}, "approach"),
}


@pytest.mark.parametrize("defect", WRONG)
def test_what_adds_or_breaks_is_refused_in_words(ground, defect):
    asked, made = ground
    given, wanted = WRONG[defect]
    answer = given if isinstance(given, str) else told(made, **given)
    refined, problems = refine(answer, made, asked, [ALL])
    assert refined is None
    assert any(part in problem for problem in problems for part in wanted.split("|")), problems


def test_the_schema_names_what_a_model_may_say():
    step = schema()["$defs"]["ProposedStep"]
    assert set(step["properties"]) == {"id", "title", "approach", "depends_on", "write"}
    assert step["additionalProperties"] is False
