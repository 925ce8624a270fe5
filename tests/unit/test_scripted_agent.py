"""The scripted agent: its file, its driver, and the program that does the actions."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.events import MAX_EVENTS, MAX_LINE_BYTES, EventReader
from orchestrator.agents.script import load_script
from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.errors import AgentFailed, UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Step
from orchestrator.models.spec import Requirement, Span
from orchestrator.ports import AgentEvent, AgentEventKind, AgentTask, Execution

PROGRAM = Path(__file__).parents[2] / "sandboxes/images/base/opt/handrail/agents/scripted.py"


class Folder:
    """A sandbox port on a plain folder: the program is the real one, only the walls are missing."""

    def __init__(self, root: Path, program: Path = PROGRAM) -> None:
        self.root, self.program = root, program

    def execute(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Execution:
        assert env is None
        assert argv[-1].endswith(self.program.name) or not self.program.exists()
        done = subprocess.run(
            [sys.executable, "-I", str(self.program)],
            input=stdin,
            cwd=self.root,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )
        if on_output is not None:
            on_output(done.stdout)
        return Execution(done.returncode, done.stdout, done.stderr, 0.0)


def task(attempt=1, requirement="demo/REQ-001", aliases=("FR-001",), step="S01"):
    span = Span(line=1, end_line=1)
    wanted = Requirement(
        id=RequirementId(requirement), aliases=aliases, statement="x", span=span, text_digest=sha256(b"x")
    )
    planned = Step(
        id=StepId(step),
        title="t",
        requirements=(wanted.id,),
        instruction="i",
        write=(),
        acceptance=(),
        capabilities=Capabilities(),
    )
    return AgentTask(RunId("20260101-abcdef"), planned, attempt, (wanted,), "prompt")


def agent(steps):
    return ScriptedAgent(("schema: handrail.script/1\nsteps:\n" + steps).encode())


def replay(tmp_path, steps, attempt=1):
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    events: list[AgentEvent] = []
    outcome = agent(steps).run(task(attempt), Folder(work), events.append)
    return work, events, outcome


def test_actions_happen_in_order_and_are_told(tmp_path):
    steps = """
  REQ-001:
    - - say: hello
      - write: {path: src/a.py, text: "x = 1\\n", mode: "0755"}
      - patch: {path: src/a.py, old: "1", new: "2"}
      - run: [python3, src/a.py]
      - run: [python3, -c, "raise SystemExit(7)"]
      - write: {path: gone, base64: AAEC}
      - delete: gone
      - sleep: 0
"""
    work, events, outcome = replay(tmp_path, steps)
    assert (work / "src/a.py").read_text() == "x = 2\n"
    assert (work / "src/a.py").stat().st_mode & 0o777 == 0o755
    assert not (work / "gone").exists()
    assert [event.data["exit_code"] for event in events if event.kind is AgentEventKind.COMMAND] == [0, 7]
    assert events[0].kind is AgentEventKind.STARTED
    assert outcome.finished
    assert outcome.summary == "8 of 8 actions done"
    assert outcome.transcript.startswith(b'{"kind": "started"')


def test_a_unified_diff_is_applied_exactly(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.txt").write_text("1\n2\n3\n4\n5\n6\n7\n")
    diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-1\n+one\n 2\n@@ -6,2 +6,3 @@\n 6\n-7\n+seven\n+8\n"
    steps = f"\n  FR-001: [[{{patch: {{diff: {json.dumps(diff)}}}}}]]\n"
    work, _, outcome = replay(tmp_path, steps)
    assert (work / "a.txt").read_text() == "one\n2\n3\n4\n5\n6\nseven\n8\n"
    _, events, outcome = replay(tmp_path, steps)
    assert outcome.summary == "0 of 1 actions done"
    assert "a.txt:6: the lines are not those of the diff" in events[1].text


def test_a_failing_action_is_told_and_the_next_one_follows(tmp_path):
    steps = """
  demo/REQ-001:
    - - delete: absent
      - patch: {path: absent, old: a, new: b}
      - run: [no-such-program]
      - write: {path: after, text: here}
"""
    work, events, outcome = replay(tmp_path, steps)
    assert (work / "after").read_text() == "here"
    assert outcome.summary == "1 of 4 actions done"
    assert sum(event.data.get("failed") is True for event in events) == 3


@pytest.mark.parametrize(("repeat", "after"), [("true", "2"), ("false", "none")])
def test_attempts_run_out_or_repeat(tmp_path, repeat, after):
    steps = f"""
  S01:
    repeat: {repeat}
    attempts: [[{{write: {{path: n, text: "1"}}}}], [{{write: {{path: n, text: "2"}}}}]]
"""
    for attempt, text in ((1, "1"), (2, "2"), (3, after)):
        work, _, outcome = replay(tmp_path, steps, attempt)
        file = work / "n"
        assert (file.read_text() if file.exists() else "none") == text
        assert outcome.finished
        file.unlink(missing_ok=True)


def test_a_time_out_ends_a_command(tmp_path):
    steps = """
  REQ-001: [[{run: {argv: [sleep, "60"], timeout_seconds: 0.2}}]]
