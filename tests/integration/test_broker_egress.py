"""Granted hosts through the broker: names, TLS, methods, paths, bytes, secrets."""

import base64
import ssl

import broker_support as support
import pytest

from orchestrator.broker.setup import CA_FILE, Protection
from orchestrator.models.capabilities import Egress
from orchestrator.models.endpoint import Secret, SecretSource

HOST, WRONG = "docs.example", "wrong"
OPEN = frozenset({Protection.ADDRESSES})
"""The tests' upstream lies on the loopback, which nothing else may reach."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server's certificate for HOST, and a context with it."""
    return support.site(tmp_path_factory.mktemp("site"), HOST, "other.example")


@pytest.fixture
def world(site, monkeypatch):
    """An upstream with TLS and a desk whose resolver knows it as HOST."""
    trust, context = site

    def answer(request, connection):
        if request.target == "/loop":
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        echoed = request.headers.get("authorization", "none")
        support.respond(connection, {"path": request.target, "host": request.headers["host"], "echo": echoed})

    wrap = lambda c: context.wrap_socket(c, server_side=True)  # noqa: E731  it is one expression
    with support.Upstream(answer, wrap) as upstream:
        settings = {"hosts": {HOST: ("127.0.0.1",), "other.example": ("127.0.0.1",)}, "trust": trust}
        monkeypatch.setenv("HANDRAIL_TEST_KEY", support.KEY)
        yield upstream, settings


def rule(upstream, **changes):
    return Egress(**{"host": HOST, "port": upstream.port, "paths": ("/open",), "max_kib": 64, **changes})


def connect_bytes(lease, authority, *more, token=None):
    login = base64.b64encode(f"handrail:{lease.token if token is None else token}".encode()).decode()
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", f"Proxy-Authorization: Basic {login}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def tunnel(lease, upstream, host=HOST, name=None):
    stream = support.connect(lease)
    stream.sendall(connect_bytes(lease, f"{host}:{upstream.port}"))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += stream.recv(1)
    assert head.startswith(b"HTTP/1.1 200"), head + stream.recv(4096)
    context = ssl.create_default_context(cafile=f"{lease.mount}/{CA_FILE}")
    return context.wrap_socket(stream, server_hostname=host if name is None else name)


def get(stream, path, host=HOST, method="GET", body=b"", headers=()):  # noqa: PLR0917  a request has many parts
    more = "".join(f"{h}\r\n" for h in headers)
    stream.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body
    )
    with stream.makefile("rb") as reader:
        return support.read_message(reader)


def test_a_granted_path_is_fetched_and_others_are_refused_in_words(world):
    upstream, settings = world
    with support.desk(weakened=OPEN, **settings) as desk, desk.lease(egress=(rule(upstream),), egress_kib=100) as lease:
        with tunnel(lease, upstream) as stream:
            first = get(stream, "/open/a?x=1")
            second = get(stream, "/open", headers=["Authorization: Bearer mine"])
            third = get(stream, "/closed")
        with tunnel(lease, upstream) as stream:
            fourth = get(stream, "/open", method="POST", body=b"x")
        traffic = lease.close()
    assert first.json() == {"path": "/open/a?x=1", "host": f"{HOST}:{upstream.port}", "echo": "none"}
    assert second.json()["echo"] == "Bearer mine"
    assert (third.status, third.json()["error"]["code"]) == (403, "BRK032")
    assert (fourth.status, fourth.json()["error"]["code"]) == (403, "BRK032")
    assert [(e.kind, e.host, e.path, e.code) for e in traffic.exchanges] == [
        ("egress", HOST, "/open/a", ""),
        ("egress", HOST, "/open", ""),
        ("refused", HOST, "/closed", "BRK032"),
        ("refused", HOST, "/open", "BRK032"),
    ]
    assert traffic.usage.egress_bytes == sum(e.bytes_in + e.bytes_out for e in traffic.exchanges[:2])


PATHS = {
    "/open/../closed": False,
    "/open/%2e%2e/closed": False,
    "/open//x": False,
    "/open%2f..%2fclosed": False,
    "/open/@scope%2Fname": False,
    "/open/a%00": False,
    "/openly": False,
    "/open/a%20b": True,
    "/open/.hidden": True,
}


@pytest.mark.parametrize("whole", [False, True])
def test_a_path_that_could_be_read_in_two_ways_is_covered_by_a_whole_host_alone(world, whole):
    upstream, settings = world
    granted = rule(upstream, paths=("/",) if whole else ("/open",))
    with support.desk(weakened=OPEN, **settings) as desk, desk.lease(egress=(granted,), egress_kib=100) as lease:
        for path, expected in PATHS.items():
            with tunnel(lease, upstream) as stream:
                assert (get(stream, path).status == 200) is (whole or expected), path


