"""The broker in a container of its own: as on engines that cannot mount a host's socket."""

import contextlib
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import broker_support as support
import pytest
import sandbox_support

from orchestrator.app.models.brokering import sidecar_program
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.endpoint import Credential, SecretSource
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox import probe
from orchestrator.sandbox.client import Engine
from orchestrator.testing.sandbox_suite import LIMITS, RUN

pytestmark = pytest.mark.engine
ROOT = Path(__file__).resolve().parents[2]
ROTATED = "rotated-0123456789"
ASK = """
import http.client, json, sys
token, path, body = sys.argv[1:]
c = http.client.HTTPConnection('127.0.0.1:4180', timeout=20)
c.request('POST', path, body, {'x-api-key': token, 'content-type': 'application/json'})
answer = c.getresponse()
print(answer.status, answer.read().decode())
"""
TUNNEL = """
import http.client, sys
token, host = sys.argv[1:]
c = http.client.HTTPSConnection('127.0.0.1', 4180, timeout=20)
import base64
c.set_tunnel(host, 443, {'Proxy-Authorization': 'Basic ' + base64.b64encode(('x:' + token).encode()).decode()})
try:
    c.request('GET', '/')
    print(c.getresponse().status)
except OSError as e: print(e)
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """With the broker's packages: they are built once."""
    folder = tmp_path_factory.mktemp("state")
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["XDG_STATE_HOME"]
    else:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="module")
def docker(state):
    assert state.is_dir()
    with sandbox_support.sandboxes() as made:
        yield made


@pytest.fixture(scope="module")
def program(docker, state):
    (state / "handrail").mkdir(exist_ok=True)
    return sidecar_program(docker.connect().image, print)


@pytest.fixture(scope="module")
def gateway():
    """This machine as a container on the engine's bridge sees it."""
    engine = Engine()
    try:
        return engine.bridge_gateway()
    finally:
        engine.close()


@contextmanager
def inside(docker, lease):
    with docker.open(SandboxRequest(key="broker", run=RUN, limits=LIMITS, broker=lease.mount)) as box:
        box.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
        yield box


def asked(box, lease, path="/anthropic/v1/messages", body=support.MESSAGE):
    done = box.execute(["python3", "-I", "-c", ASK, lease.token, path, json.dumps(body)], timeout_seconds=40)
    assert done.exit_code == 0, done
    status, _, text = done.stdout.decode().partition(" ")
    return int(status), text


def made_of(lease):
    """The engine's inspections of the broker's container. Those of other tests come and go meanwhile."""
    engine, seen = Engine(), []
    try:
        for container in engine.owned():
            with contextlib.suppress(SandboxUnavailable):
                seen.append(engine.inspect(container["Id"]))
    finally:
        engine.close()
    return [s for s in seen if any(m.get("Name") == lease.mount and m["RW"] for m in s["Mounts"])]


def test_models_answer_with_a_key_that_no_container_shows(docker, program, gateway, monkeypatch):
    with (
        support.desk(monkeypatch, start=lambda _: docker.sidecar(program)) as desk,
        support.Upstream(lambda _, c: support.respond(c, {"usage": {"input_tokens": 1}}), address=gateway) as upstream,
        desk.lease(support.endpoint(upstream.port), record=True) as lease,
        inside(docker, lease) as box,
    ):
        assert asked(box, lease)[0] == 200
        assert asked(box, lease, body={**support.MESSAGE, "model": "other"})[0] == 403
        assert upstream.requests[0].headers["x-api-key"] == support.KEY
        [seen] = made_of(lease)
        assert support.KEY not in json.dumps(seen)
        assert lease.token not in json.dumps(seen)
        assert seen["HostConfig"]["NetworkMode"] == "bridge"
        assert seen["HostConfig"]["CapDrop"] == ["ALL"]
        assert seen["HostConfig"]["ReadonlyRootfs"]
        look = "cat /proc/net/dev | wc -l; ls /run/handrail; touch /run/handrail/x; rm /run/handrail/broker.sock; env"
        told = box.execute(["sh", "-c", look], timeout_seconds=20)
        assert told.stdout.split()[:2] == [b"3", b"broker.sock"], "loopback alone, and the socket alone"
        assert told.stderr.count(b"Read-only") == 2
        traffic = lease.close()
    assert (traffic.usage.requests, traffic.usage.settled) == (1, True)
    assert [e.status for e in traffic.exchanges] == [200, 403]
    recorded = desk.blobs[traffic.cassette]
    assert support.KEY.encode() not in recorded
    with (
        support.desk(start=lambda _: docker.sidecar(program)) as offline,
        offline.lease(support.endpoint(9), replay=recorded) as lease,
        inside(docker, lease) as box,
    ):
        assert asked(box, lease)[0] == 200


