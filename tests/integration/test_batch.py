"""Many runs as one, on real processes, git, Docker and stores."""

import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import termios
import time
from contextlib import contextmanager, suppress

import jsonschema
import junit_schema
import pytest
from run_support import ROOT, Req, gone, lab, script_text, shell, spec_text, write

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SARIF = json.loads((ROOT / "tests/data/sarif-2.1.0-used.json").read_text())


def job(here, name, *, number=1, action=None, **req):
    """A spec of one requirement, and its script beside it."""
    one = Req(number, **req)
    spec, script = here.folder / f"{name}.md", here.folder / f"{name}.yaml"
    spec.write_text(spec_text([one]).replace("# Parts", f"# {name}"))
    script.write_text(script_text({one.id: [[action or write(one.path, f"VALUE = {number}\n")]]}))
    return spec, script


def manifest(here, runs, **top):
    path = here.folder / "batch.yaml"
    path.write_text(
        json.dumps(
            {
                "schema": "handrail.batch/1",
                "defaults": {"repo": str(here.repo), "agent": "scripted"},
                "runs": runs,
                **top,
            }
        )
    )
    return path


def entry(spec, script, **more):
    return {"spec": str(spec), "script": str(script), **more}


@contextmanager
def narrow(columns):
    """A terminal, and what has come to it so far."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.set_blocking(ours, False)

    def seen():
        found = b""
        with suppress(BlockingIOError):
            while data := os.read(ours, 65_536):
                found += data
        return found.decode()

    try:
        yield theirs, seen
    finally:
        os.close(theirs)
        os.close(ours)


def approve_all(here):
    for item in here.items():
        said = here.cli("review", "approve", str(item["id"]))
        assert said.returncode == 0, said.stderr


def by_spec(said):
    return {row["spec"].rpartition("/")[2]: row for row in json.loads(said.stdout)["runs"]}


def test_runs_wait_for_their_people_and_the_batch_goes_on(tmp_path):
    with lab(tmp_path) as here:
        jobs = [job(here, "one", number=1), job(here, "two", number=2)]
        path = manifest(here, [entry(*j) for j in jobs], ceiling={"jobs": 2})
        said = here.cli("run", "--batch", str(path), "--approve-plan", "--json")
        assert said.returncode == 4, said.stderr
        assert {row["standing"] for row in by_spec(said).values()} == {"waiting"}
        assert not [p for p in here.items() if p["kind"] == "plan"]
        batch = json.loads(said.stdout)["batch"]
        shown = json.loads(here.cli("show", batch, "--json").stdout)
        assert {(row["standing"], row["exit_code"], row["message"]) for row in shown["runs"]} == {
            ("waiting", 4, f"waits for a reviewer: Part {n}") for n in (1, 2)
        }
        approve_all(here)
        junit, sarif = here.folder / "junit.xml", here.folder / "all.sarif"
        again = here.cli("resume", batch, "--json", "--junit", str(junit), "--sarif", str(sarif))
        assert again.returncode == 0, again.stderr
        assert {row["standing"] for row in by_spec(again).values()} == {"done"}
        assert 'tests="2" failures="0"' in junit.read_text()
        assert junit_schema.problems(junit.read_bytes()) == []
        jsonschema.validate(json.loads(sarif.read_text()), SARIF)
        assert json.loads(sarif.read_text())["runs"][0]["results"] == []
        assert len(here.runs()) == 2


def test_each_run_is_judged_on_what_the_one_before_it_merged(tmp_path):
    with lab(tmp_path, human=False) as here:
        here.git("branch", "work")
        jobs = [
            job(here, "one", number=1),
            job(here, "two", number=2, action={"run": ["cp", "src/f1.py", "src/f2.py"]}),
        ]
        path = manifest(here, [entry(*j, target="work") for j in jobs], merge="each", ceiling={"jobs": 2})
        batch = ""
        for _ in range(3):
            words = ["resume", batch] if batch else ["run", "--batch", str(path), "--approve-plan"]
            said = here.cli(*words, "--json")
            batch = json.loads(said.stdout)["batch"]
            approve_all(here)
        assert said.returncode == 0, said.stderr
        assert {row["standing"] for row in by_spec(said).values()} == {"merged"}
        assert here.file("work", "src/f2.py") == "VALUE = 1"
        assert here.git("status", "--porcelain") == ""


def test_what_cannot_begin_is_named_before_anything_begins(tmp_path):
    with lab(tmp_path) as here:
        spec, script = job(here, "one")
        bad = here.folder / "bad.md"
        bad.write_text("nothing to do\n")
        path = manifest(here, [entry(spec, script), entry(bad, script), entry(here.folder / "none.md", script)])
        said = here.cli("run", "--batch", str(path))
        assert said.returncode == 2
        assert "BAT003" in said.stderr
        assert "bad.md" in said.stderr
        assert "none.md" in said.stderr
        assert here.runs() == ()
        checked_out = here.cli("run", "--batch", str(manifest(here, [entry(spec, script)], merge="each")))
        assert "BAT005" in checked_out.stderr
        twice = here.cli("run", "--batch", str(manifest(here, [entry(spec, script), entry(spec, script)])))
        assert "BAT004" in twice.stderr
        odd = here.cli("run", "--batch", str(manifest(here, [entry(spec, script, colour="red")])))
        assert odd.stderr.splitlines()[:-1] == [
            f"{path}:1:{odd.stderr.split(':')[2].split()[0]} BAT002 runs.0.colour: Extra inputs are not permitted.",
            f"BAT002 {path} is no batch.",
        ]
        for more, code in ({"limits": {"speed": 3}}, "CFG021"), ({"accept_risk": ["cpu"]}, "RISK001"):
            said = here.cli("run", "--batch", str(manifest(here, [entry(spec, script, **more)])))
            assert (said.returncode, code in said.stderr, here.runs()) == (2, True, ()), said.stderr
        exact = manifest(here, [entry(spec, script, limits={"tokens": 1_234_567, "cost_usd": 0.1234567})])
        dry = json.loads(here.cli("run", "--batch", str(exact), "--dry-run", "--json").stdout)
        assert (dry["runs"][0]["problem"], dry["tokens"], dry["usd"]) == ("", 1_234_567, 0.1234567)


def test_after_so_many_failures_nothing_more_begins(tmp_path):
    with lab(tmp_path) as here:
        jobs = [job(here, f"n{i}", number=i, verify=["false"]) for i in (1, 2, 3)]
        path = manifest(here, [entry(*j) for j in jobs], ceiling={"jobs": 1, "max_failures": 1})
        files = {name: here.folder / name for name in ("junit.xml", "all.sarif")}
        more = ["--junit", str(files["junit.xml"]), "--sarif", str(files["all.sarif"])]
        said = here.cli("run", "--batch", str(path), "--approve-plan", "--json", *more)
        rows = by_spec(said)
        assert said.returncode == 3, said.stderr
        assert [rows[f"n{i}.md"]["standing"] for i in (1, 2, 3)] == ["failed", "skipped", "skipped"]
        assert rows["n2.md"]["code"] == "BAT011"
        assert junit_schema.problems(files["junit.xml"].read_bytes()) == []
        assert ("<failure" in files["junit.xml"].read_text(), "n2.md" in files["junit.xml"].read_text()) == (True, True)
        jsonschema.validate(json.loads(files["all.sarif"].read_text()), SARIF)


def test_what_has_begun_goes_on_when_nothing_more_may_begin(tmp_path):
    with lab(tmp_path) as here:
        jobs = [job(here, "good", number=1), job(here, "bad", number=2, verify=["false"]), job(here, "late", number=3)]
        path = manifest(here, [entry(*j) for j in jobs], ceiling={"max_failures": 1})
        batch = json.loads(here.cli("run", "--batch", str(path), "--approve-plan", "--json").stdout)["batch"]
        approve_all(here)
        rows = by_spec(here.cli("resume", batch, "--json"))
        standing = {name: row["standing"] for name, row in rows.items()}
        assert standing == {"good.md": "done", "bad.md": "failed", "late.md": "skipped"}


def test_a_dry_run_says_what_it_may_cost_and_begins_nothing(tmp_path):
    with lab(tmp_path) as here:
        jobs = [job(here, "one", number=1), job(here, "two", number=2)]
        specs = [str(spec) for spec, _ in jobs]
        said = here.cli("run", *specs, "--dry-run", "--json", "--limit", "tokens=5000", "--batch-tokens", "7000")
        assert said.returncode == 0, said.stderr
        found = json.loads(said.stdout)
        assert [o["tokens"] for o in found["runs"]] == [5000, 5000]
        assert found["tokens"] == 7000
        assert here.runs() == ()


def test_a_batch_that_is_told_to_stop_twice_on_a_narrow_terminal_ends_its_runs_and_says_how_to_go_on(tmp_path):
    with lab(tmp_path) as here, narrow(40) as (terminal, seen):
        jobs = [
            job(here, name, number=n, action=shell("sleep 20")) for n, name in enumerate(("one", "two", "three"), 1)
        ]
        path = manifest(here, [entry(*j) for j in jobs], ceiling={"jobs": 2})
        running = here.spawn("run", "--batch", str(path), "--approve-plan", stderr=terminal)
        run = here.wait_for("agent-prompt", count=2)
        for _ in range(2):
            running.send_signal(signal.SIGINT)
            time.sleep(0.3)
        running.communicate(timeout=60)
        assert running.returncode == 130
        assert gone(run, 0), "its containers are gone before it is"
        stopped = [r for r in here.runs() if r.status == "stopped"]
        assert [r.message.startswith("RUN003 Stopped by SIGTERM;") for r in stopped] == [True, True]
        batch = json.loads(here.cli("runs", "--batches", "--json").stdout)["batches"][0]["batch"]
        words = seen()
        assert f"Try: handrail resume {batch}" in words
        bottom = [line for line in words.replace("\r\n", "\r").split("\r") if " runs: " in line and "Batch" not in line]
        assert bottom
        assert all(len(line.removeprefix("\x1b[K")) < 40 for line in bottom)


def test_a_batch_that_is_told_to_stop_leaves_what_it_was_asked_for(tmp_path):
    with lab(tmp_path) as here:
        jobs = [job(here, name, number=n, action=shell("sleep 20")) for n, name in enumerate(("one", "two"), 1)]
        path, junit = manifest(here, [entry(*j) for j in jobs]), here.folder / "junit.xml"
        running = here.spawn("run", "--batch", str(path), "--approve-plan", "--events", "jsonl", "--junit", str(junit))
        run = here.wait_for("agent-prompt")
        running.send_signal(signal.SIGTERM)
        out, words = running.communicate(timeout=60)
        assert running.returncode == 130, words
        told = [json.loads(line) for line in out.splitlines()]
        assert [(e["run"], e["standing"]) for e in told] == [(run, "running"), (run, "pending")]
        assert told[-1]["message"].startswith("RUN003 Stopped by SIGTERM;")
        assert {e["batch"] for e in told} == {words.split()[1].rstrip(":")}
        assert junit_schema.problems(junit.read_bytes()) == []
        assert 'skipped="2"' in junit.read_text()


def test_what_is_not_for_a_batch_or_not_for_a_run_is_refused(tmp_path):
    with lab(tmp_path) as here:
        spec, script = job(here, "one")
        alone = ["run", str(spec), "--agent", "scripted", "--script", str(script), "--approve-plan", "--json"]
        nothing = here.cli(*alone, "--batch-tokens", "0")
        (row,) = json.loads(nothing.stdout)["runs"]
        assert (nothing.returncode, row["standing"], row["code"]) == (7, "skipped", "BAT011"), nothing.stderr
        batch = json.loads(nothing.stdout)["batch"]
        for words in (["resume", batch, "--keep-workflow"], ["resume", batch, "--remote", "origin"]):
            assert "BAT007" in here.cli(*words).stderr
        waits = json.loads(here.cli(*alone, "--batch-tokens", "9000").stdout)
        shutil.rmtree(here.state / "handrail/batches" / waits["batch"])
        shares = here.cli("resume", waits["runs"][0]["run"])
        assert (shares.returncode, "BAT008" in shares.stderr) == (2, True), shares.stderr
        assert here.cli(*alone).returncode == 4
        assert "BAT007" in here.cli("resume", here.runs()[0].id, "--junit", "x.xml").stderr


def test_a_batch_that_is_killed_ends_its_workers_and_goes_on_once(tmp_path):
    with lab(tmp_path) as here:
        slow = shell("sleep 3; echo VALUE = 1 > src/f1.py")
        jobs = [job(here, "one", number=1, action=slow), job(here, "two", number=2)]
        path = manifest(here, [entry(*j) for j in jobs], ceiling={"jobs": 2})
        running = here.spawn("run", "--batch", str(path), "--approve-plan", "--events", "jsonl")
        run = here.wait_for("agent-prompt", count=2)
        os.kill(running.pid, signal.SIGKILL)
        out, _ = running.communicate()
        assert all(json.loads(line)["schema"] == "handrail.batch-event/1" for line in out.splitlines())
        until = time.monotonic() + 45
        while any(r["status"] == "running" for r in json.loads(here.cli("runs", "--json").stdout)["runs"]):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert gone(run, 45)
        listed = json.loads(here.cli("runs", "--batches", "--json").stdout)["batches"]
        said = here.cli("resume", listed[0]["batch"], "--json")
        assert said.returncode == 4, said.stderr
        approve_all(here)
        last = here.cli("resume", listed[0]["batch"], "--json")
        assert last.returncode == 0, last.stderr
        assert len(here.runs()) == 2
