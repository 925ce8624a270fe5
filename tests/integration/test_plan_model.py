"""Planning with a model, through the broker: repaired, refused, recorded and replayed, and never silently replaced."""

import json
from contextlib import contextmanager

import broker_support as support
import pytest
from run_support import Req, lab, script_text, spec_text

from orchestrator.broker.client import LeasedModel
from orchestrator.errors import AgentFailed, LimitReached
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import Question

MODELS = """schema: handrail.models/1
endpoints:
  up:
    protocol: openai-chat
    base_url: http://127.0.0.1:{port}
    models: [m-1]
    private: true
    credential: {{source: {{environment: HANDRAIL_TEST_KEY}}}}
roles: {{planner: up/m-1}}
"""
GOOD = {"steps": [{"id": "S01", "title": "Write the part", "approach": "One constant is enough."}]}
ADDS = {"steps": [{"id": "S01", "title": "x", "approach": "x", "write": [".github/workflows/ci.yml"]}]}


class Planner:
    """Gives its answers in order; the last one stays."""

    def __init__(self, *answers):
        self.answers, self.prompts, self.status = list(answers), [], 200

    def __call__(self, request, connection):
        self.prompts.append(request.json()["messages"][-1]["content"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = answer if isinstance(answer, str) else json.dumps(answer)
        body = {"model": "m", "choices": [{"message": {"role": "assistant", "content": text}}]}
        body["usage"] = {"prompt_tokens": 9, "completion_tokens": 9}
        support.respond(connection, body, status=self.status)


def plan(here, planner, *more):
    here.prd.write_text(spec_text([Req(1)]))
    here.script.write_text(script_text({}))
    file = here.folder / "config" / "handrail" / "models.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    with support.Upstream(planner) as upstream:
        file.write_text(MODELS.format(port=upstream.port))
        file.chmod(0o600)
        words = ["plan", str(here.prd), "--json", "--planner", "model", *more]
        return here.cli(*words, HANDRAIL_TEST_KEY=support.KEY)


@pytest.mark.engine
def test_a_plan_is_repaired_recorded_and_replayed(tmp_path):
    planner, cassette = Planner("no JSON", ADDS, GOOD), tmp_path / "cassette"
    with lab(tmp_path) as here:
        said = plan(here, planner, "--record", str(cassette), "-o", str(tmp_path / "plan.json"))
        assert said.returncode == 0, said.stderr
        (step,) = json.loads(said.stdout)["steps"]
        assert step["title"] == "Write the part"
        assert "Approach (proposed by a model" in step["instruction"]
        assert [w["glob"] for w in step["write"]] == [Req(1).path]
        assert "<<<DATA" in planner.prompts[0]
        assert "not within what the plan may grant" in planner.prompts[2]
        assert support.KEY.encode() not in cassette.read_bytes()
        silent = Planner("unheard")
        again = plan(here, silent, "--replay", str(cassette))
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["digest"] == json.loads(said.stdout)["digest"]
        assert silent.prompts == []
        applied = here.cli("apply", str(tmp_path / "plan.json"), "--agent", "scripted", "--script", str(here.script))
        assert "PLAN017" not in applied.stderr, applied.stderr


@pytest.mark.parametrize(("answer", "status", "asked"), [(ADDS, 200, 3), ({}, 200, 3), (GOOD, 403, 1)])
def test_the_deterministic_plan_stands_and_says_so(tmp_path, answer, status, asked):
    planner = Planner(answer)
    planner.status = status
    with lab(tmp_path) as here:
        said = plan(here, planner)
        plain = here.cli("plan", str(here.prd), "--json")
        assert said.returncode == 0
        assert "deterministic" in said.stderr
        assert json.loads(said.stdout) == json.loads(plain.stdout)
        assert len(planner.prompts) == asked


def test_without_a_planner_it_says_what_is_missing(tmp_path):
    with lab(tmp_path) as here:
        here.prd.write_text(spec_text([Req(1)]))
        said = here.cli("plan", str(here.prd), "--planner", "model")
        assert (said.returncode, "MDL012" in said.stderr) == (2, True)
        odd = here.cli("plan", str(here.prd), "--replay", "x")
        assert (odd.returncode, "PLAN030" in odd.stderr) == (2, True)


SAYS = {
    WireProtocol.CHAT: {"choices": [{"message": {"content": '{"a": 1}'}}]},
    WireProtocol.ANTHROPIC: {"content": [{"type": "tool_use", "name": "answer", "input": {"a": 1}}]},
    WireProtocol.RESPONSES: {"output": [{"content": [{"type": "output_text", "text": '{"a": 1}'}]}]},
    WireProtocol.GEMINI: {"candidates": [{"content": {"parts": [{"text": '{"a": 1}'}]}}]},
}
QUESTION = Question("system", "prompt", {"type": "object"}, 50)


@contextmanager
def leased(monkeypatch, answer, **grant):
    with (
        support.desk(monkeypatch) as desk,
        support.Upstream(answer) as upstream,
        desk.lease(support.endpoint(upstream.port, WireProtocol.CHAT), **grant) as lease,
    ):
        yield lease


def client(lease, protocol):
    return LeasedModel(lease, "up/m-1", protocol)


@pytest.mark.parametrize("protocol", SAYS, ids=str)
def test_every_protocol_is_asked_and_understood(monkeypatch, protocol):
    def answer(_, connection):
        support.respond(connection, SAYS[protocol])

    with support.desk(monkeypatch) as desk, support.Upstream(answer) as upstream:
        with desk.lease(support.endpoint(upstream.port, protocol)) as lease:
            assert json.loads(client(lease, protocol).ask(QUESTION).text) == {"a": 1}
        assert b"prompt" in upstream.requests[0].body


def test_an_endpoint_that_knows_no_schemas_is_asked_without(monkeypatch):
    def answer(request, connection):
        if "response_format" in request.json():
            support.respond(connection, {"error": {"message": "unknown field"}}, status=400)
        else:
            support.respond(connection, SAYS[WireProtocol.CHAT])

    with leased(monkeypatch, answer) as lease:
        assert client(lease, WireProtocol.CHAT).ask(QUESTION).text == '{"a": 1}'


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"message": []}]}, {"choices": 7}])
def test_an_answer_of_another_form_is_none(monkeypatch, body):
    def answer(_, connection):
        support.respond(connection, body)

    with leased(monkeypatch, answer) as lease, pytest.raises(AgentFailed) as caught:
        client(lease, WireProtocol.CHAT).ask(QUESTION)
    assert caught.value.code == "MDL020"


def test_the_budget_ends_planning(monkeypatch):
    with leased(monkeypatch, lambda *_: None, tokens=10) as lease, pytest.raises(LimitReached) as caught:
        client(lease, WireProtocol.CHAT).ask(QUESTION)
    assert caught.value.code == "MDL021"