def test_a_rotated_token_is_kept_on_the_users_machine(docker, program, gateway, tmp_path):
    place = tmp_path / "tokens.json"
    place.write_text(json.dumps({"refresh_token": "refresh-0123456789"}))
    place.chmod(0o600)

    def answer(request, connection):
        if "token" in request.target:
            told = {"access_token": "access-0123456789", "expires_in": 3600, "refresh_token": ROTATED}
            support.respond(connection, told)
        else:
            known = request.headers.get("authorization") == "Bearer access-0123456789"
            support.respond(connection, {"usage": {"input_tokens": 1}}, 200 if known else 401)

    with (
        support.desk(start=lambda _: docker.sidecar(program)) as desk,
        support.Upstream(answer, address=gateway) as upstream,
    ):
        source = SecretSource(kind="file", value=(str(place),))
        options = {"token_url": f"http://127.0.0.1:{upstream.port}/token"}
        endpoint = support.endpoint(upstream.port, credential=Credential(kind="oauth", source=source, options=options))
        with desk.lease(endpoint) as lease, inside(docker, lease) as box:
            assert asked(box, lease)[0] == 200
    assert json.loads(place.read_text())["refresh_token"] == ROTATED


def test_the_way_to_the_users_machine_is_for_its_endpoints_alone(docker, program):
    name = "host.docker.internal"
    with (
        support.desk(start=lambda _: docker.sidecar(program)) as desk,
        desk.lease(egress=(Egress(host=name),), egress_kib=100) as lease,
        inside(docker, lease) as box,
    ):
        argv = ["python3", "-I", "-c", TUNNEL, lease.token, name]
        told = box.execute(argv, env=lease.environment, timeout_seconds=40)
        assert b"403" in told.stdout, told
        traffic = lease.close()
    assert [e.code for e in traffic.exchanges] == ["BRK034"]


PARENT = """
import sys, time
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
import broker_support as support, sandbox_support
from orchestrator.sandbox.sidecar import Program
with sandbox_support.sandboxes() as docker:
    program = Program({boot!r}, Path({code!r}), Path({packages!r}))
    with docker.sidecar(program) as made:
        print(made.container, made.mount, flush=True)
        time.sleep(60)
"""


def test_it_ends_with_a_killed_owner_and_its_volume_is_reaped(program):
    places = {"tests": str(ROOT / "tests/integration"), "root": str(ROOT)}
    text = PARENT.format(boot=program.boot, code=str(program.code), packages=str(program.packages), **places)
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as parent:
        container, volume = parent.stdout.readline().split()
        parent.kill()
    engine = Engine()
    try:
        for _ in range(200):
            if all(c["Id"] != container for c in engine.owned()):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the broker's container is still there")
        with sandbox_support.sandboxes() as docker:
            docker.reap()
        assert volume not in {v["Name"] for v in engine.owned_volumes()}
    finally:
        engine.close()


def test_whether_a_hosts_socket_is_reached_is_tried(docker, tmp_path):
    assert docker.mounts_sockets()

    @contextmanager
    def elsewhere(_):
        request = SandboxRequest(key="probe", run=RUN, limits=LIMITS, broker=str(tmp_path))
        with docker.open(request) as box:
            yield box

    assert not probe.reaches_socket(elsewhere), (
        "a folder without the socket, as an engine in a virtual machine shows it"
    )
