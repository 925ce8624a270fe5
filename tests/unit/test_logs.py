"""Logs for machines: off by default, a line each, and nothing in them that anybody wrote."""

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from orchestrator.app import logs
from orchestrator.errors import UsageError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.observe.logs import FIELDS, LOGGER, JsonLines, of_event

CANARY = "hrcanary" + "5c" * 12
SAID = "words of no known form"
AT = datetime(2026, 11, 30, tzinfo=UTC)
D = "sha256:" + "7" * 64


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setenv(logs.VARIABLE, "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "log.jsonl"
    logs.start(str(path))
    yield path
    for handler in logging.getLogger(LOGGER).handlers:
        handler.stream.close()
    logging.getLogger(LOGGER).handlers.clear()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def event(kind, **data):
    return Event(at=AT, run="20261130-abcdef", kind=EventKind(kind), node="agent", step="S01", attempt=2, data=data)


def test_a_line_says_where_and_what_in_names_and_numbers(log):
    logs.event(event("gated", result="PASSED", reports=[D]))
    logs.say("end", exit_code=3, code="GATE001")
    first, last = lines(log)
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "schema": "handrail.log/1",
        "level": "info",
        "logger": "handrail",
        "message": "event",
        "run": "20261130-abcdef",
        "step": "S01",
        "attempt": 2,
        "node": "agent",
        "kind": "gated",
        "result": "PASSED",
    }
    assert (last["message"], last["exit_code"], last["code"]) == ("end", 3, "GATE001")


def test_nothing_that_anybody_wrote_is_in_a_line(log):
    logs.event(event("agent-command", argv=["curl", CANARY], exit_code=CANARY, code=CANARY, tool=CANARY))
    logs.event(event("agent-finished", exit_code=SAID, tool=SAID, done=SAID))
    logs.event(event("violation", code="MON001", text=CANARY))
    logs.event(event("exchange", traffic="model", host=CANARY, reason=CANARY, model=CANARY))
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger(LOGGER).exception("broken %s", CANARY, extra={"argv": CANARY, "run": CANARY})
    assert CANARY not in log.read_text()
    assert SAID not in log.read_text()
    assert lines(log)[-1]["error"] == "ValueError"
    assert lines(log)[-1]["run"] == "[redacted]"
    assert [line["kind"] for line in lines(log)[:4]] == ["agent-command", "agent-finished", "violation", "exchange"]


def test_every_event_kind_can_be_told_and_only_known_fields_are(log):
    for kind in EventKind:
        told = of_event(Event.model_construct(at=AT, run="r", kind=kind, node="", step=None, attempt=0, data={}))
        assert set(told) <= set(FIELDS)
    logging.getLogger(LOGGER).info("a\nb\x1b]8;;x", extra={"node": "\u202e" * 300})
    (line,) = log.read_text().splitlines()
    assert line.isascii()
    assert len(json.loads(line)["node"]) == 200


def test_the_formatter_takes_secrets_out_of_every_text():
    made = JsonLines(lambda text: text.replace("secret", "-"))
    record = logging.LogRecord("handrail", logging.WARNING, "", 0, "a secret", (), None)
    record.run = "secret"
    told = json.loads(made.format(record))
    assert (told["message"], told["run"], told["level"]) == ("a -", "-", "warning")


def test_a_file_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(logs.VARIABLE, "")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    for bad in (tmp_path, tmp_path / "no" / "log", tmp_path / "link"):
        with pytest.raises(UsageError) as refused:
            logs.start(str(bad))
        assert refused.value.code == "LOG001"
    assert not logs.on()
    assert not (tmp_path / "other").exists()


def test_without_being_asked_there_are_none(tmp_path):
    program = "import sys; sys.argv[1:] = ['--version']\nfrom orchestrator.cli.main import main\nmain()"
    quiet = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert quiet.stderr == ""
    words = [sys.executable, "-m", "orchestrator.cli", "--log-json", "-", "runs", "--repo", str(tmp_path)]
    told = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    first, error, last = (json.loads(line) for line in told.stderr.splitlines() if line.startswith("{"))
    assert (first["message"], first["command"]) == ("command", "runs")
    assert (error["message"], error["code"]) == ("error", "REPO001")
    assert (last["message"], last["exit_code"]) == ("end", 2)
