"""The launcher in the image: whatever a program prints or does, a bounded list of events comes out."""

import importlib.util
import io
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "sandboxes/images/base/opt/handrail/agents"


@pytest.fixture
def launch(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("launch", FOLDER / "launch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HOME, module.WORK = tmp_path / "home", tmp_path / "work"
    module.WORK.mkdir()
    monkeypatch.setenv("HOME", str(module.HOME))
    return module


def told(launch, monkeypatch, program, words="own", output_bytes=200_000, **more):
    order = {
        "name": "x",
        "version": "1",
        "argv": ["/bin/sh", "-c", program],
        "env": {},
        "files": {},
        "prompt": "the task",
    }
    order |= {"words": words, "output_bytes": output_bytes, **more}
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(order)))
    monkeypatch.setattr(sys, "stdout", type("Out", (), {"buffer": out})())
    code = launch.main()
    assert len(out.getvalue()) <= output_bytes
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def line(kind, text="", **data):
    return "echo '" + json.dumps({"kind": kind, "text": text, "data": data}) + "'; "


def test_a_good_end(launch, monkeypatch):
    code, events = told(launch, monkeypatch, 'read task; test "$task" = "the task" && ' + line("finished", "done"))
    assert code == 0
    assert [e["kind"] for e in events] == ["started", "finished"]


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("exit 3", 3, "ended with 3"),
        ("kill -9 $$", 137, "SIGKILL"),
        ("kill -SEGV $$", 139, "SIGSEGV"),
        (line("finished", "done") + "exit 1", 1, "ended with 1"),
        ("true", 0, "without a last word"),
        ("echo broken >&2; exit 2", 2, "broken"),
        (line("failed", "no model"), 0, "no model"),
    ],
)
def test_bad_ends_are_failures(launch, monkeypatch, program, code, words):
    ended, events = told(launch, monkeypatch, program)
    assert ended == code
    assert events[-1]["kind"] == "failed"
    assert words in events[-1]["text"]
    assert events[-1]["data"]["exit_code"] == code


def test_a_program_that_is_not_there(launch, monkeypatch):
    code, events = told(launch, monkeypatch, "", argv=["/nowhere/at/all"])
    assert code == 127
    assert [e["kind"] for e in events] == ["failed"]


@pytest.mark.parametrize("words", ["claude", "codex", "opencode", "gemini", "own"])
@pytest.mark.parametrize(
    "noise",
    [
        *("no json", "[1, 2]", "null", '"text"', "{}", '{"type": 1}', '{"type": "assistant", "message": 7}'),
        *('{"type": "item.completed", "item": []}', '{"type": "tool_use"}', '{"kind": "finished"}'),
        *('{"type": "user", "message": {"content": [7]}}', '{"type": "result", "usage": 7}', "[" * 5000),
    ],
    ids=range(13),
)
def test_noise_is_no_event(launch, monkeypatch, words, noise):
    (launch.WORK / "noise").write_text(noise + "\n")
    code, events = told(launch, monkeypatch, f"cat {launch.WORK}/noise", words=words)
    assert code == 0
    assert {e["kind"] for e in events} <= {"started", "message", "usage", "failed"}
    assert events[-1]["kind"] == "failed"


def test_a_flood_is_cut_and_its_end_is_told(launch, monkeypatch):
    flood = f"yes '{json.dumps({'kind': 'message', 'text': 'x' * 300, 'data': {}})}' | head -n 20000; "
    code, events = told(launch, monkeypatch, flood + line("finished", "done"))
    assert code == 0
    assert events[-1]["kind"] == "finished"
    assert any(e["data"].get("dropped") for e in events)


def test_a_line_without_an_end_is_dropped(launch, monkeypatch):
    code, events = told(
        launch, monkeypatch, "head -c 20000000 /dev/zero | tr '\\0' x; echo; " + line("finished", "done")
    )
    assert code == 0
    assert [e["kind"] for e in events] == ["started", "finished"]


def test_home_files_and_a_throw_away_repository(launch, monkeypatch):
    (launch.WORK / ".git").mkdir()
    (launch.WORK / "a.txt").write_text("a")
    count = 'git -C "$PWD" rev-list --count HEAD; cat "$HOME/.x/y"; echo; ' + line("finished", "done")
    _, events = told(launch, monkeypatch, f"cd {launch.WORK}; {count}", files={".x/y": "kept"})
    assert events[-1]["kind"] == "finished"
    assert (launch.WORK / ".git/HEAD").exists()


def test_cline_is_read_by_its_own_words(launch, monkeypatch, tmp_path):
    given = {"toolCallId": "c1", "contentType": "tool", "toolName": "run_commands"}
    ended = [
        {"query": "ls", "result": "a", "success": True},
        {"query": "x", "result": "[Command exited with code 7]\n"},
    ]
    inner = [
        {"type": "content_start", **given, "input": {"commands": ["ls", "x"]}},
        {"type": "content_end", **given, "output": ended},
        {"type": "content_end", "toolCallId": "c2", "contentType": "tool", "toolName": "editor", "output": "ok"},
        {"type": "content_end", "contentType": "tool", "output": 5},
        {"type": "usage", "inputTokens": 3, "outputTokens": 4},
    ]
    rows = [{"type": "agent_event", "event": event} for event in inner]
    rows += [{"type": "agent_event"}, {"type": "run_result", "finishReason": "completed", "text": "It is there."}]
    printed = tmp_path / "printed"
    printed.write_text("\n".join(map(json.dumps, rows)))
    code, events = told(launch, monkeypatch, f"cat {printed}", words="cline")
    assert code == 0
    assert [(e["data"]["command"], e["data"]["exit_code"]) for e in events if e["kind"] == "command"] == [
        ("ls", 0),
        ("x", 7),
    ]
    assert [e["data"] for e in events if e["kind"] == "usage"] == [
        {"input_tokens": 3, "output_tokens": 4, "cached_tokens": 0}
    ]
    assert [e["data"]["dropped"] for e in events if "dropped" in e["data"]] == [2]
    assert (events[-1]["kind"], events[-1]["text"]) == ("finished", "It is there.")


def test_cline_that_did_not_complete_has_failed(launch, monkeypatch):
    row = json.dumps({"type": "run_result", "finishReason": "error", "text": "no answer"})
    _, events = told(launch, monkeypatch, f"echo '{row}'", words="cline")
    assert events[-1]["kind"] == "failed"
    assert "no answer" in events[-1]["text"]
