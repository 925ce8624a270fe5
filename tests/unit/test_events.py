"""Events: a closed set of kinds, each with its shape, published; and followed as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from orchestrator.agents import events as from_agents
from orchestrator.app.project import Project, open_project
from orchestrator.app.runs.following import follow
from orchestrator.engine.state import StepStatus
from orchestrator.models.event import SCHEMA, Event, json_schema
from orchestrator.models.event import line as printed
from orchestrator.models.event_kinds import DATA, AgentSaid, EventKind
from orchestrator.models.ids import RunId
from orchestrator.models.run import Run, RunStatus
from orchestrator.ports import AgentEventKind

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 30, tzinfo=UTC)
RUN = RunId("r-one")
D = "sha256:" + "0" * 64


def event(kind: str, **data: Any) -> Event:
    return Event(at=NOW, run=RUN, kind=EventKind(kind), data=data)


def line(found: Event) -> dict[str, Any]:
    return printed(1, found)


def test_every_kind_that_is_written_exists_and_has_a_shape() -> None:
    assert set(DATA) == set(EventKind)
    assert {f"agent-{kind}" for kind in AgentEventKind} <= set(EventKind)
    ends = {kind.removeprefix("step-") for kind in EventKind if kind.startswith("step-")}
    assert ends | {"pending", "working", "proposed"} == set(StepStatus)
    assert set(AgentSaid.model_fields) == from_agents.DATA_KEYS


def test_an_unknown_kind_and_a_strange_shape_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="rumour"):
        event("rumour")
    for kind, data in (
        ("gated", {"result": "PASSED"}),
        ("gated", {"result": "fine", "reports": []}),
        ("planned", {"plan": "the words of the plan", "steps": 1}),
        ("ended", {"exit": 0, "words": "of a person"}),
        ("exchange", {"traffic": "model", "path": "/v1/chat?key=secret"}),
    ):
        with pytest.raises(ValidationError):
            event(kind, **data)


def test_what_an_agent_says_has_any_type_and_no_depth() -> None:
    assert event("agent-command", argv="not a list", exit_code="none", bytes=True).data["bytes"] is True
    with pytest.raises(ValidationError):
        event("agent-command", argv=[["deep"]])
    with pytest.raises(ValidationError):
        event("agent-command", text="its words")


def test_the_published_schema_is_the_one_of_the_code_and_refuses_what_the_code_refuses() -> None:
    published = json.loads((ROOT / "docs/reference/schemas/event.v1.json").read_bytes())
    assert json.loads(json.dumps(json_schema())) == published
    told = line(event("gated", result="PASSED", reports=[D]))
    jsonschema.validate(told, published)
    for wrong in ({"kind": "rumour"}, {"data": {"result": "PASSED"}}, {"data": {}}, {"surprise": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**told, "event": {**told["event"], **wrong}}, published)


def test_the_page_names_every_kind_and_field() -> None:
    page = (ROOT / "docs/reference/events.md").read_text()
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == set(EventKind)
    for kind, shape in DATA.items():
        where = page if shape is AgentSaid else rows[kind]
        assert all(f"`{name}`" in where for name in shape.model_fields), kind


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    with open_project(tmp_path) as opened:
        opened.index.add_run(run(RunStatus.RUNNING))
        yield opened


def run(status: RunStatus) -> Run:
    texts = {"repository": "r", "spec_path": "p", "workflow": "w", "target_ref": "t", "run_ref": "f", "agent": "native"}
    digests = dict.fromkeys(("spec", "spec_source", "workflow_digest", "settings"), D)
    when = {"created_at": NOW, "updated_at": NOW}
    return Run.model_validate({"id": RUN, "status": status, "base_commit": "0" * 40, **texts, **digests, **when})


def test_a_run_is_followed_until_it_is_over(project: Project) -> None:
    project.index.emit(event("planned", plan=D, steps=1))
    turns: list[float] = []

    def meanwhile(seconds: float) -> None:
        turns.append(seconds)
        if len(turns) == 1:
            project.index.emit(event("gated", result="PASSED", reports=[]))
            project.index.emit(event("notified", outcome="sent", channel="file"))
        else:
            project.index.emit(event("ended", exit=0))
            project.index.save_run(run(RunStatus.DONE))

    told = [(n, str(e.kind)) for n, e in follow(project, RUN, pause=meanwhile)]
    assert told == [(1, "planned"), (2, "gated"), (3, "notified"), (4, "ended")]
    assert len(turns) == 2
    assert [n for n, _ in follow(project, RUN, 1, {EventKind.GATED, EventKind.PLANNED})] == [2]


def events(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    project.index.flush()
    command = [sys.executable, "-m", "orchestrator.cli", "events", RUN, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_prints_lines_of_the_kinds_asked_for(project: Project) -> None:
    project.index.emit(event("planned", plan=D, steps=1))
    project.index.emit(event("ended", exit=0))
    project.index.save_run(run(RunStatus.DONE))
    for arguments in ((), ("--follow",)):
        done = events(project, "--kind", "ended", *arguments)
        (told,) = [json.loads(one) for one in done.stdout.splitlines()]
        assert (told["schema"], told["number"], told["event"]["data"]) == (SCHEMA, 2, {"exit": 0})


def test_a_kind_that_is_none_is_refused_by_name(project: Project) -> None:
    done = events(project, "--kind", "rumour")
    assert (done.returncode, done.stdout) == (2, "")
    assert "RUN013" in done.stderr
    assert "rumour" in done.stderr
