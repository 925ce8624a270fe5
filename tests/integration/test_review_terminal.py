"""A real run, driven from the inbox to the merge by keys in a real terminal."""

import shlex
import subprocess
import sys
import time
import uuid

import pytest
from cli_support import git, run_of, sit_down

pytestmark = [pytest.mark.engine, pytest.mark.slow]
PATIENCE_SECONDS = 240


class Terminal:
    """One tmux server of its own, 100 by 40; it ends with the ``with`` block."""

    def __init__(self, desk):
        self._desk = desk
        self._name = f"handrail-{uuid.uuid4().hex[:12]}"
        self._typed = 0

    def __enter__(self):
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "40", "sh")
        return self

    def __exit__(self, *_):
        self._tmux("kill-server")

    def _tmux(self, *argv):
        words = {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", "PS1": "ready> "}
        env = self._desk.environment | words | {"EDITOR": "sed -i s/day/evening/"}
        run = ["tmux", "-L", self._name, *argv]
        return subprocess.run(run, env=env, cwd=self._desk.repo, capture_output=True, check=True, timeout=30).stdout

    def screen(self):
        return self._tmux("capture-pane", "-p").decode()

    def keys(self, *names):
        for name in names:
            self._tmux("send-keys", name)

    def command(self, *argv):
        """Type a command line."""
        self._typed += 1
        line = shlex.join([sys.executable, "-m", "orchestrator.cli", *map(str, argv)])
        self._tmux("send-keys", "-l", f"clear; {line}; echo number {self._typed} ended $?")
        self.keys("Enter")

    def ended(self, code):
        """Wait for the end of the command that was typed last."""
        self.until(f"number {self._typed} ended {code}")

    def until(self, words):
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in (shown := self.screen()):
            assert time.monotonic() < end, shown
            time.sleep(0.2)
        return shown


def test_from_the_inbox_to_the_merge(tmp_path):
    desk = sit_down(tmp_path)
    before = git(desk.repo, "rev-parse", "main")
    work = ("run", desk.home / "prd.md", "--agent", "scripted", "--script", desk.home / "script.yaml", "--no-input")
    with Terminal(desk) as terminal:
        terminal.command(*work)
        terminal.ended(4)
        terminal.command("review")
        shown = terminal.until("asks YOU")
        assert "plan" in shown
        terminal.keys("o")
        terminal.until("Plan: 1 steps, 0 merged")
        terminal.keys("q", "Enter")
        terminal.until("May write")
        terminal.keys("a")
        terminal.until("Approve?")
        terminal.keys("Enter")
        terminal.until("Nothing waits for a verdict.")
        terminal.keys("q")
        terminal.ended(0)
        terminal.command("resume", run_of(desk), "--no-input")
        terminal.ended(4)
        terminal.command("review")
        terminal.until("change S01")
        terminal.keys("Enter")
        shown = terminal.until("WORDS = 'good day'")
        assert "Read first" in shown
        terminal.keys("]", "y", "a")
        terminal.until("Approve?")
        terminal.keys("Enter")
        terminal.until("Nothing waits for a verdict.")
        terminal.keys("q")
        terminal.ended(0)
        terminal.command("resume", run_of(desk), "--no-input")
        terminal.ended(0)
        terminal.command("merge", run_of(desk))
        terminal.ended(0)
    run = desk.handrail("show", run_of(desk), "--json").json["runs"][0]
    assert run["status"] == "done"
    merged = git(desk.repo, "show", f"{run['branch'].removeprefix('refs/heads/')}:src/stockroom/greet.py")
    assert merged == "WORDS = 'good day'"
    assert before in git(desk.repo, "rev-list", run["branch"]).split()
    assert desk.handrail("verify", run["branch"]).out.startswith("VERIFIED")


def test_an_edit_on_the_screen_is_a_change_of_that_person_that_is_judged_anew(tmp_path):
    desk = sit_down(tmp_path)
    words = ("--agent", "scripted", "--script", desk.home / "script.yaml", "--approve-plan", "--no-input")
    started = desk.handrail("run", desk.home / "prd.md", *words)
    assert started.code == 4, started.err
    with Terminal(desk) as terminal:
        terminal.command("review")
        terminal.until("change S01")
        terminal.keys("Enter")
        terminal.until("WORDS = 'good day'")
        terminal.keys("]", "e")
        terminal.until("Nothing waits for a verdict.")
        terminal.keys("q")
        terminal.ended(0)
        terminal.command("resume", run_of(desk), "--no-input")
        terminal.ended(4)
        terminal.command("review")
        terminal.until("change S01")
        terminal.keys("Enter")
        terminal.until("WORDS = 'good evening'")
        terminal.keys("a")
        terminal.until("Approve?")
        terminal.keys("Enter")
        terminal.until("REV039")
        terminal.keys("q", "q")
        terminal.ended(0)
    (item,) = desk.handrail("review", "list", "--json").json["items"]
    shown = desk.handrail("review", "gates", item["id"], "--json").json
    assert {gate["result"] for gate in shown["gates"]} <= {"PASSED", "NEEDS_PERSON"}
    assert {test["exit_on_change"] for test in shown["tests"]} == {0}
