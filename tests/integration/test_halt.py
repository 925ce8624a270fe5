"""Orders to stop: obeyed within seconds, lifted only by whom the policy names."""

import base64
import json
import sqlite3
import time

import pytest
from inside import handrail
from run_support import Req, gone, good, lab, nobody, write

from orchestrator.provenance.signing.keys import generate_key


def orders(here):
    return json.loads(handrail(here, "halt", "--list", "--json").stdout)["orders"]


@pytest.mark.engine
def test_an_agent_is_stopped_within_five_seconds_and_goes_on_once_it_is_lifted(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], {one.id: [[{"sleep": 6}, write(one.path, "VALUE = 1\n")]]})
        process = here.spawn(*here.run_words())
        run = here.wait_for("agent-started")
        other = handrail(here, "halt", "--agent", "codex")
        time.sleep(1)
        assert (other.returncode, process.poll()) == (0, None)
        order = handrail(here, "halt", "--agent", "scripted", "--json")
        began = time.monotonic()
        _, words = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
        assert gone(run, 2)
        assert (order.returncode, process.returncode, "HALT001" in words) == (0, 7, True), words
        assert here.row(run).status == "stopped"
        again = handrail(here, "resume", run)
        assert (again.returncode, "HALT001" in again.stderr) == (7, True), again.stderr
        for row in orders(here):
            assert handrail(here, "halt", "--lift", row["digest"]).returncode == 0
        assert orders(here) == []
        assert here.resume(run).code == 0


@pytest.mark.engine
def test_only_what_an_order_names_is_stopped(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        run = here.run([one], good(one), decide=nobody).run
        with here.project() as project:
            from orchestrator.app.trust.keys import signer

            keyid = signer(None).keyid
            assert project.index.run(run.id).status == "waiting"
        for words, code in [
            (["--agent", "scripted@0"], 4),
            (["--model", "a/b"], 4),
            (["--workflow", "prd-test-first"], 4),
            (["--for-key", "00000000"], 4),
            (["--workflow", "prd-to-code"], 7),
            (["--for-key", keyid[:12]], 7),
            (["--all"], 7),
        ]:
            assert handrail(here, "halt", *words).returncode == 0, words
            assert handrail(here, "resume", run.id, "--no-input").returncode == code, words
            assert handrail(here, "halt", "--lift", orders(here)[-1]["digest"][7:27]).returncode == 0


def test_nobody_else_stops_or_lifts_and_what_is_forced_in_stands(tmp_path):
    with lab(tmp_path) as here:
        stranger = here.folder / "stranger.pem"
        generate_key(stranger, "stranger")
        said = handrail(here, "halt", "--all", "--key", str(stranger))
        assert (said.returncode, "HALT002" in said.stderr) == (2, True), said.stderr
        assert handrail(here, "halt", "--all").returncode == 0
        digest = orders(here)[0]["digest"]
        said = handrail(here, "halt", "--lift", digest, "--key", str(stranger))
        assert (said.returncode, "HALT002" in said.stderr) == (2, True), said.stderr
        for bad in ["", "sha256:", "zz"]:
            assert handrail(here, "halt", "--lift", bad).returncode == 2, bad
        with sqlite3.connect(here.database()) as db:
            (line,) = db.execute("SELECT line FROM halts").fetchone()
            forged = _lift_by(stranger, here, digest)
            db.executemany("INSERT INTO halts (line) VALUES (?)", [(forged,), (b"no line",), (_of_nobody(line),)])
        db.close()
        found = orders(here)
        assert [bool(row["by"]) for row in found] == [True, False, False]
        assert found[1]["what"] == "an order that cannot be read"
        for row in found:
            assert handrail(here, "halt", "--lift", row["digest"]).returncode == 0
        assert orders(here) == []


def _of_nobody(line):
    """The order with another nonce in the same envelope, so that its signature does not hold."""
    envelope = json.loads(line)
    said = json.loads(base64.b64decode(envelope["payload"]))
    said["nonce"] = said["nonce"][::-1] + "0"
    envelope["payload"] = base64.b64encode(json.dumps(said).encode()).decode()
    return json.dumps(envelope).encode()


def _lift_by(key, here, digest):
    """A row that says what a lift says, under a key that the policy does not name."""
    from orchestrator.app.landing.halting import HALT_TYPE
    from orchestrator.app.trust.keys import signer
    from orchestrator.models.halt import Halt
    from orchestrator.provenance import dsse

    with here.project() as project:
        made = Halt(repository=project.repository.id, lifts=digest, by="you", at=project.clock.now(), nonce="0")
    return dsse.seal(made.to_bytes(), [signer(key)], HALT_TYPE)


def test_an_order_names_one_thing(tmp_path):
    with lab(tmp_path) as here:
        for words in (
            [],
            ["--all", "--list"],
            ["--agent", ""],
            ["--agent", "a\u202eb"],
            ["--agent", "a", "--model", "b/c"],
        ):
            said = handrail(here, "halt", *words)
            assert (said.returncode, "HALT003" in said.stderr) == (2, True), (words, said.stderr)
        assert orders(here) == []


def test_a_store_of_the_version_before_gets_the_table(tmp_path):
    with lab(tmp_path) as here:
        with sqlite3.connect(here.database()) as db:
            db.execute("DROP TABLE halts")
            db.execute("DROP TABLE paused")
            db.execute("PRAGMA user_version = 2")
        db.close()
        assert handrail(here, "halt", "--all").returncode == 0
        assert len(orders(here)) == 1
