"""Each path and command of a plan has a named source; nothing is invented (D4)."""

import sys
from pathlib import Path

import pytest

from orchestrator.errors import ExitCode, PlanInvalid, PlanStale
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import GitOid, StepId, sha256
from orchestrator.models.plan import Budget, SourceKind
from orchestrator.models.profile import RepositoryProfile
from orchestrator.planning.check import check_plan
from orchestrator.planning.planner import instruction
from orchestrator.planning.rows import plan_rows, shared_rows
from orchestrator.planning.stale import ensure_fresh

sys.path.insert(0, str(Path(__file__).parent))
from planning_support import ALL, BASE, PROFILE, SMALL, plan, spec

WHERE = "- *Where:* `src/billing`, `tests/test_fees.py`\n- *Verify by:* `python -m pytest tests/test_fees.py`"


def refused(*requirements: str, **more) -> list[str]:
    with pytest.raises(PlanInvalid) as caught:
        plan(spec(*requirements), **more)
    assert caught.value.exit_code is ExitCode.INVALID
    assert caught.value.details[0].startswith(caught.value.code)
    return list(caught.value.details)


def test_what_the_spec_names_is_granted_with_its_line() -> None:
    (step,) = plan(spec(WHERE)).steps
    assert [(w.glob, w.source.kind, w.source.place) for w in step.write] == [
        ("src/billing/**", SourceKind.SPEC, "fees.md:9"),
        ("tests/test_fees.py", SourceKind.SPEC, "fees.md:9"),
    ]
    assert [(a.argv, a.source.kind) for a in step.acceptance] == [
        (("python", "-m", "pytest", "tests/test_fees.py"), SourceKind.SPEC),
        (("python", "-m", "pytest"), SourceKind.PROFILE),
    ]
    assert step.capabilities.write == ("src/billing/**", "tests/test_fees.py")
    assert step.capabilities.write_protected == ()
    assert not step.alone


def test_what_nobody_names_is_inferred_and_alone() -> None:
    (step,) = plan(spec("")).steps
    assert [(w.glob, w.source.kind, w.source.place) for w in step.write] == [
        ("src/**", SourceKind.INFERRED, "profile source_roots"),
        ("cli.py", SourceKind.INFERRED, "profile source_roots"),
        ("tests/**", SourceKind.INFERRED, "profile test_roots"),
    ]
    assert step.alone
    assert [a.argv for a in step.acceptance] == [PROFILE.test]


def test_no_command_anywhere_is_said_and_not_filled_in() -> None:
    made = plan(spec("- *Where:* `src/app.py`"), profile=PROFILE.model_copy(update={"test": ()}))
    assert made.steps[0].acceptance == ()
    assert "not demonstrated" in " ".join(plan_rows(made)[0].notes)


def test_what_steps_have_in_common_is_one_group_and_a_step_with_its_own_grants_is_apart() -> None:
    made = plan(spec("", "", "", "- *Where:* `src/app.py`", ""))
    groups = shared_rows(plan_rows(made))
    assert [(g.named, g.row.step) for g in groups] == [("S01 to S03, S05", "S01"), ("S04", "S04")]
    assert [g.named for g in shared_rows(plan_rows(plan(spec("", ""))))] == ["S01, S02"]


def test_no_path_anywhere_is_refused() -> None:
    assert refused("", profile=RepositoryProfile())[0].startswith("PLAN012 fees.md:5:")
    assert refused("", ceiling=Capabilities(write=("docs/**",)))[0].startswith("PLAN012")


def test_inferred_paths_are_narrowed_and_named_ones_are_not() -> None:
    narrow = Capabilities(write=("src/**",))
    assert plan(spec(""), ceiling=narrow).steps[0].capabilities.write == ("src/**",)
    assert refused(WHERE, workflow_ceiling=narrow) == [
        "PLAN013 fees.md:9: writing tests/test_fees.py is not provably within the ceiling of policy and workflow."
    ]


