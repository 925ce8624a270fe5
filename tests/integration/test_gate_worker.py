"""The resident worker behind `handrail gate`: the same bytes and exit codes as without it, or no answer of its."""

import json
import os
import pty
import stat
from pathlib import Path

import pytest
from gate_worker_support import (
    PATCH,
    SECONDS,
    Desk,
    told,
    working,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with working(Desk(tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


CALLS = {
    "text": ("--base", "HEAD~1"),
    "json": ("--base", "HEAD~1", "--json"),
    "sarif": ("--base", "HEAD~1", "--format", "sarif"),
    "nothing kept": ("--base", "HEAD~1", "--no-cache"),
    "no such commit": ("--base", "nowhere", "--json"),
    "no such option": ("--bogus",),
    "help": ("--help",),
    "bandit's rule": ("explain", "B602"),
    "bandit's list": ("explain", "B301"),
    "ruff's rule": ("explain", "S602"),
    "our rule": ("explain", "HR101"),
    "no such rule": ("explain", "HR999"),
}


@pytest.mark.parametrize("words", CALLS.values(), ids=CALLS)
def test_a_warm_answer_is_byte_for_byte_that_of_a_process_of_its_own(shared, words):
    before = shared.answered()
    warm = shared.call(*words)
    assert shared.answered() == before + 1
    assert told(warm) == told(shared.call(*words, HANDRAIL_GATE_WORKER="0"))
    assert shared.answered() == before + 1


def test_folder_mask_arguments_and_input_are_the_callers(shared, tmp_path):
    os.umask(before := os.umask(0o027))
    os.umask(0o027)
    try:
        done = shared.call(
            "--patch", "--repo", shared.user.folder, "--report", "json=r.json", stdin=PATCH.encode(), cwd=tmp_path
        )
    finally:
        os.umask(before)
    assert done.returncode == 3, done
    assert {f["rule"] for f in json.loads((tmp_path / "r.json").read_text())["findings"]} >= {"B102", "S102"}
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o640


def test_variables_count_for_the_call_that_has_them_and_for_no_other(shared):
    plain, before = shared.call("--base", "HEAD~1"), shared.answered()
    odd = shared.call("--base", "HEAD~1", HANDRAIL_OSV="/nowhere/osv.zip")
    assert odd.returncode == 1
    assert b"dependencies: ERROR" in odd.stderr
    assert told(shared.call("--base", "HEAD~1")) == told(plain)
    nobody = shared.call("--base", "HEAD~1", PATH="/nowhere")
    assert b"REPO005" in nobody.stderr
    assert told(shared.call("--base", "HEAD~1")) == told(plain)
    assert shared.answered() == before + 4


def test_a_terminal_stays_a_terminal(shared):
    def seen(**extra):
        ours, theirs = pty.openpty()
        process = shared.begun(
            "--base", "HEAD~1", stdin=theirs, stdout=theirs, stderr=theirs, env=shared.environment | extra
        )
        os.close(theirs)
        text = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while part := _read(terminal):
                text += part
        return process.wait(SECONDS), text

    before = shared.answered()
    warm = seen()
    assert shared.answered() == before + 1
    assert warm == seen(HANDRAIL_GATE_WORKER="off")
    assert b"B602" in warm[1]


def _read(terminal):
    try:
        return terminal.read(65536)
    except OSError:
        return b""


def test_a_reader_that_leaves_is_as_without_a_worker(shared):
    def left(*words):
        process = shared.begun("--base", "HEAD~1", "--json", *words)
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        return process.wait(SECONDS)

    assert left() == left("--no-worker")


def test_without_the_worker_means_without_it(shared):
    before = shared.answered()
    assert shared.call("--no-worker", "explain", "HR101").returncode == 0
    assert shared.call("explain", "HR101", HANDRAIL_GATE_WORKER="false").returncode == 0
    # Another Python, other options of it, another locale: what would be loaded or printed is not what is loaded.
    assert shared.call("explain", "HR101", PYTHONOPTIMIZE="1").returncode == 0
    assert shared.call("explain", "HR101", LC_ALL="C").returncode == 0
    assert shared.answered() == before


def test_what_stands_is_told(shared):
    told = json.loads(shared.call("worker", "status", "--json").stdout)
    assert told["schema"] == "handrail.gate-worker/1"
    assert (told["running"], told["pid"]) == (True, shared.pid)
    assert told["memory_mib"] > 1


def test_it_listens_for_its_user_alone(shared):
    folder = shared.home / "state/handrail/gate-worker"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (listening,) = folder.glob("*.sock")
    assert stat.S_IMODE(listening.stat().st_mode) == 0o600
    assert stat.S_ISSOCK(listening.stat().st_mode)


def test_it_holds_nothing_of_the_variables_of_who_started_it(shared):
    held = Path(f"/proc/{shared.pid}/environ").read_bytes()
    assert b"HANDRAIL_NOTES" not in held
    assert b"XDG_STATE_HOME" in held
