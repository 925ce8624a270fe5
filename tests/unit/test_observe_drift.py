"""Runs become counts whatever an agent wrote; new values are named, shifts tested, few runs said."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app.observe.drifting import drift
from orchestrator.app.project import open_project
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid, RunId, sha256
from orchestrator.models.run import Run, RunStatus
from orchestrator.observe.drift import compare, corrected, divergence
from orchestrator.observe.profile import MAX_VALUE, MAX_VALUES, OTHER, Dimension, RunProfile, Setting, profile

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def event(kind: str, run: str = "r", **data: Any) -> Event:
    more = {"exchange": {"traffic": "model"}, "agent-prompt": {"prompt": sha256(b"p")}}.get(kind, {})
    return Event(at=NOW, run=RunId(run), kind=EventKind(kind), data={**more, **data})


def a_run(**programs: int) -> RunProfile:
    counts = {d: programs if d is Dimension.PROGRAM else {} for d in Dimension}
    return RunProfile("r", Setting("a", "m", "t"), counts)


def test_a_profile_counts_what_was_seen() -> None:
    events = [
        event("agent-prompt", template="step.v2"),
        event("exchange", host="a.example", model="m1"),
        event("agent-command", argv=["/usr/bin/git", "status"]),
        event("agent-file-written", path="src/a/b.py"),
        event("agent-started", path="no", argv=["no"]),
    ]
    found = profile("r", "native", events)
    assert found.setting == Setting("native", "m1", "step.v2")
    counted = {d: dict(c) for d, c in found.counts.items()}
    assert counted.pop(Dimension.EDGE) == {}
    assert counted == {
        Dimension.HOST: {"a.example": 1},
        Dimension.PROGRAM: {"git": 1},
        Dimension.FOLDER: {"src/a": 1},
    }


def seen(name: str, parent: str = "", way: str = "sampled") -> Event:
    return event("program-seen", name=name, parent=parent, argv=[], way=way)


def watched(**folders: int) -> Event:
    held = {name: {"files": files, "bytes": 0} for name, files in folders.items()}
    sums = {"programs": 0, "seen": 0, "dropped": 0, "lost": False, "out_of_memory": False, "ways": []}
    return event("observed", account=sha256(b"a"), peaks={}, read={}, written=held, left={}, **sums)


def test_what_the_host_saw_counts_where_the_agent_is_silent_or_lies() -> None:
    events = [
        event("agent-command", argv=["git"]),
        event("agent-command", argv=["git"]),
        event("agent-file-written", path="told/of/it.py"),
        seen("git", "sh"),
        seen("curl", "git"),
        seen("curl", way="opened"),
        watched(src=3),
        event("agent-tool-call", tool="Read"),
        event("agent-tool-call", tool="Bash"),
    ]
    counts = profile("r", "a", events).counts
    assert counts[Dimension.PROGRAM] == {"git": 2, "curl": 1}
    assert counts[Dimension.FOLDER] == {"src": 3}
    assert counts[Dimension.EDGE] == {"sh > git": 1, "git > curl": 1, "Read then Bash": 1}


def test_a_new_model_prompt_or_policy_starts_a_new_baseline() -> None:
    one, other = sha256(b"1"), sha256(b"2")
    prompts = [{"template_digest": one, "policy": one}, {"template_digest": other, "policy": one}]
    prompts += [{"template_digest": one, "policy": other}]
    settings = {profile("r", "a", [event("agent-prompt", template="t", **told)]).setting for told in prompts}
    assert len(settings) == 3


@pytest.mark.parametrize("bad", [None, 5, [], "", [""], True])
def test_values_of_a_wrong_type_are_left_out(bad: Any) -> None:
    found = profile("r", "a", [event("agent-command", argv=bad), event("agent-file-written", path=bad)])
    assert not any(found.counts.values())


def test_long_and_many_values_stay_bounded() -> None:
    events = [event("exchange", host=f"{n}" + "x" * 10_000) for n in range(500)]
    events += [event("agent-command", argv=["p" * 10_000])]
    counts = profile("r", "a", events).counts
    assert len(counts[Dimension.HOST]) == MAX_VALUES + 1
    assert counts[Dimension.HOST][OTHER] == 500 - MAX_VALUES
    assert max(len(v) for c in counts.values() for v in c) == MAX_VALUE


def test_divergence_is_between_nothing_and_one_bit() -> None:
    assert divergence({"a": 1.0}, {"a": 1.0}) == 0
    assert divergence({"a": 1.0}, {"b": 1.0}) == pytest.approx(1)


def test_the_correction_is_that_of_benjamini_and_hochberg() -> None:
    assert corrected([0.03, 0.01, 0.5]) == pytest.approx((0.045, 0.03, 0.5))
    assert corrected([0.04, 0.05, 0.05]) == pytest.approx((0.05, 0.05, 0.05))


def test_a_shift_is_found_and_a_novelty_named() -> None:
    found = compare([a_run(git=9, ls=n % 3 + 1) for n in range(10)], [a_run(git=5, curl=5)] * 5)
    assert [s.dimension for s in found.shifts if s.shifted] == [Dimension.PROGRAM]
    assert found.novel[Dimension.PROGRAM] == ("curl",)
    assert found.sentence == "The mix has shifted: program. Never seen before: 1."


def test_the_same_runs_show_no_shift_and_answers_repeat() -> None:
    mixed = [a_run(git=9, ls=n % 3 + 1) for n in range(12)]
    found = compare(mixed[:6], mixed[6:])
    assert found == compare(mixed[:6], mixed[6:])
    assert found.sentence == "No shift was found."
    assert [s.p for s in found.shifts] == [1.0] * len(Dimension)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 9), (4, 9), (9, 4)])
def test_too_few_runs_are_said(before: int, after: int) -> None:
    found = compare([a_run(git=1)] * before, [a_run(curl=1)] * after)
    assert found.shifts == ()
    assert found.sentence.startswith(f"Too few runs for a test: {after} against {before}, 5 each")
    assert found.novel[Dimension.PROGRAM] == (("curl",) if before and after else ())


def stored(number: int, status: RunStatus, agent: str = "native") -> Run:
    digest: Digest = sha256(b"x")
    at = NOW.replace(hour=number)
    texts = {"repository": "r", "spec_path": "p", "workflow": "w", "target_ref": "t", "run_ref": "f"}
    digests = {"spec": digest, "spec_source": digest, "workflow_digest": digest, "settings": digest}
    base = GitOid("a" * 40)
    run = RunId(f"r{number}")
    return Run(id=run, agent=agent, status=status, base_commit=base, created_at=at, updated_at=at, **texts, **digests)


def test_the_index_is_read_by_agent_and_only_ended_runs_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    with open_project(tmp_path / "r") as project:
        for number in range(12):
            project.index.add_run(stored(number, RunStatus.RUNNING if number == 11 else RunStatus.DONE))
            program = "curl" if number > 5 else "git"
            project.index.emit(event("agent-command", f"r{number}", argv=[program]))
        (row,) = drift(project, "native")
        assert drift(project, "other") == []
    assert (row["agent"], row["baseline"], row["recent"]) == ("native", 6, 5)
    assert row["novel"]["program"] == ("curl",)
    assert [s["dimension"] for s in row["shifts"] if s["shifted"]] == ["program"]
