"""Hosts, addresses, heads and paths: what two readers could take differently is refused."""

import asyncio
import ipaddress
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.broker import addresses, wire
from orchestrator.broker.egress import judged_path
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker

BAD_HOSTS = [
    "",
    ".",
    "docs.example.",
    ".docs.example",
    "docs..example",
    "docs.example\0.evil.example",
    "docs.example%00.evil.example",
    "docs_x.example",
    "-docs.example",
    "docs-.example",
    "user@docs.example",
    "docs.example@evil.example",
    "docs.example#.evil.example",
    "docs.example/.evil.example",
    "docs.example\\.evil.example",
    "docs.example evil.example",
    "docs.example\r\nHost: evil.example",
    "dôcs.example",
    "docs\u3002example",
    "\uff44ocs.example",
    "docs.example\u200b",
    "localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.0x1",
    "1.2.3.4.5",
    "[::1]",
    "::1",
    "[::ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "a." * 126 + "toolong",
    "x" * 64 + ".example",
]


@pytest.mark.parametrize("text", BAD_HOSTS, ids=repr)
def test_what_is_no_name_is_refused(text):
    with pytest.raises(Refusal) as refused:
        addresses.parse_authority(f"{text}:443")
    assert refused.value.code == "BRK030"


BAD_PORTS = ["", ":", ":0", ":65536", ":+1", ": 443", ":443:443", ":0443", ":\uff1443"]


@pytest.mark.parametrize("text", [f"docs.example{port}" for port in BAD_PORTS])
def test_a_port_is_a_plain_number(text):
    with pytest.raises(Refusal):
        addresses.parse_authority(text)


def test_names_are_lower_case_and_ascii_names_of_other_scripts_pass():
    assert addresses.parse_authority("Docs.EXAMPLE:443") == ("docs.example", 443)
    assert addresses.parse_authority("xn--dcs-8ka.example:8443") == ("xn--dcs-8ka.example", 8443)


PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104  nothing is bound to it
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_that_are_not_public(text):
    assert not addresses.is_public(ipaddress.ip_address(text))
    with pytest.raises(Refusal) as refused:
        asyncio.run(addresses.resolve("x.example", 443, table={"x.example": ("8.8.8.8", text)}))
    assert refused.value.code == "BRK034"


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_addresses_that_are_public(text):
    assert addresses.is_public(ipaddress.ip_address(text))
    assert asyncio.run(addresses.resolve("x.example", 443, table={"x.example": (text,)})) == text


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_another_is_judged_too(number):
    inner = ipaddress.IPv4Address(number)
    for outer in (f"64:ff9b::{inner}", f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1"):
        assert addresses.is_public(ipaddress.IPv6Address(outer)) <= addresses.is_public(inner)


def head(*lines):
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


BAD_HEADS = {
    "no version": head("GET /", "Host: a"),
    "http 2": head("GET / HTTP/2.0", "Host: a"),
    "lower-case method": head("get / HTTP/1.1", "Host: a"),
    "space in target": head("GET / x HTTP/1.1", "Host: a"),
    "nul in target": head("GET /\0 HTTP/1.1", "Host: a"),
    "no host": head("GET / HTTP/1.1"),
    "two hosts": head("GET / HTTP/1.1", "Host: a", "host: b"),
    "space before colon": head("GET / HTTP/1.1", "Host : a"),
    "folded header": head("GET / HTTP/1.1", "Host: a", " x: y"),
    "bare line feed": b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    "bare carriage return": head("GET / HTTP/1.1", "Host: a\rX: y"),
    "nul in value": head("GET / HTTP/1.1", "Host: a", "x: \0"),
    "both lengths": head("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "Transfer-Encoding: chunked"),
    "two lengths": head("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "Content-Length: 1"),
    "listed lengths": head("POST / HTTP/1.1", "Host: a", "Content-Length: 1, 1"),
    "signed length": head("POST / HTTP/1.1", "Host: a", "Content-Length: +1"),
    "hex length": head("POST / HTTP/1.1", "Host: a", "Content-Length: 0x1"),
    "huge length": head("POST / HTTP/1.1", "Host: a", "Content-Length: 9999999999999999"),
    "odd coding": head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: xchunked"),
    "two codings": head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: gzip, chunked"),
    "coding in 1.0": head("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"),
    "many headers": head("GET / HTTP/1.1", "Host: a", *(f"x{n}: 1" for n in range(101))),
    "two keys": head("GET / HTTP/1.1", "Host: a", "Authorization: a", "Authorization: b"),
}


@pytest.mark.parametrize("raw", BAD_HEADS.values(), ids=BAD_HEADS)
def test_a_head_that_is_ambiguous_is_refused(raw):
    with pytest.raises(Refusal) as refused:
        wire.parse_head(raw)
    assert refused.value.code in {"BRK010", "BRK011", "BRK014"}


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    for raw in (data + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n" + data + b"\r\n\r\n"):
        try:
            found = wire.parse_head(raw)
        except Refusal:
            continue
        assert all(c not in v for _, v in found.headers for c in "\r\n\0")


async def _read(data, *, end, seconds=0.2):
    reader = asyncio.StreamReader(limit=256 * 1024)
    reader.feed_data(data)
    if end:
        reader.feed_eof()
    return await wire.read_head(reader, seconds)


@pytest.mark.parametrize(
    ("data", "end", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False, "BRK013"),
        (b"GET / HTTP/1.1\r\nHo", True, "BRK010"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", False, "BRK011"),
        (b"x" * 300_000, False, "BRK011"),
    ],
)
def test_a_head_that_does_not_end_is_refused(data, end, code):
    with pytest.raises(Refusal) as refused:
        asyncio.run(_read(data, end=end))
    assert refused.value.code == code


def test_who_says_nothing_gets_no_answer():
    assert asyncio.run(_read(b"", end=True)) == b""
    assert asyncio.run(_read(b"", end=False)) == b""


def test_paths_of_two_readings_are_judged_as_the_whole_host():
    for path in ("/a/../b", "/a/./b", "/a//b", "/a%2Fb", "/a%5cb", "/%2e%2e/b", "/a%00"):
        assert judged_path(path) == "/"
    for path in (
        "/a/..;/b",
        "/a/..;x=1/b",
        "/a/.;/b",
        "/a/..%3b/b",
        "/a/%252e%252e/b",
        "/a%25252fb",
        "/a%c0%af..%c0%afb",
    ):
        assert judged_path(path) == "/"
    for path in ("/a%e0%80%afb", "/a%f0%80%80%afb", "/a%ef%bc%8fb", "/a/%ef%bc%8e%ef%bc%8e/b", "/a%C1%9Cb"):
        assert judged_path(path) == "/"
    for path in ("/a;v=1/b", "/a%25b", "/a/..b;x", "/%e2%82%ac", "/a%2540b"):
        assert judged_path(path) == path
    for path in ("/a\\b", "/a b", "/a%zz", "/a#b", "a"):
        with pytest.raises(Refusal):
            judged_path(path)
    assert judged_path("/a%20b/.c/d..e") == "/a%20b/.c/d..e"


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(0, 30))
def test_a_secret_never_passes_however_an_answer_is_cut(pieces, place):
    secret = "s3cret-s3cs3cret"  # noqa: S105  a made-up one
    masker = Masker()
    masker.learn(secret)
    whole = b"".join(pieces)
    data = whole[:place] + secret.encode() + whole[place:]
    stream, out = masker.stream(), b""
    cuts = sorted({0, len(data), *(len(p) * 3 % (len(data) + 1) for p in pieces)})
    for start, stop in itertools.pairwise(cuts):
        out += stream.feed(data[start:stop])
        assert secret.encode() not in out
    out += stream.end()
    assert secret.encode() not in out
    assert len(out) == len(data)
    assert stream.masked
