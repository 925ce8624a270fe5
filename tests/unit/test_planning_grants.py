"""What a step may ask and reach, and what it may see: from the spec, the profile and the person alone."""

import pytest
from planning_support import PROFILE, plan, spec

from orchestrator.app.runs.ready import ensure_local
from orchestrator.errors import PlanInvalid, SpecInvalid, UsageError
from orchestrator.models.capabilities import Capabilities, DataClass, Egress
from orchestrator.models.run import AgentChoice, RunSettings
from orchestrator.planning.rows import plan_rows

WIDE = Capabilities(
    write=("**",), write_protected=("**",), models=("*",), egress=(Egress(host="*.example.org", max_kib=7),)
)
WHERE = "*Where:* `src/app.py`"


def test_a_step_is_granted_no_host_secret_or_model_that_nobody_named():
    wide = WIDE.model_copy(update={"secrets": ("npm",)})
    step = plan(spec(WHERE), ceiling=wide, workflow_ceiling=wide).steps[0]
    assert (step.capabilities.egress, step.capabilities.models, step.capabilities.secrets) == ((), (), ())
    assert step.capabilities.data is DataClass.OPEN


def test_a_host_that_the_spec_names_is_granted_as_narrow_as_the_ceiling():
    made = plan(spec(f"{WHERE}\n\n*Reaches:* `docs.example.org/api`"), ceiling=WIDE, workflow_ceiling=WIDE)
    rule = made.steps[0].capabilities.egress[0]
    assert (rule.host, rule.paths, rule.methods, rule.max_kib) == ("docs.example.org", ("/api",), ("GET", "HEAD"), 7)
    assert any("May GET, HEAD docs.example.org/api" in note for note in plan_rows(made)[0].notes)


@pytest.mark.parametrize("host", ["example.org", "docs.example.com", "evilexample.org"])
def test_a_host_above_the_ceiling_is_refused(host):
    with pytest.raises(PlanInvalid) as refused:
        plan(spec(f"{WHERE}\n\n*Reaches:* `{host}`"), ceiling=WIDE, workflow_ceiling=WIDE)
    assert refused.value.code == "PLAN023"


@pytest.mark.parametrize(
    "text", ["`*.example.org`", "`127.0.0.1`", "`2130706433`", "`[::1]`", "`a b`", "`a/../b`", "x.org"]
)
def test_what_is_no_host_is_refused_in_the_spec(text):
    with pytest.raises(SpecInvalid) as refused:
        spec(f"{WHERE}\n\n*Reaches:* {text}")
    assert refused.value.code == "PRD020"


def test_restricted_data_is_named_by_requirement_or_by_path():
    said = plan(spec(f"{WHERE}\n\n*Data class:* restricted"))
    seen = plan(spec(WHERE), profile=PROFILE.model_copy(update={"restricted": ("src/billing/**",)}))
    hidden = Capabilities(read=("src/app.py",), write=("**",), write_protected=("**",))
    unseen = plan(spec(WHERE), profile=PROFILE.model_copy(update={"restricted": ("src/billing/**",)}), ceiling=hidden)
    assert [p.steps[0].capabilities.data for p in (said, seen, unseen)] == [
        DataClass.RESTRICTED,
        DataClass.RESTRICTED,
        DataClass.OPEN,
    ]
    with pytest.raises(SpecInvalid) as refused:
        spec(f"{WHERE}\n\n*Data class:* secret")
    assert refused.value.code == "PRD019"


MODELS = """schema: handrail.models/1
endpoints:
  far: {protocol: openai-chat, base_url: "https://models.example.org", models: [m], credential: {kind: none}}
  near:
    {protocol: openai-chat, base_url: "http://127.0.0.1:1", models: [m], private: true, local: true,
     credential: {kind: none}}
"""


def test_a_run_over_restricted_data_begins_only_with_local_endpoints(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "handrail").mkdir()
    (tmp_path / "handrail/models.yaml").write_text(MODELS)
    restricted, free = plan(spec(f"{WHERE}\n\n*Data class:* restricted")), plan(spec(WHERE))
    near = RunSettings(agent="native", model="near/m")
    ensure_local(restricted, near)
    ensure_local(free, RunSettings(agent="native", model="far/m"))
    helped = near.model_copy(update={"escalate": AgentChoice(agent="native", model="far/m")})
    for settings in (RunSettings(agent="native", model="far/m"), helped, RunSettings(agent="native", model="gone/m")):
        with pytest.raises(UsageError) as refused:
            ensure_local(restricted, settings)
        assert refused.value.code == "PLAN024"
