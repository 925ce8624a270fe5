"""Whole runs with the real programs: plan, sandbox, gates, review, merge, verify, against a scripted endpoint."""

import json

import pytest
from agent_support import LIMITS, MODEL, endpoint, installed, scenario_text
from run_support import Req, approve, lab, spec_text

from orchestrator.agents.drivers import driver
from orchestrator.app.reviewing import open_reviews
from orchestrator.app.start import RunRequest, go_on, start
from orchestrator.models.change import Proposal

pytestmark = [pytest.mark.engine, pytest.mark.slow]

REQ = Req(1)
WORK = {
    "when": "REQ-001",
    "turns": [
        {"say": "I write it.", "do": [{"write": {"path": REQ.path, "text": "VALUE = 1\n"}}]},
        {"do": [{"run": f"python3 {REQ.path}"}], "fault": {"kind": "server-error"}},
        {"done": "It is written."},
    ],
}
AGENTS = ("claude-code", "codex", "opencode", "mini-swe-agent")


def run(made, name, **asked):
    made.prd.write_text(spec_text([REQ]))
    items = []
    with made.project() as project:
        request = RunRequest(made.prd, agent=name, model=f"here/{MODEL}", **asked)
        row = start(project, request)
        with open_reviews(project, row) as reviews:

            def ask(item):
                items.append(item)
                approve(reviews, item)

            return go_on(project, row, ask=ask), project.index.run(row.id), items


@pytest.mark.parametrize("name", AGENTS)
def test_whole_run(tmp_path, name):
    with lab(tmp_path, limits=LIMITS) as made:
        manifest = installed(name)
        with endpoint(made, scenario_text(WORK), driver(name).protocol) as server:
            ended, row, items = run(made, name, record=True)
            asked = len(server.seen)
        assert ended.exit_code == 0, ended
        assert items, "nobody was asked"
        assert asked >= 3
        assert made.file(row.run_ref, REQ.path) == "VALUE = 1"
        assert sorted(made.git("ls-tree", "-r", "--name-only", row.run_ref).split()) == sorted(
            [*made.git("ls-tree", "-r", "--name-only", "main").split(), REQ.path]
        )
        kinds = {kind for kind, _, _ in made.events(row.id)}
        assert {"agent-started", "agent-command", "agent-usage", "agent-finished", "exchange"} <= kinds
        verified = made.cli("verify", row.run_ref, "--base", "main", "--json")
        assert json.loads(verified.stdout)["verdict"] == "VERIFIED", verified
        again, repeated, _ = run(made, name, replay=row.id)
        assert again.exit_code == 0, again
        assert made.file(repeated.run_ref, REQ.path) == "VALUE = 1"
        with made.project() as project:
            proposal = project.index.effect(f"agent:{row.id}:S01:1")
            assert proposal is not None
            kept = Proposal.model_validate_json(project.blobs.get(proposal))
        assert (kept.agent, kept.agent_version, kept.image) == (name, manifest.version, manifest.image)
        assert kept.model
