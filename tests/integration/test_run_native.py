"""The native agent in whole runs: through the lease, told what was wrong, merged and verified, or refused."""

import json
import time

import broker_support as support
import pytest
from run_support import Req, approve, lab, write

from orchestrator.app.project import open_project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.models.change import Proposal
from orchestrator.models.traffic import Traffic
from orchestrator.sandbox.client import Engine

pytestmark = pytest.mark.engine

ONE = Req(1)
MODELS = """schema: handrail.models/1
endpoints:
  up:
    protocol: openai-chat
    base_url: http://127.0.0.1:{port}
    models: [m-1]
    private: true
    credential: {{source: {{environment: HANDRAIL_TEST_KEY}}}}
    prices: {{m-1: {{input_usd: 1, output_usd: 2}}}}
roles: {{coder: up/m-1}}
"""


class Model:
    """Each attempt writes its text; ``prompts`` are what each began with."""

    def __init__(self, *texts, tokens=100):
        self.texts, self.prompts, self.keys, self.tokens = list(texts), [], set(), tokens

    def __call__(self, request, connection):
        self.keys.add(request.headers["authorization"])
        messages = request.json()["messages"]
        turn = sum(m["role"] == "assistant" for m in messages)
        if turn == 0:
            self.prompts.append(messages[1]["content"])
            text = self.texts[min(len(self.prompts), len(self.texts)) - 1]
            call = "write", {"path": ONE.path, "content": text}
        else:
            call = "done", {"summary": "written"}
        function = {"name": call[0], "arguments": json.dumps(call[1])}
        told = [{"id": f"c{turn}", "type": "function", "function": function}]
        choice = {"message": {"role": "assistant", "content": None, "tool_calls": told}, "finish_reason": "tool_calls"}
        usage = {"prompt_tokens": self.tokens, "completion_tokens": 10}
        support.respond(connection, {"model": "m-1-real", "choices": [choice], "usage": usage})


def run(here, monkeypatch, model, script=(), address="127.0.0.1", **asked):
    monkeypatch.setenv("HANDRAIL_TEST_KEY", support.KEY)
    here.write_job([ONE], dict(script))
    config = here.folder / "config" / "handrail" / "models.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    with support.Upstream(model, address=address) as upstream:
        config.write_text(MODELS.format(port=upstream.port))
        config.chmod(0o600)
        with open_project(here.repo) as project:
            begun = start(project, RunRequest(here.prd, **{"agent": "native", **asked}))
            with open_reviews(project, begun) as reviews:
                result = go_on(project, begun, ask=lambda item: approve(reviews, item))
            return begun, result, [e for _, e in project.index.events(begun.id)]


def test_a_run_with_a_model_is_told_what_was_wrong_and_ends_verified(tmp_path, monkeypatch):
    model = Model("OTHER = 1\n", "VALUE = 1\n")
    with lab(tmp_path) as here:
        begun, result, events = run(here, monkeypatch, model)
        assert result.exit_code == 0, result
        assert here.file(begun.run_ref, ONE.path) == "VALUE = 1"
        first, second = model.prompts
        assert "What was wrong before" not in first
        assert "feedback 1\n" in second
        assert "grep -q VALUE" in second
        assert model.keys == {f"Bearer {support.KEY}"}
        proposal = [e for e in events if e.kind == "proposed"][-1].data["proposal"]
        with here.project() as project:
            blobs = project.blobs
            told = [blobs.get(e.data["prompt"]).decode() for e in events if e.kind == "agent-prompt"]
            made = Proposal.model_validate_json(blobs.get(proposal))
            traffic = Traffic.model_validate_json(blobs.get(made.traffic))
        assert told == model.prompts
        assert any(e.kind == "exchange" and e.data["traffic"] == "model" for e in events)
        assert (made.agent, made.model, traffic.usage.requests) == ("native", "m-1-real", 2)
        assert here.verify(begun).verdict.value == "VERIFIED"