def test_a_secret_is_added_outside_and_masked_when_it_comes_back(world):
    upstream, settings = world
    source = SecretSource(kind="environment", value=("HANDRAIL_TEST_KEY",))
    secret = Secret(name="docs", host=HOST, paths=("/open/private",), source=source)
    grant = {"egress": (rule(upstream),), "egress_kib": 100, "secrets": (secret,)}
    with support.desk(weakened=OPEN, **settings) as desk, desk.lease(**grant) as lease:
        with tunnel(lease, upstream) as stream:
            private = get(stream, "/open/private/a", headers=["Authorization: Bearer mine"])
            public = get(stream, "/open/public")
        traffic = lease.close()
    assert upstream.requests[0].headers["authorization"] == f"Bearer {support.KEY}"
    assert private.json()["echo"] == "Bearer " + "*" * len(support.KEY)
    assert public.json()["echo"] == "none"
    assert traffic.exchanges[0].code == "BRK047"
    assert support.KEY not in str(traffic)


def test_bytes_end_with_the_rule_and_with_the_step(world):
    upstream, settings = world
    with support.desk(weakened=OPEN, **settings) as desk:
        grant = {"egress": (rule(upstream, paths=("/",), methods=("GET", "POST")),), "egress_kib": 100}
        with desk.lease(**grant) as lease:
            with tunnel(lease, upstream) as stream:
                endless = get(stream, "/loop")
            with tunnel(lease, upstream) as stream:
                after = get(stream, "/open")
            traffic = lease.close()
        assert not endless.complete
        assert after.json()["error"]["code"] == "BRK033"
        assert traffic.exchanges[0].code == "BRK033"
        assert traffic.usage.egress_bytes < 64 * 1024 + 600 * 1024
        with desk.lease(**{**grant, "egress_kib": 1}) as lease, tunnel(lease, upstream) as stream:
            assert get(stream, "/open", method="POST", body=b"x" * 2000).json()["error"]["code"] == "BRK033"


def test_an_answer_cut_at_its_first_piece_is_seen_as_cut(world):
    upstream, settings = world
    with support.desk(weakened=OPEN, **settings) as desk:
        for _ in range(20):
            with desk.lease(egress=(rule(upstream),), egress_kib=1) as lease:
                with tunnel(lease, upstream) as stream:
                    answer = get(stream, "/open/" + "a" * 480)
                code = lease.close().exchanges[0].code
            assert (answer.status, answer.complete, code) == (200, False, "BRK033")


def test_the_upstreams_name_is_the_brokers_business(world, site):
    upstream, settings = world
    _, context = site
    with support.desk(weakened=OPEN, **settings) as desk, desk.lease(egress=(rule(upstream),), egress_kib=9) as lease:
        with tunnel(lease, upstream) as stream:
            fronted = get(stream, "/open", host="other.example")
        with pytest.raises(ssl.SSLError):
            tunnel(lease, upstream, name="other.example")
        with tunnel(lease, upstream) as stream:
            get(stream, "/open")
        traffic = lease.close()
    assert (fronted.status, fronted.json()["error"]["code"]) == (421, "BRK036")
    assert [e.code for e in traffic.exchanges] == ["BRK036", "BRK036", ""]
    assert set(context.names) == {HOST}


def test_a_name_of_a_private_address_is_refused(world):
    upstream, settings = world
    with support.desk(**settings) as desk, desk.lease(egress=(rule(upstream),), egress_kib=9) as lease:
        stream = tunnel(lease, upstream)
        with stream:
            refused = get(stream, "/open")
    assert (refused.status, refused.json()["error"]["code"]) == (403, "BRK034")
    assert upstream.requests == []


def test_a_certificate_that_nobody_signed_is_not_trusted(world):
    upstream, settings = world
    settings = {**settings, "trust": None, "weakened": OPEN}
    with support.desk(**settings) as desk, desk.lease(egress=(rule(upstream),), egress_kib=9) as lease:
        stream = tunnel(lease, upstream)
        with stream:
            refused = get(stream, "/open")
    assert (refused.status, refused.json()["error"]["code"]) == (502, "BRK041")


def test_a_host_that_is_not_granted_is_refused_before_anything_is_resolved(world):
    upstream, settings = world
    with support.desk(**settings) as desk, desk.lease(egress=(rule(upstream),), egress_kib=9) as lease:
        for authority in (f"other.example:{upstream.port}", f"{HOST}:22", f"x.{HOST}:{upstream.port}"):
            answer = support.raw(lease, connect_bytes(lease, authority))
            assert answer.startswith(b"HTTP/1.1 403"), authority
            assert b"BRK031" in answer
        plain = support.raw(lease, support.request_bytes(lease, f"http://{HOST}/open", method="GET"))
        assert b"BRK037" in plain
        assert support.raw(lease, connect_bytes(lease, f"{HOST}:{upstream.port}", token=WRONG)).startswith(
            b"HTTP/1.1 407"
        )
    assert upstream.connections == 0


def test_without_a_granted_host_there_is_no_proxy(world):
    upstream, settings = world
    with support.desk(**settings) as desk, desk.lease() as lease:
        assert (lease.proxy, dict(lease.environment)) == ("", {})
        assert b"BRK031" in support.raw(lease, connect_bytes(lease, f"{HOST}:{upstream.port}"))
