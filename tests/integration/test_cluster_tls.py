"""TLS to a cluster's database as the how-to sets it up, on a real server; every server that is not it is refused."""

import json
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cluster_support import Server
from run_support import lab

from orchestrator.errors import StoreError
from orchestrator.store.cluster import database as postgres

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/run-a-cluster.md").read_text()
HOST = "localhost"


def block(first):
    """The indented lines of the page that begin with this one."""
    lines = PAGE.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"    {first}"))
    found = []
    for line in lines[start:]:
        if not line.startswith("    "):
            return found
        found.append(line.strip().replace("db.example.org", HOST))
    return found


def type_there(folder, name):
    """The commands of the page, for a server of this name."""
    for line in block("openssl req -x509"):
        subprocess.run(["sh", "-c", line.replace(HOST, name)], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server():
    """Set up by the page's own lines."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-tls-"))
    made = Server(folder)
    with closing(made):
        made.name = made.database()
        for kind, name in (("good", HOST), ("stranger", HOST), ("misnamed", "db.invalid")):
            (folder / kind).mkdir()
            type_there(folder / kind, name)
        with (made.data / "postgresql.conf").open("a") as conf:
            conf.write("\n".join(block("ssl = on")) + "\n")
        (made.data / "pg_hba.conf").write_text("\n".join(["local all all scram-sha-256", *block("hostssl")]) + "\n")
        show(made, "good")
        yield made
    shutil.rmtree(folder, ignore_errors=True)


def show(made, kind):
    """The server has this certificate from now on."""
    for name in ("server.crt", "server.key"):
        target = made.data / name
        shutil.copy(made.folder / kind / name, target)
        if made.user:
            shutil.chown(target, made.user, made.user)
        target.chmod(0o600)
    made.stop("fast")
    made.start()


def address(made, mode="verify-full", host=HOST, login="owner"):
    """As it stands in ``cluster.yaml``."""
    root = made.folder / "good" / "db-ca.pem"
    more = f"?sslmode={mode}&sslrootcert={root}" if mode != "disable" else "?sslmode=disable"
    return made.url(made.name, login).replace("127.0.0.1", host) + more


def refused(made, code, **how):
    with pytest.raises(StoreError, match=code), postgres.connected(address(made, **how), "public"):
        pass


def test_a_command_works_over_tls_with_a_certificate_that_is_verified(server, tmp_path):
    with lab(tmp_path) as here:
        file = tmp_path / "owner.yaml"
        said = {"schema": "handrail.cluster/1", "database": address(server), "shared": str(tmp_path / "shared")}
        file.write_text(json.dumps({**said, "lease_seconds": 3}))
        file.chmod(0o600)
        done = here.cli("db", "upgrade", HANDRAIL_CLUSTER=str(file))
        assert done.returncode == 0, done.stderr
        done = here.cli("runs", HANDRAIL_CLUSTER=str(file))
        assert done.returncode == 0, done.stderr
    with postgres.connected(address(server), "public") as db:
        row = db.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert row == (True, "TLSv1.3")


def test_who_asks_without_tls_is_not_let_in(server):
    refused(server, "STORE042", mode="disable")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(address(server, mode="disable"))


def test_a_server_by_another_name_is_refused(server):
    refused(server, "STORE047", host="127.0.0.1")


@pytest.mark.parametrize("kind", ["stranger", "misnamed"])
def test_a_certificate_that_is_not_the_one_is_refused(server, kind):
    try:
        show(server, kind)
        refused(server, "STORE047")
    finally:
        show(server, "good")


def test_a_server_without_tls_is_refused(server):
    try:
        with (server.data / "postgresql.auto.conf").open("a") as conf:
            conf.write("ssl = off\n")
        show(server, "good")
        refused(server, "STORE047")
    finally:
        with (server.data / "postgresql.auto.conf").open("a") as conf:
            conf.write("ssl = on\n")
        show(server, "good")
