"""A real PostgreSQL on loopback, the logins of a cluster, and worker processes to be killed, paused or cut off."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from run_support import ROOT, Lab, lab

sys.path.append(str(ROOT / "benchmarks"))
from postgres import Server

LEASE_SECONDS = 3.0


_SERVER: list[Server] = []


def server() -> Server:
    """One for all tests of this process."""
    if not _SERVER:
        folder = Path(tempfile.mkdtemp(prefix="handrail-pg-"))
        _SERVER.append(Server(folder))
        atexit.register(_end, _SERVER[0])
    return _SERVER[0]


def _end(made: Server) -> None:
    with suppress(RuntimeError):
        made.stop()
    shutil.rmtree(made.folder, ignore_errors=True)


class Network:
    """A worker's own, with nothing but the way to the database: :meth:`cut` takes it down, connections and all."""

    def __init__(self, server: Server) -> None:
        program, way = str(Path(__file__).with_name("network_of_its_own.py")), f"{server.folder}/.s.PGSQL.{server.port}"
        argv = ["unshare", "--net", sys.executable, program, str(server.port), way]
        self._holder = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"listens\n":
            self._holder.communicate()
            words = (
                "each worker is given a network of its own here (`unshare --net`), which only root may: run it as root"
            )
            raise AssertionError(words)
        self.inside = ("nsenter", f"--net=/proc/{self._holder.pid}/ns/net")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.communicate()

    def cut(self) -> None:
        """Nothing comes through any more, and nobody is told so."""
        subprocess.run([*self.inside, "ip", "link", "set", "lo", "down"], check=True)

    def mend(self) -> None:
        subprocess.run([*self.inside, "ip", "link", "set", "lo", "up"], check=True)


@dataclass
class Cluster:
    """A lab whose state lies in a database. Each worker has a key and a configuration of its own."""

    here: Lab
    name: str
    server: Server
    lease_seconds: float
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def file(self, login: str, *, port: int = 0, **more: object) -> str:
        """``cluster.yaml`` for a login."""
        path = self.here.folder / f"{login}-{port}-{len(list(self.here.folder.iterdir()))}.yaml"
        said = {
            "schema": "handrail.cluster/1",
            "database": self.server.url(self.name, login, port=port),
            "shared": str(self.here.folder / "shared"),
            "lease_seconds": self.lease_seconds,
            **more,
        }
        path.write_text(json.dumps(said))
        path.chmod(0o600)
        return str(path)

    def env(self, number: int, *, port: int = 0) -> dict[str, str]:
        """As on a machine of its own: no key of a person is there, and nothing of a person's configuration."""
        home = self.here.folder / f"machine-{number}"
        config = home / "config" / "handrail"
        config.mkdir(parents=True, exist_ok=True)
        trust = self.here.folder / "config" / "handrail" / "trust.json"
        shutil.copy(trust, config / "trust.json")
        kept = {k: v for k, v in self.here.env.items() if k != "HANDRAIL_KEY"}
        return {
            **kept,
            "XDG_CONFIG_HOME": str(home / "config"),
            "HANDRAIL_KEY": str(self.here.folder / f"w{number}.pem"),
            "HANDRAIL_CLUSTER": self.file("worker", port=port),
        }

    def worker(self, number: int, *more: str, port: int = 0, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        log = (self.here.folder / f"worker-{number}.log").open("a")
        argv = [*prefix, sys.executable, "-m", "orchestrator.cli", "worker", *more]
        with log:
            made = subprocess.Popen(
                argv,
                cwd=self.here.repo,
                env=self.env(number, port=port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.processes.append(made)
        return made

    def log(self, number: int) -> str:
        return (self.here.folder / f"worker-{number}.log").read_text()

    def logs(self) -> str:
        return "\n".join(p.read_text() for p in sorted(self.here.folder.glob("worker-*.log")))

    def rows(self, query: str, *values: object) -> list[tuple]:
        with self.server.admin(self.name) as db:
            db.execute(f"SET search_path = {self.schema}, handrail_queue, handrail")
            return db.execute(query, values).fetchall()

    @property
    def schema(self) -> str:
        with self.server.admin(self.name) as db:
            return db.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'repository_%' ORDER BY nspname"
            ).fetchone()[0]

    def until(self, true, what: str, seconds: float = 180):
        end = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < end, f"{what}\n{self.logs()}"
            time.sleep(0.05)
        return found


def tree_of(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            found += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return found


def send(pid: int, number: signal.Signals) -> None:
    """To a process and all below it, as when a machine stops or dies."""
    for one in tree_of(pid):
        with suppress(ProcessLookupError):
            os.kill(one, number)


@contextmanager
def cluster(
    folder: Path, *, workers: int = 1, lease_seconds: float = LEASE_SECONDS, **more: object
) -> Iterator[Cluster]:
    people = {f"w{n}": ("runner",) for n in range(1, workers + 1)} | dict(more.pop("people", {}))  # type: ignore[call-overload]
    with ExitStack() as stack:
        here = stack.enter_context(lab(folder, people=people, **more))  # type: ignore[arg-type]
        made = Cluster(here, server().database(), server(), lease_seconds)
        stack.callback(_stop, made)
        done = here.cli("db", "upgrade", HANDRAIL_CLUSTER=made.file("owner"))
        assert done.returncode == 0, done.stderr
        made.server.grant()
        mine = made.file("person")
        here.env["HANDRAIL_CLUSTER"] = mine
        stack.callback(os.environ.pop, "HANDRAIL_CLUSTER", None)
        os.environ["HANDRAIL_CLUSTER"] = mine
        yield made


def _stop(made: Cluster) -> None:
    for process in made.processes:
        send(process.pid, signal.SIGKILL)
        process.wait()
