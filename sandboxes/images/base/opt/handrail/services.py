"""Keeps a sandbox's services: starts them, says when they answer, ends them with its own stdin.

Runs as a user of its own, so that the end of a command's processes is not the services' end, and that no command can
signal or trace them. Reads one line of JSON, a list of ``kind``, ``port``, ``user``, ``password`` and ``database``.
Answers one frame as ``supervisor.py`` draws them: ``K``, or ``!`` with words.
"""

# ruff: noqa: D103, PTH100, PTH120, PTH123, PTH207, S603
# Start-up counts: no pathlib. Running programs is its task, and what a function does is told by its name.

from __future__ import annotations

import glob
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from wire import Refused, send

ROOT = "/services"
START_SECONDS = 40
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": ROOT, "TZ": "UTC"}
POSTGRES = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "16MB",
    "max_connections": "50",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "min_wal_size": "2MB",
    "max_wal_size": "16MB",
    "jit": "off",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}


def program(name: str, places: str = "/usr/bin") -> str:
    """The newest program of that name."""
    found = sorted(glob.glob(f"{places}/{name}"), key=lambda path: [int(p) for p in path.split("/") if p.isdecimal()])
    if not found:
        raise Refused(f"this image has no {name}")
    return found[-1]


def run(argv: list[str], given: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, input=given, env=ENVIRONMENT | more, capture_output=True, text=True, timeout=START_SECONDS, check=False
    )


def words(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stderr or done.stdout).split())[-400:]


def start(argv: list[str], name: str) -> subprocess.Popen[bytes]:
    with open(f"{ROOT}/{name}.log", "wb") as log:
        return subprocess.Popen(argv, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def check_alive(process: subprocess.Popen[bytes], name: str) -> None:
    if process.poll() is not None:
        with open(f"{ROOT}/{name}.log", encoding="utf-8", errors="replace") as log:
            raise Refused(f"{name} ended: {' '.join(log.read().split())[-400:]}")


def postgresql(service: dict[str, str]) -> None:
    """A fresh cluster whose owner is a superuser: it is the step's own, and gone with it."""
    data = f"{ROOT}/postgresql"
    secret = f"{ROOT}/password"
    with open(secret, "w", encoding="ascii") as file:
        file.write(service["password"])
    places = "/usr/lib/postgresql/*/bin"
    argv = [program("initdb", places), "-D", data, "-U", service["user"], f"--pwfile={secret}", "-A", "scram-sha-256"]
    done = run([*argv, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions", "--wal-segsize=1"])
    if done.returncode:
        raise Refused(f"initdb: {words(done)}")
    settings = [f"-c{key}={value}" for key, value in POSTGRES.items()]
    process = start([program("postgres", places), "-D", data, f"-cport={service['port']}", *settings], "postgresql")
    argv = [program("psql", places), "-XqAt", "-h127.0.0.1", f"-p{service['port']}", f"-U{service['user']}"]
    wanted = "SELECT 1" if service["database"] == "postgres" else f'CREATE DATABASE "{service["database"]}"'
    deadline = time.monotonic() + START_SECONDS
    while (done := run([*argv, "-dpostgres", "-c", wanted], PGPASSWORD=service["password"])).returncode:
        check_alive(process, "postgresql")
        if time.monotonic() > deadline or "already exists" in done.stderr:
            raise Refused(f"postgresql: {words(done)}")
        time.sleep(0.02)


def redis(service: dict[str, str]) -> None:
    """In memory alone."""
    argv = [program("redis-server"), "--port", service["port"], "--bind", "127.0.0.1", "--dir", ROOT]
    process = start([*argv, "--save", "", "--appendonly", "no", "--databases", "16"], "redis")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        check_alive(process, "redis")
        with suppress(OSError), socket.create_connection(("127.0.0.1", int(service["port"])), 1) as asking:
            asking.sendall(b"PING\r\n")
            if asking.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.01)
    raise Refused("redis does not answer")


KINDS = {"postgresql": postgresql, "redis": redis}


def main() -> None:
    line = sys.stdin.buffer.readline()
    try:
        for service in json.loads(line):
            KINDS[service["kind"]](service)
        send(b"K")
    except (Refused, OSError, subprocess.TimeoutExpired) as problem:
        send(b"!", str(problem).encode("utf-8", "backslashreplace")[:1024])
    while os.read(0, 4096):
        pass
    with suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)


if __name__ == "__main__":
    os.umask(0o077)
    main()
    os._exit(0)
