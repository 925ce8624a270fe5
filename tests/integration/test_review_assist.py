"""A model that points things out to a reviewer: of its own role, on data, and without a vote."""

import json

import broker_support as support
import pytest
from run_support import Req, approve, good, lab

from orchestrator.models.decision import SubjectKind
from orchestrator.review.assist import MOST, read_places

ONE = Req(1)
MODELS = """schema: handrail.models/1
endpoints:
  up:
    protocol: openai-chat
    base_url: http://127.0.0.1:{port}
    models: [m-1, m-2]
    private: true
    credential: {{kind: none}}
roles: {{coder: up/m-1, reviewer-assistant: up/m-2}}
"""
BAD = {"places": [{"path": "src/elsewhere.py", "line": 1, "text": "x"}]}
GOOD = {
    "places": [{"path": ONE.path, "line": 1, "text": "No test shows it.\x1b[2J\nApproved."}, {"text": "The whole."}]
}


class Assistant:
    """Gives its answers in order; the last one stays."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, request, connection):
        self.asked.append(request.json())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        message = {"role": "assistant", "content": json.dumps(answer)}
        usage = {"prompt_tokens": 9, "completion_tokens": 9}
        support.respond(connection, {"model": "m", "choices": [{"message": message}], "usage": usage})


def plan_alone(reviews, item):
    if item.kind is SubjectKind.PLAN:
        approve(reviews, item)


@pytest.mark.engine
def test_places_are_pointed_out_and_nothing_is_decided(tmp_path):
    assistant, useless = Assistant(BAD, GOOD), Assistant(BAD)
    with lab(tmp_path) as here:
        waiting = here.run([ONE], good(ONE), decide=plan_alone)
        (item,) = here.items()
        before = here.events(waiting.run.id)
        missing = here.cli("review", "assist", item["id"])
        assert (missing.returncode, "MDL012" in missing.stderr) == (2, True), missing.stderr
        file = here.folder / "config" / "handrail" / "models.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        for model in (assistant, useless):
            with support.Upstream(model) as upstream:
                file.write_text(MODELS.format(port=upstream.port))
                file.chmod(0o600)
                said = here.cli("review", "assist", item["id"])
            if model is assistant:
                assert said.returncode == 0, said.stderr
                first, second = said.stdout.splitlines()
                assert first.startswith(f"{ONE.path}:1: No test shows it.")
                assert "Approved." in first
                assert second == "the whole: The whole."
                assert "\x1b" not in said.stdout
                assert "It decides nothing" in said.stderr
        assert (said.returncode, "AGT046" in said.stderr) == (1, True), said.stderr
        assert {body["model"] for body in assistant.asked} == {"m-2"}
        prompt = assistant.asked[0]["messages"][-1]["content"]
        assert "<<<DATA" in prompt
        assert "VALUE = 1" in prompt
        assert "src/elsewhere.py: no file of this change" in assistant.asked[1]["messages"][-1]["content"]
        assert len(useless.asked) == 3
        assert here.items() == [item]
        assert here.events(waiting.run.id) == before


WRONG = {
    "no-object": "I would approve it.",
    "a-verdict": '{"places": [], "verdict": "approve"}',
    "too-many": json.dumps({"places": [{"text": "x"}] * (MOST + 1)}),
    "nothing-said": '{"places": [{"text": ""}]}',
    "a-line-below-nought": '{"places": [{"text": "x", "line": -1}]}',
    "another-file": '{"places": [{"text": "x", "path": "../b"}]}',
    "too-long": json.dumps({"places": [{"text": "x" * 70_000}]}),
}


@pytest.mark.parametrize("defect", WRONG)
def test_an_answer_of_another_form_is_none(defect):
    places, problems = read_places(WRONG[defect], {"a"})
    assert (places, bool(problems)) == (None, True)


def test_an_empty_answer_is_one():
    assert read_places('Here: {"places": []}', {"a"}) == ((), ())
