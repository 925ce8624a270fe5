"""A decision that can be neither signed nor stored is kept as it was said; of two who decide at once one is told."""

import json
import os
import sqlite3
import subprocess
import threading
from contextlib import ExitStack, contextmanager

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from remote_support import call
from run_support import Req, lab, nobody, write

from orchestrator.app.review.queue import open_reviews
from orchestrator.errors import UsageError
from orchestrator.models.decision import Verdict
from orchestrator.provenance.signing import sshkey

pytestmark = pytest.mark.engine
ONE = Req(1)
STEPS = {ONE.id: [[write(ONE.path, "VALUE = 1\n")]]}


@pytest.fixture(scope="module")
def parked(tmp_path_factory):
    """A run that waits for its plan's approval, which each test undoes again."""
    with lab(tmp_path_factory.mktemp("drafts"), people={"ann": ["reviewer"], "bob": ["reviewer"]}) as here:
        done = here.run([ONE], STEPS, decide=nobody)
        yield here, done.run, done.asked[0]


def cli(here, *argv, **env):
    """The command in this process: what is tried here is not its start."""
    done = call(here.repo, env, argv)
    return subprocess.CompletedProcess(argv, done.code, done.stdout, done.stderr)


def kept(here):
    said = cli(here, "review", "drafts", "--json")
    assert said.returncode == 0, said.stderr
    return [(d["item"], d["verdict"], d["reason"]) for d in json.loads(said.stdout)["drafts"]]


@contextmanager
def agent(folder):
    """An ssh-agent of our own that holds ann's key."""
    said = subprocess.run(["ssh-agent", "-a", str(folder / "agent.sock")], check=True, capture_output=True, text=True)
    pid = said.stdout.split("SSH_AGENT_PID=")[1].split(";")[0]
    try:
        yield {"SSH_AUTH_SOCK": str(folder / "agent.sock")}
    finally:
        subprocess.run(["kill", pid], check=True)


def ssh_key(folder, passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(folder / "id")], check=True)
    return folder / "id"


def of_ann(here, folder):
    """ann's key as OpenSSH has it: the private file, and beside it the ``.pub``."""
    key = load_pem_private_key((here.folder / "ann.pem").read_bytes(), None)
    path = folder / "ann"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    path.with_suffix(".pub").write_text(sshkey.line_of(key.public_key().public_bytes_raw().hex(), "ann") + "\n")
    return path


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("KEY010", lambda folder: folder / "nowhere.pem"),
        ("KEY011", lambda folder: ssh_key(folder, "secret")),
    ],
)
def test_a_key_that_is_missing_locked_or_held_by_no_agent_leaves_a_draft(parked, tmp_path, code, key):
    here, _, item = parked
    said = cli(here, "review", "reject", item.id, "--reason", "too wide", "--key", str(key(tmp_path)), SSH_AUTH_SOCK="")
    assert (said.returncode, code in said.stderr) == (2, True), said.stderr
    assert f"handrail review send {item.id}" in said.stderr
    assert kept(here) == [(item.id, "reject", "too wide")]
    assert "REV044" in cli(here, "review", "send", "R9").stderr
    assert cli(here, "review", "drafts", "--drop", item.id).returncode == 0
    assert kept(here) == []


def test_a_draft_is_sent_once_the_agent_has_the_key_and_counts_like_any_decision(parked, tmp_path):
    here, _, item = parked
    key = of_ann(here, tmp_path)
    with agent(tmp_path) as env:
        words = ("review", "reject", item.id, "--reason", "no", "--key", str(key.with_suffix(".pub")))
        assert "KEY013" in cli(here, *words, SSH_AUTH_SOCK="").stderr
        said = cli(here, *words, **env)
        assert (said.returncode, "KEY014" in said.stderr) == (2, True), said.stderr
        subprocess.run(["ssh-add", "-q", str(key)], check=True, env={**os.environ, **env}, capture_output=True)
        said = cli(here, "review", "send", item.id, "--key", str(key.with_suffix(".pub")), "--json", **env)
        assert (said.returncode, json.loads(said.stdout)["outcome"]) == (0, "reject"), said.stderr
        assert kept(here) == []
        assert cli(here, "review", "undo", item.id, "--key", str(key.with_suffix(".pub")), **env).returncode == 0


