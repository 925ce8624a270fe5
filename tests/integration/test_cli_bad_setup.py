"""Repositories, folders, keys, names and engines that a command cannot work with."""

import http.server
import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cli_support import PRD, Desk, git, kept, sit_down


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return sit_down(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(shared):
    """One desk for all that is refused without a change, which is asserted each time."""
    return shared


def run_argv(desk):
    return ("run", desk.home / "prd.md", "--agent", "scripted", "--script", desk.home / "script.yaml")


def test_no_repository_an_empty_one_and_a_detached_head(tmp_path):
    desk = Desk(tmp_path, tmp_path / "shop")
    desk.repo.mkdir()
    desk.write("prd.md", PRD)
    desk.refused("REPO001", 2, "init", "--yes")
    desk.refused("REPO001", 2, "runs", "--repo", tmp_path / "absent")
    git(desk.repo, "init", "-q")
    desk.refused("REPO002", 2, "init", "--yes")
    desk.refused("REPO002", 2, "plan", tmp_path / "prd.md")
    git(desk.repo, "commit", "-q", "--allow-empty", "-m", "First")
    git(desk.repo, "checkout", "-q", "--detach")
    desk.refused("REPO004", 2, "plan", tmp_path / "prd.md")


def test_init_asks_a_person_and_never_without_a_terminal(tmp_path):
    desk = sit_down(tmp_path, init=False)
    desk.refused("CFG013", 4, "init")
    assert desk.handrail("init", "--yes").code == 0
    desk.refused("CFG011", 2, "init")


def test_a_dirty_tree_is_fine_and_left_alone(desk):
    extra = desk.repo / "src" / "draft.py"
    extra.write_bytes(b"x = 1\r\n\x00")
    before = kept(desk)
    assert desk.handrail("plan", desk.home / "prd.md").code == 0
    assert kept(desk) == before
    extra.unlink()


def test_a_folder_that_nobody_trusts_is_not_read(desk):
    other = Desk(desk.home, desk.home / "clone")
    git(desk.home, "clone", "-q", str(desk.repo), str(other.repo))
    answer = other.refused("TRUST001", 2, "plan", desk.home / "prd.md")
    digest = answer.err.rsplit("handrail trust ", 1)[1].strip()
    assert other.handrail("plan", desk.home / "prd.md", "--trust", digest).code == 0
    other.refused("TRUST001", 2, "plan", desk.home / "prd.md", "--trust", "sha256:" + "0" * 64)
    other.refused("CFG016", 2, "plan", desk.home / "prd.md", "--trust", "yes")
    assert other.handrail("trust", digest).code == 0
    (other.repo / ".handrail/profile.yaml").write_text("test: [true]\n")
    git(other.repo, "commit", "-qam", "Another test command")
    other.refused("TRUST001", 2, "plan", desk.home / "prd.md")
    shutil.rmtree(other.repo)


def test_keys_that_are_missing_or_open_to_others(desk):
    desk.refused("KEY010", 2, *run_argv(desk), HANDRAIL_KEY=str(desk.home / "absent.pem"))
    key = desk.home / "open.pem"
    assert desk.handrail("key", "new", key).code == 0
    key.chmod(0o644)
    desk.refused("KEY005", 2, *run_argv(desk), "--key", key)


@pytest.mark.parametrize(
    ("code", "argv"),
    [
        ("RUN001", ["show", "20260101-absent"]),
        ("RUN001", ["resume", "20260101-absent"]),
        ("RUN001", ["merge", "20260101-absent"]),
        ("RUN001", ["cancel", "20260101-absent"]),
        ("REV001", ["review", "approve", "R0"]),
        ("REV021", ["review"]),
        ("CLI001", ["show", "--colour"]),
        ("CLI001", ["no-such-command"]),
        ("BAT006", ["run"]),
        ("CFG016", ["verify", "--root", "me"]),
    ],
)
def test_unknown_names_are_refused(desk, code, argv):
    desk.refused(code, 2, *argv)


def test_an_agent_that_is_unknown_or_not_named_lists_those_that_are_here(desk):
    assert "native" in desk.refused("AGT006", 2, "run", desk.home / "prd.md").err
    assert "scripted" in desk.refused("AGT004", 2, "run", desk.home / "prd.md", "--agent", "genius").err
    desk.refused("AGT005", 2, "run", desk.home / "prd.md", "--agent", "scripted")
    desk.refused("", 2, *run_argv(desk), "--workflow", "absent")


def test_errors_are_objects_too(desk):
    answer = desk.refused("RUN001", 2, "show", "x", "--json")
    assert answer.json["schema"] == "handrail.error/1"
    assert (answer.json["code"], answer.json["exit_code"]) == ("RUN001", 2)
    assert desk.refused("CLI001", 2, "runs", "--json", "--colour").json["code"] == "CLI001"


HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"


@pytest.mark.parametrize(
    "argv", [["plan"], ["prd", "show"], ["prd", "check"], ["plan", "--json"], ["prd", "show", "--json"]]
)
def test_nothing_that_a_repository_wrote_reaches_the_terminal_raw(desk, argv):
    text = PRD.replace("Greet\n", f"Greet {HOSTILE}\n").replace("# Greetings", f"# Greetings {HOSTILE}")
    answer = desk.handrail(*argv, desk.write("hostile.md", text), cwd=desk.repo)
    assert answer.code in {0, 6}, answer
    assert not {c for c in answer.out + answer.err if c in HOSTILE and not c.isprintable()}


def test_a_hostile_file_name_is_written_out_in_errors(desk):
    answer = desk.refused("SPEC001", 2, "plan", f"absent{HOSTILE}.md")
    assert "\x1b" not in answer.err


def test_a_broken_program_says_one_line_and_keeps_the_traceback(desk):
    broken = "import orchestrator.app.runs.listing as r; r.rows = None; from orchestrator.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", broken, "runs"],
        cwd=desk.repo,
        env=desk.environment,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("INT900 ")
    assert "Traceback" not in done.stderr
    (report,) = (desk.home / "state/handrail/crashes").iterdir()
    assert str(report) in done.stderr
    assert "TypeError" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("words", [["runs", "--json"], ["--help"], ["gate", "explain", "--list"]])
