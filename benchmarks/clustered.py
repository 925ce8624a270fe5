"""A cluster for the batch's figures: a PostgreSQL, a repository that workers serve, workers to start and to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sample
from measuring import Cost, cost
from postgres import Server

LEASE_SECONDS = 5.0
_ENQUEUED = 10_000
_READY_SECONDS = 60.0


class Clustered:
    """One repository. Every worker has a key of its own, which the policy names as a runner's."""

    def __init__(self, folder: Path, server: Server, env: dict[str, str]) -> None:
        self._folder, self._server, self._name = folder, server, server.database()
        self.repository, self._spec, self._script = sample.set_up(folder, 1, env)
        self.env = env | {"HANDRAIL_CLUSTER": self._file("person")}
        self._workers: list[subprocess.Popen[str]] = []
        self._handrail("db", "upgrade", env=env | {"HANDRAIL_CLUSTER": self._file("owner")})
        server.grant()
        key = folder / "worker.pem"
        self._handrail("key", "new", str(key), "--name", "worker", env=env, at=False)
        me = json.loads(self._handrail("policy", "show", "--json", env=env))["principals"][0]["name"]
        members = [f"--add-machine=worker={key}.pub:worker", f"--role=runner={me},worker"]
        draft = ["-o", str(folder / "policy.json"), "--commit"]
        self._handrail("policy", "change", *members, *draft, env=env)
        digest = self._handrail("trust", "--json", env=env)
        self._handrail("trust", json.loads(digest)["digest"], env=env)

    def _file(self, login: str) -> str:
        path = self._folder / f"{login}.yaml"
        database, shared = self._server.url(self._name, login), str(self._folder / "shared")
        said = {"schema": "handrail.cluster/1", "database": database, "shared": shared, "lease_seconds": LEASE_SECONDS}
        path.write_text(json.dumps(said))
        path.chmod(0o600)
        return str(path)

    def _handrail(self, *argv: str, env: dict[str, str], at: bool = True, expect: int = 0) -> str:
        where = ["--repo", str(self.repository)] if at else []
        done = subprocess.run([*sample.HANDRAIL, *argv, *where], env=env, capture_output=True, text=True, check=False)
        if done.returncode != expect:
            raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    @contextmanager
    def workers(self, count: int) -> Iterator[list[subprocess.Popen[str]]]:
        """So many, each with one run at a time, once all of them are there."""
        env = self.env | {"HANDRAIL_CLUSTER": self._file("worker"), "HANDRAIL_KEY": str(self._folder / "worker.pem")}
        argv = [*sample.HANDRAIL, "worker", "--label", "docker", "--repo", str(self.repository)]
        made = [
            subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            for _ in range(count)
        ]
        try:
            self._await(count)
            yield made
        finally:
            for one in made:
                one.terminate()
            for one in made:
                one.wait(60)

    def _await(self, count: int) -> None:
        until = time.monotonic() + _READY_SECONDS
        while self._asked("SELECT count(*) FROM handrail.workers") < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{count} workers did not begin")
            time.sleep(0.1)

    def _asked(self, query: str) -> int:
        with self._server.admin(self._name) as db:
            row = db.execute(query.encode()).fetchone()
        return int(row[0]) if row and row[0] is not None else 0

    def batch(self, name: str, runs: int) -> Cost:
        """Advanced by the workers that are there, up to where each waits for its reviewer."""
        specs = [self._folder / f"{name}-{n}.md" for n in range(runs)]
        for number, spec in enumerate(specs):
            spec.write_text(self._spec.read_text().replace("# Sample", f"# Sample {name} {number}", 1))
        agent = ["--agent", "scripted", "--script", str(self._script), "--approve-plan", "--no-input"]
        words = ["run", *map(str, specs), *agent, "--jobs", "64", "--executor", "cluster"]
        return cost(lambda: self._handrail(*words, env=self.env, expect=4))

    def enqueue(self) -> float:
        """Jobs a second, in batches, for a repository that nobody serves."""
        with _environment(self.env):
            from orchestrator.app.cluster.queue import Sent, open_queue  # noqa: PLC0415  reads the environment
            from orchestrator.app.cluster.settings import required  # noqa: PLC0415  the same
            from orchestrator.models.ids import RunId  # noqa: PLC0415  the same

            jobs = [Sent("nobody-000000000000", "/nowhere", RunId(f"20260101-{n}")) for n in range(_ENQUEUED)]
            with open_queue(required()) as queue:
                spent = cost(lambda: queue.send(jobs))
        return _ENQUEUED / spent.wall_seconds

    def recovery(self) -> float:
        """Seconds from the end of a worker that advances a run until another one advances it."""
        with self.workers(2) as both:
            argv = [*sample.HANDRAIL, "run", str(self._slow()), "--repo", str(self.repository), "--agent", "scripted"]
            more = [
                "--script",
                str(self._folder / "slow.yaml"),
                "--approve-plan",
                "--no-input",
                "--executor",
                "cluster",
            ]
            with subprocess.Popen([*argv, *more], env=self.env, stderr=subprocess.DEVNULL) as run:
                worker, name, token = self._at_work(both)
                _kill(worker.pid)
                since = time.monotonic()
                self._until(f"SELECT count(*) FROM {self._schema()}.leases WHERE run = '{name}' AND token > {token}")  # noqa: S608  ours
                took = time.monotonic() - since
                run.terminate()
        return took

    def _slow(self) -> Path:
        spec = self._folder / "slow.md"
        spec.write_text(self._spec.read_text().replace("# Sample", "# Slow", 1))
        (self._folder / "slow.yaml").write_text(
            "schema: handrail.script/1\nsteps:\n  REQ-001:\n    - - run:\n          argv: [sleep, '30']\n"
            "          timeout_seconds: 60\n"
        )
        return spec

    def _at_work(self, workers: list[subprocess.Popen[str]]) -> tuple[subprocess.Popen[str], str, int]:
        """The worker whose agent works, its run, and the token of the run's lease."""
        schema = self._schema()
        held = f"(SELECT run FROM {schema}.leases WHERE expires_at > now())"  # noqa: S608  ours
        begun = f"SELECT count(*) FROM {schema}.events WHERE document LIKE '%agent-started%' AND run IN {held}"  # noqa: S608  ours
        self._until(begun)
        with self._server.admin(self._name) as db:
            query = f"SELECT run, token, holder FROM {schema}.leases WHERE expires_at > now()"  # noqa: S608  ours
            run, token, holder = db.execute(query.encode()).fetchone() or ("", 0, ":0")
        pid = int(str(holder).rpartition(":")[2])
        return next(w for w in workers if pid in _below(w.pid)), str(run), int(token)

    def _until(self, query: str) -> None:
        end = time.monotonic() + _READY_SECONDS
        while not self._asked(query):
            if time.monotonic() > end:
                raise RuntimeError(query)
            time.sleep(0.05)

    def _schema(self) -> str:
        with self._server.admin(self._name) as db:
            row = db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'repository_%'").fetchone()
        return str(row[0]) if row else ""


@contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _below(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        with suppress(OSError):
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


def _kill(pid: int) -> None:
    for one in _below(pid):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