@pytest.mark.soak
def test_a_run_whose_broker_is_a_container_ends_verified_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDRAIL_BROKER", "sidecar")
    engine = Engine()
    try:
        address = engine.bridge_gateway()
    finally:
        engine.close()
    model = Model("VALUE = 1\n")
    with lab(tmp_path) as here:
        begun, result, events = run(here, monkeypatch, model, address=address)
        assert result.exit_code == 0, result
        assert model.keys == {f"Bearer {support.KEY}"}
        assert any(e.kind == "exchange" and e.data["traffic"] == "model" for e in events)
        assert here.verify(begun).verdict.value == "VERIFIED"


@pytest.mark.parametrize(
    ("tokens", "warnings", "ceiling"),
    [
        (41_000, 1, {"limits": ("tokens=100000",)}),
        (39_000, 0, {"limits": ("tokens=100000",)}),
        (41_000, 1, {"budget_tokens": 100_000}),
        (41_000, 1, {"limits": ("cost_usd=0.1",)}),
    ],
    ids=["past-four-fifths", "below", "of-the-run", "money"],
)
def test_a_budget_that_is_nearly_used_is_warned_of_once(tmp_path, monkeypatch, tokens, warnings, ceiling):
    with lab(tmp_path) as here:
        model = Model("VALUE = 1\n", tokens=tokens)
        _, result, events = run(here, monkeypatch, model, **ceiling)
        assert result.exit_code == 0, result
        told = [e.data["tokens"] for e in events if e.kind == "budget-warning"]
        assert told == [2 * (tokens + 10)] * warnings


def test_an_agent_that_says_done_and_changed_nothing_is_not_done(tmp_path, monkeypatch):
    with lab(tmp_path, {"README.md": "x\n", ONE.path: "OTHER = 1\n"}) as here:
        _, result, events = run(here, monkeypatch, Model("OTHER = 1\n"))
        assert result.exit_code == 3
        assert not any(e.kind == "merged" for e in events)


class Steered(Model):
    """While the model thinks about its second answer, a person says something."""

    def __init__(self, here):
        super().__init__("VALUE = 1\n")
        self.here, self.said, self.heard = here, None, []

    def __call__(self, request, connection):
        messages = request.json()["messages"]
        self.heard += [m["content"] for m in messages if m["role"] == "user"][1:]
        if self.said is None and any(m["role"] == "assistant" for m in messages):
            self.said = self.here.cli("steer", self.here.runs()[0].id, "S01", "name it VALUE")
            time.sleep(2)  # the host looks for words a few times a second
            support.respond(connection, {"choices": [{"message": {"role": "assistant", "content": "I wait."}}]})
        else:
            super().__call__(request, connection)


def test_a_word_to_a_running_step_is_heard_at_the_next_turn(tmp_path, monkeypatch):
    with lab(tmp_path) as here:
        model = Steered(here)
        _, result, events = run(here, monkeypatch, model)
        assert result.exit_code == 0, result
        assert "native hears your words at its next turn on step S01" in model.said.stderr
        assert any("name it VALUE" in words for words in model.heard)
        assert [e.kind for e in events].count("steered") == 1


def test_another_agent_takes_over_after_failures(tmp_path, monkeypatch):
    with lab(tmp_path) as here:
        model = Model("VALUE = 1\n")
        script = {ONE.id: [[write(ONE.path, f"OTHER = {n}\n")] for n in (1, 2)]}
        asked = {"agent": "scripted", "agent_input": here.script, "escalate": "native", "escalate_after": 2}
        begun, result, events = run(here, monkeypatch, model, script, **asked)
        assert result.exit_code == 0, result
        with here.project() as project:
            blobs = [project.blobs.get(e.data["proposal"]) for e in events if e.kind == "proposed"]
        made = [Proposal.model_validate_json(blob) for blob in blobs]
        assert [(one.attempt, one.agent) for one in made] == [(1, "scripted"), (2, "scripted"), (3, "native")]
        assert "feedback 2\n" in model.prompts[0]  # it is told what was wrong with both
        assert here.file(begun.run_ref, ONE.path) == "VALUE = 1"
        assert here.verify(begun).verdict.value == "VERIFIED"
