"""Three workers in networks of their own, one killed, one paused past its lease, one cut off, and the database
restarted: every run ends once."""

import json
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from cluster_support import Network, cluster, send, tree_of
from run_support import Req, containers, script_text, shell, spec_text

pytestmark = [pytest.mark.slow, pytest.mark.engine]
RUNS = 3


def jobs(here, count):
    """Specs of one requirement each, whose step takes some seconds, and one script for all."""
    specs, steps = [], {}
    for number in range(1, count + 1):
        one = Req(number)
        spec = here.folder / f"spec{number}.md"
        spec.write_text(spec_text([one]).replace("# Parts", f"# Part {number}"))
        specs.append(str(spec))
        steps[one.id] = [[shell(f"sleep 3; echo 'VALUE = {number}' > {one.path}")]]
    here.script.write_text(script_text(steps))
    return specs


def owners(made):
    """Run → the process that advances it."""
    rows = made.rows("SELECT run, holder FROM leases WHERE expires_at > now()")
    return {run: int(holder.rpartition(":")[2]) for run, holder in rows}


def worker_of(made, run):
    """The worker whose process advances the run."""
    pid = owners(made).get(run)
    return next((p for p in made.processes if pid in tree_of(p.pid)), None)


def working(made, process):
    """A run that a process of this worker advances, and whose agent is at work."""
    begun = {run for (run,) in made.rows("SELECT run FROM events WHERE document LIKE '%%\"agent-started\"%%'")}
    return next((run for run in sorted(begun) if worker_of(made, run) is process), None)


def at_once(made, *processes):
    """The runs that these work at; ``None`` while one of them does not."""
    runs = [working(made, process) for process in processes]
    return runs if all(runs) else None


def token(made, run):
    return made.rows("SELECT token FROM leases WHERE run = %s", run)[0][0]


def finish(made, said):
    """Approve all, go on, and see that each run came to one commit that verifies."""
    here = made.here
    for item in here.items():
        assert here.cli("review", "approve", str(item["id"])).returncode == 0
    runs = here.runs()
    batch = said.split("Batch ")[1].split(":")[0]
    done = here.cli("resume", batch, "--executor", "cluster", timeout=200)
    assert done.returncode == 0, done.stderr + made.logs()
    for run in runs:
        assert len(here.commits(run.run_ref)) == 1
        assert here.verify(run).verdict == "VERIFIED"
        with here.project() as project:
            events = [event for _, event in project.index.events(run.id)]
        told = {(event.kind, json.dumps(event.data, sort_keys=True)) for event in events}
        kinds = [kind for kind, _ in told]  # a node that is done again says the same again, and nothing else
        assert [kinds.count(kind) for kind in ("proposed", "step-stacked", "ended")] == [1, 1, 1], sorted(told)
    assert len(runs) == RUNS
    trees = {here.git("rev-parse", f"{run.run_ref}^{{tree}}") for run in runs}
    assert len(trees) == RUNS


def networks_of(pids: list[int | str]) -> int:
    """In how many network namespaces the processes are; a process that was just made is still in ours."""
    return len({Path(f"/proc/{pid}/ns/net").readlink() for pid in pids})


def test_every_run_ends_once_whatever_happens_to_its_workers(tmp_path):
    with cluster(tmp_path, workers=3) as made, ExitStack() as stack:
        here, networks = made.here, [stack.enter_context(Network(made.server)) for _ in range(RUNS)]
        words = ["--agent", "scripted", "--script", str(here.script), "--approve-plan", "--review", "end-of-run"]
        specs = jobs(here, RUNS)
        killed, paused, cut = (
            made.worker(n, "--label", "docker", prefix=network.inside) for n, network in enumerate(networks, 1)
        )
        batch = here.spawn("run", *specs, *words, "--jobs", str(RUNS), "--executor", "cluster")
        try:
            pids = ["self", *(process.pid for process in made.processes)]
            made.until(lambda: networks_of(pids) == 1 + RUNS, "each worker is in a network of its own")
            first, _, third = made.until(lambda: at_once(made, killed, paused, cut), "three agents work at once")
            tokens = {run: token(made, run) for run in (first, third)}
            send(killed.pid, signal.SIGKILL)
            networks[2].cut()
            made.until(lambda: token(made, third) > tokens[third], "another took the run of the one cut off")
            networks[2].mend()
            second = made.until(lambda: working(made, paused), "it is at work")
            before = token(made, second)
            send(paused.pid, signal.SIGSTOP)
            made.until(lambda: token(made, second) > before, "another took the run of the paused one")
            send(paused.pid, signal.SIGCONT)
            made.until(lambda: f"{second}: RUN014" in made.log(2), "the paused one is told, and stops")
            made.server.stop()
            time.sleep(1)
            made.server.start()
            _, err = batch.communicate(timeout=200)
        finally:
            if batch.poll() is None:
                batch.kill()
                batch.communicate()
        assert batch.returncode == 4, err + made.logs()
        assert token(made, first) > tokens[first]
        finish(made, err)
        made.until(lambda: not any(containers(run.id) for run in here.runs()), "no container is left")


@pytest.mark.soak
def test_a_worker_that_is_told_to_stop_gives_its_run_back(tmp_path):
    with cluster(tmp_path, workers=2, lease_seconds=30) as made:
        here = made.here
        spec = jobs(here, 1)[0]
        first = made.worker(1, "--label", "docker")
        words = ["--agent", "scripted", "--script", str(here.script), "--approve-plan", "--executor", "cluster"]
        sent = here.spawn("run", spec, *words)
        try:
            made.until(lambda: working(made, first), "its agent works")
            first.terminate()
            assert first.wait(60) == 0, made.logs()
            assert made.rows("SELECT status::text FROM procrastinate_jobs ORDER BY id DESC LIMIT 1") == [("todo",)]
            assert owners(made) == {}
            assert not containers(here.runs()[0].id)
            made.worker(2, "--label", "docker")
            _, err = sent.communicate(timeout=120)
        finally:
            if sent.poll() is None:
                sent.kill()
                sent.communicate()
        assert sent.returncode == 4, err + made.logs()
