"""The way out as a program in a real sandbox sees it."""

import broker_support as support
import pytest
import sandbox_support

from orchestrator.models.capabilities import Capabilities
from orchestrator.ports import SandboxRequest
from orchestrator.testing.sandbox_suite import LIMITS, RUN

pytestmark = pytest.mark.engine

CLIENT = """
import http.client, json, sys
url, token, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
host, _, path = url.removeprefix('http://').partition('/')
for _ in range(times):
    c = http.client.HTTPConnection(host, timeout=10)
    body = json.dumps({'model': 'm-1', 'max_tokens': 50, 'messages': [], 'stream': True})
    c.request('POST', f'/{path}/v1/messages', body, {'x-api-key': token, 'content-type': 'application/json'})
    answer = c.getresponse()
    print(answer.status, answer.read().count(b'data:'))
"""


@pytest.fixture(scope="module")
def docker():
    with sandbox_support.sandboxes() as made:
        yield made


def opened(docker, lease):
    return docker.open(SandboxRequest(key="broker", run=RUN, limits=LIMITS, broker=lease.mount))


def test_a_program_inside_reaches_its_model_and_nothing_else(docker, monkeypatch):
    with (
        support.desk(monkeypatch) as desk,
        support.Upstream(lambda _, c: support.events(c, support.anthropic_events(20))) as upstream,
        desk.lease(support.endpoint(upstream.port)) as lease,
        opened(docker, lease) as box,
    ):
        box.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
        url = lease.urls[support.WireProtocol.ANTHROPIC]
        for _ in range(2):
            done = box.execute(["python3", "-I", "-c", CLIENT, url, lease.token, "3"], timeout_seconds=30)
            assert done.stdout.split() == [b"200", b"23"] * 3, done
        seen = box.execute(["sh", "-c", "echo x > /run/handrail/new; ls -la /run/handrail; env"], timeout_seconds=10)
        assert b"Read-only" in seen.stderr
        assert support.KEY.encode() not in seen.stdout
        direct = box.execute(
            ["python3", "-c", f"import socket; socket.create_connection(('127.0.0.1', {upstream.port}), 1)"],
            timeout_seconds=10,
        )
        assert b"refused" in direct.stderr
        traffic = lease.close()
    assert traffic.usage.requests == 6


def test_a_sandbox_without_a_broker_has_no_relay(docker):
    with docker.open(SandboxRequest(key="broker", run=RUN, limits=LIMITS)) as box:
        box.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
        done = box.execute(["sh", "-c", "cat /proc/net/tcp | wc -l; ls /run/handrail"], timeout_seconds=10)
    assert done.stdout.split() == [b"1"]