def test_output_that_cannot_be_written_is_told_in_plain_words(desk, words):
    with Path("/dev/full").open("wb", 0) as full:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", *words],
            cwd=desk.repo,
            env=desk.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("STORE022 Nothing can be written: ")
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(desk):
    waits = "import orchestrator.app.runs.listing as r, os, signal; "
    waits += "r.rows = lambda p: os.kill(os.getpid(), signal.SIGINT); from orchestrator.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", waits, "runs"],
        cwd=desk.repo,
        env=desk.environment,
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


class Old(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"Version": "18.09", "ApiVersion": "1.39", "MinAPIVersion": "1.12"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_an_engine_that_does_not_answer_or_is_too_old(desk):
    dead, image = f"unix://{desk.home}/dead.sock", ("--image", "sha256:" + "0" * 64)
    desk.refused("IMG001", 8, "sandbox", "probe", DOCKER_HOST=dead)
    desk.refused("SBX001", 8, "sandbox", "probe", *image, DOCKER_HOST=dead)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Old) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        desk.refused("SBX002", 8, "sandbox", "probe", *image, DOCKER_HOST=f"tcp://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.engine
def test_an_image_that_is_not_here(desk):
    desk.refused("SBX004", 8, "sandbox", "probe", "--image", "sha256:" + "0" * 64)


@pytest.mark.parametrize("argv", [("runs",), ("gate",), ("doctor",)])
def test_in_a_folder_that_was_removed_it_says_so(tmp_path, argv):
    desk = Desk(tmp_path, tmp_path / "shop")
    folder = tmp_path / "gone"
    folder.mkdir()
    shell = ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", sys.executable, "-m", "orchestrator.cli"]
    done = subprocess.run(
        [*shell, *argv], cwd=folder, env=desk.environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr.partition(" ")[0]) == (2, "CLI006"), done.stderr
    assert not (tmp_path / "state").is_dir()
