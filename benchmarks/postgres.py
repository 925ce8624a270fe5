"""A real PostgreSQL on loopback, with a data folder of its own and as a user without rights: for tests and figures."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

ROLES = {"owner": "", "person": "handrail_enqueue", "worker": "handrail_worker", "screen": "handrail_read"}
"""Login → the role that it is granted."""


def _program(name: str) -> str:
    """Debian keeps the server's programs out of the path."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), *filter(None, [shutil.which(name)])]
    if not found:
        raise FileNotFoundError(f"no {name}: scripts/programs.sh installs postgresql")
    return str(found[0])


class Server:
    """PostgreSQL with a data folder of its own, as a user without rights when the test is root."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.user = "postgres" if os.geteuid() == 0 else None
        self.password = secrets.token_hex(8)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        secret = folder / "password"
        secret.write_text(self.password)
        if self.user:
            who = pwd.getpwnam(self.user)
            for path in (folder, secret):
                os.chown(path, who.pw_uid, who.pw_gid)
        words = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=admin", "--encoding=UTF8", "--no-sync"]
        self._run([_program("initdb"), "-D", str(self.data), *words])
        self.start()

    def _run(self, argv: Sequence[str]) -> None:
        done = subprocess.run(argv, user=self.user, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c max_connections=200"
        log = str(self.folder / "log")
        self._run([_program("pg_ctl"), "-D", str(self.data), "-l", log, "-o", options, "-w", "-s", "start"])

    def stop(self, mode: str = "immediate") -> None:
        self._run([_program("pg_ctl"), "-D", str(self.data), "-m", mode, "-w", "-s", "stop"])

    def close(self) -> None:
        """As :meth:`stop`, for a context."""
        self.stop()

    def url(self, name: str, login: str = "admin", password: str = "", port: int = 0) -> str:
        secret = password or self.password
        return f"postgresql://{login}:{secret}@127.0.0.1:{port or self.port}/{name}"

    @contextmanager
    def admin(self, name: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            yield connection

    def database(self) -> str:
        """A new one, with the four logins that the tests use."""
        name = f"t{secrets.token_hex(5)}"
        with self.admin() as db:
            for login in ROLES:
                if not db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone():
                    more = "CREATEROLE" if login == "owner" else ""
                    db.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{self.password}' {more}")
            db.execute(f"CREATE DATABASE {name} OWNER owner")
        return name

    def grant(self) -> None:
        """What whoever runs a database does once the roles are there."""
        with self.admin() as db:
            for login, role in ROLES.items():
                if role:
                    db.execute(f"GRANT {role} TO {login}")