"""
    _, events, _ = replay(tmp_path, steps)
    assert [event.data["exit_code"] for event in events if event.kind is AgentEventKind.COMMAND] == [-9]


def test_a_step_without_an_entry_fails(tmp_path):
    with pytest.raises(AgentFailed) as caught:
        agent("  REQ-009: [[{say: x}]]\n").run(task(), Folder(tmp_path), lambda _: None)
    assert caught.value.code == "AGT010"


def test_an_image_without_the_program_fails(tmp_path):
    sandbox = Folder(tmp_path, tmp_path / "absent.py")
    with pytest.raises(AgentFailed) as caught:
        agent("  REQ-001: [[{say: x}]]\n").run(task(), sandbox, lambda _: None)
    assert caught.value.code == "AGT011"


def test_the_version_changes_with_the_script():
    one, two = agent("  A: [[{say: x}]]\n").version, agent("  A: [[{say: y}]]\n").version
    assert one != two
    assert one.startswith("1+")


WRONG = {
    "steps: {}": ("AGT003", "1:1", "schema is missing"),
    "schema: other/1\nsteps: {}": ("AGT003", "1:9", "handrail.script/1"),
    "schema: handrail.script/1\nsteps: [1]": ("AGT003", "2:8", "mapping"),
    "schema: handrail.script/1\nsteps:\n  A: [[{sing: x}]]": ("AGT003", "3:9", "'sing'"),
    "schema: handrail.script/1\nsteps:\n  A: [[{say: x, run: [y]}]]": ("AGT003", "3:8", "exactly one"),
    "schema: handrail.script/1\nsteps:\n  A: [[{write: {path: x}}]]": ("AGT003", "3:16", "one of them"),
    "schema: handrail.script/1\nsteps:\n  A: [[{write: {path: x, base64: '*'}}]]": ("AGT003", "3:34", "base64"),
    "schema: handrail.script/1\nsteps:\n  A: [[{write: {path: x, text: y, mode: 4755}}]]": ("AGT003", "3:41", "octal"),
    "schema: handrail.script/1\nsteps:\n  A: [[{patch: {path: x, old: y}}]]": ("AGT003", "3:16", "needs"),
    "schema: handrail.script/1\nsteps:\n  A: [[{run: []}]]": ("AGT003", "3:14", "program"),
    "schema: handrail.script/1\nsteps:\n  A: [[{sleep: nan}]]": ("AGT003", "3:16", "number"),
    "schema: handrail.script/1\nsteps:\n  A: [[{say: }]]": ("AGT003", "3:13", "text"),
    "schema: handrail.script/1\nsteps:\n  A: []": ("AGT003", "3:6", "at least one"),
    "schema: handrail.script/1\nsteps:\n  A: [[{say: x}]]\n  A: [[{say: y}]]": ("AGT003", "4:3", "repeated"),
    "schema: handrail.script/1\nsteps:\n  A: &a [[{say: x}]]\n  B: *a": ("AGT002", "3:6", "anchors"),
    "schema: handrail.script/1\nsteps: {": ("AGT002", "2:9", ""),
    "": ("AGT003", "1:1", "empty"),
    "schema: a\n---\nschema: b": ("AGT002", "2:1", ""),
    "[" * 5000: ("AGT002", "1:1", ""),
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_wrong_script_is_refused_with_its_place(text):
    code, place, words = WRONG[text]
    with pytest.raises(UsageError) as caught:
        load_script(text.encode(), "script.yaml")
    assert caught.value.code == code
    assert f"script.yaml:{place}" in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * (4 << 20) + b"x"])
def test_an_unreadable_script_is_refused(data):
    with pytest.raises(UsageError, match="AGT001"):
        load_script(data, "script.yaml")


def test_hostile_events_are_bounded_and_tamed():
    events: list[AgentEvent] = []
    reader = EventReader(events.append)
    reader.feed(b'{"kind":"message","text":"\\u001b[2Jhi\\u202e","data":{"x":1,"path":{"deep":[1]},"exit_code":3}}\n')
    reader.feed(b"[" * 10_000 + b"\n" + b"null\n" + b'{"kind":"launch"}\n' + b'{"kind":"message","text":7}\n')
    reader.feed(b"a" * (3 * MAX_LINE_BYTES))
    reader.feed(b'b\n{"kind":"finished","text":"done"}')
    reader.close()
    assert events[0].text == "\ufffd[2Jhi\ufffd"
    assert events[0].data == {"exit_code": 3}
    assert events[1].kind is AgentEventKind.FINISHED
    assert reader.dropped == 5
    assert "5 lines" in events[2].text


def test_a_flood_of_events_is_cut():
    events: list[AgentEvent] = []
    reader = EventReader(events.append)
    reader.feed(b'{"kind":"message"}\n' * (MAX_EVENTS + 10))
    reader.close()
    assert len(events) == MAX_EVENTS + 1
    assert reader.dropped == 10


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_no_bytes_make_the_reader_fail_however_they_are_cut(chunks):
    whole: list[AgentEvent] = []
    cut: list[AgentEvent] = []
    one, two = EventReader(whole.append), EventReader(cut.append)
    one.feed(b"".join(chunks))
    for chunk in chunks:
        two.feed(chunk)
    one.close()
    two.close()
    assert whole == cut