def test_a_hardware_key_whose_program_fails_leaves_a_draft(parked, tmp_path):
    here, _, item = parked
    public = load_pem_private_key((here.folder / "ann.pem").read_bytes(), None).public_key().public_bytes_raw().hex()
    token = tmp_path / "token.json"
    token.write_text(json.dumps({"format": "handrail.sign-command/1", "public_key": public, "argv": ["/bin/false"]}))
    token.chmod(0o600)
    said = cli(here, "review", "approve", item.id, "--key", str(token))
    assert (said.returncode, "KEY015" in said.stderr) == (2, True), said.stderr
    assert kept(here) == [(item.id, "approve", "")]
    with here.project() as project:
        assert project.index.decisions(item.id) == ()
    cli(here, "review", "drafts", "--drop", item.id)


def test_a_rule_that_refuses_leaves_no_draft(parked):
    here, _, item = parked
    said = cli(here, "review", "reject", item.id, "--reason", " ")
    assert (said.returncode, "REV001" in said.stderr) == (2, True), said.stderr
    assert kept(here) == []


def test_a_busy_database_leaves_a_draft(parked):
    here, _, item = parked
    with sqlite3.connect(here.database(), isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")
        said = cli(here, "review", "approve", item.id)
        db.execute("ROLLBACK")
    db.close()
    assert (said.returncode, "STORE012" in said.stderr) == (1, True), said.stderr
    assert kept(here) == [(item.id, "approve", "")]
    assert cli(here, "review", "send", item.id).returncode == 0
    assert kept(here) == []
    assert cli(here, "review", "undo", item.id).returncode == 0


def test_of_two_who_decide_at_once_one_is_first_and_the_other_is_told(parked):
    here, run, item = parked
    for _ in range(4):
        told, together = {}, threading.Barrier(2)

        def decide(name, verdict, told=told, together=together):
            with ExitStack() as held:
                project = held.enter_context(here.project())
                key = here.folder / f"{name}.pem"
                reviews = held.enter_context(open_reviews(project, run, key=key))
                together.wait(60)
                try:
                    told[name] = reviews.decide(item.id, verdict, reason="so").outcome
                except UsageError as problem:
                    told[name] = problem.code

        people = {"ann": Verdict.APPROVE, "bob": Verdict.REJECT}
        threads = [threading.Thread(target=decide, args=one) for one in people.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with here.project() as project:
            won = project.index.outcome(item.id)
            assert len(project.index.decisions(item.id)) == 1
        lost = [name for name, verdict in people.items() if verdict != won]
        assert [told[name] in {"REV002", "REV006"} for name in lost] == [True], told
        winner = next(name for name in people if name not in lost)
        assert cli(here, "review", "undo", item.id, "--key", str(here.folder / f"{winner}.pem")).returncode == 0


def test_reviewing_goes_on_without_an_engine(parked):
    here, _, item = parked
    gone = {"DOCKER_HOST": "unix:///nonexistent.sock"}
    assert cli(here, "review", "show", item.id, **gone).returncode == 0
    assert cli(here, "review", "approve", item.id, **gone).returncode == 0
    assert cli(here, "review", "undo", item.id, **gone).returncode == 0


def test_a_run_that_is_deleted_meanwhile_is_told_and_the_draft_stays(parked, tmp_path):
    here, run, item = parked
    said = cli(here, "review", "approve", item.id, "--key", str(tmp_path / "nowhere.pem"))
    assert "KEY010" in said.stderr
    with sqlite3.connect(here.database()) as db:
        db.execute("DELETE FROM runs WHERE id = ?", (run.id,))
    db.close()
    for words in (("approve", item.id), ("show", item.id), ("send", item.id)):
        said = cli(here, "review", *words)
        assert (said.returncode, "RUN001" in said.stderr) == (2, True), said.stderr
    assert kept(here) == [(item.id, "approve", "")]