def test_a_protected_path_needs_its_exact_name() -> None:
    made = plan(spec("- *Where:* `src/app.py`, `pyproject.toml`"))
    assert made.steps[0].capabilities.write_protected == ("pyproject.toml",)
    assert any("pyproject.toml is protected; granted because fees.md:9" in n for n in plan_rows(made)[0].notes)
    assert plan(spec("- *Where:* `**`")).steps[0].capabilities.write_protected == ()
    assert refused("- *Where:* `.github/**`")[0].startswith("PLAN014")
    assert refused("- *Where:* `.GitHub/**`")[0].startswith("PLAN014")
    assert refused("- *Where:* `src/**`", protected=("src/",))[0].startswith("PLAN014")
    closed = Capabilities(write=("**",))
    assert refused("- *Where:* `pyproject.toml`", ceiling=closed)[0].startswith("PLAN013")


def test_dependencies_come_first_and_from_the_spec_alone() -> None:
    made = plan(spec("- *Where:* `src/app.py`\n- *Depends on:* REQ-003", "- *Where:* `src/app.py`", WHERE))
    assert [(s.id, s.requirements[0].split("/")[1], s.depends_on) for s in made.steps] == [
        ("S01", "REQ-002", ()),
        ("S02", "REQ-003", ()),
        ("S03", "REQ-001", ("S02",)),
    ]
    rows = plan_rows(made)
    assert any("S03" in note for note in rows[0].notes)
    assert not any("same files" in note for note in rows[1].notes)


def test_limits_are_the_lower_ceiling_and_the_budget_covers_each_attempt() -> None:
    (step,) = plan(spec(WHERE), ceiling=ALL.model_copy(update={"limits": SMALL})).steps
    assert step.capabilities.limits.memory_mib == 256
    assert step.budget == Budget(attempts=3, wall_seconds=180)


def test_the_instruction_is_the_requirements_words() -> None:
    (requirement,) = spec("- *Accept:*\n  - Given a\n  - Then b\n- *Where:* `src/app.py`").requirements
    assert instruction(requirement) == ("fees/REQ-001 Title 1\n\nStatement 1.\n\nAccepted when:\n1. Given a\n   Then b")


def test_a_plan_goes_stale() -> None:
    made = plan(spec(WHERE))
    ensure_fresh(made, BASE, made.spec_source)
    with pytest.raises(PlanStale, match="commit") as caught:
        ensure_fresh(made, GitOid("b" * 40), made.spec_source)
    assert caught.value.code == "PLAN010"
    with pytest.raises(PlanStale) as caught:
        ensure_fresh(made, BASE, sha256(b"other"))
    assert caught.value.code == "PLAN011"


def broken(change, code: str) -> None:
    made = spec(WHERE, "- *Where:* `src/app.py`\n- *Depends on:* REQ-001")
    fine = plan(made)
    check_plan(fine, made, [ALL])
    with pytest.raises(PlanInvalid) as caught:
        check_plan(change(fine), made, [Capabilities(write=("src/**", "tests/**"))])
    assert code in {line.split()[0] for line in caught.value.details}


def _step(made, index: int, **update):
    steps = list(made.steps)
    steps[index] = steps[index].model_copy(update=update)
    return made.model_copy(update={"steps": tuple(steps)})


def _grant(made, index: int, **update):
    return _step(made, index, capabilities=made.steps[index].capabilities.model_copy(update=update))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("PLAN001", lambda p: _step(p, 1, id=StepId("S01"))),
        ("PLAN002", lambda p: _step(p, 1, depends_on=(StepId("S09"),))),
        ("PLAN003", lambda p: _step(p, 0, depends_on=(StepId("S02"),))),
        ("PLAN004", lambda p: p.model_copy(update={"steps": p.steps[:1]})),
        ("PLAN005", lambda p: _step(p, 1, requirements=("other/REQ-001",))),
        ("PLAN006", lambda p: _grant(p, 0, write=("docs/x.md",))),
        ("PLAN006", lambda p: _grant(p, 0, write_protected=("tests/test_fees.py",))),
        ("PLAN006", lambda p: _grant(p, 0, limits=p.steps[0].capabilities.limits.model_copy(update={"pids": 9999}))),
        ("PLAN007", lambda p: _grant(p, 0, write=("src/**",))),
        ("PLAN007", lambda p: _grant(p, 0, write_protected=("src/billing/**",))),
        ("PLAN008", lambda p: _step(p, 0, budget=Budget(wall_seconds=1))),
        ("PLAN009", lambda _: _step(plan(spec(WHERE, "")), 1, alone=False)),
        ("PLAN015", lambda p: p.model_copy(update={"spec_source": sha256(b"x")})),
    ],
)
def test_every_rule_of_a_plan(code: str, change) -> None:
    broken(change, code)
