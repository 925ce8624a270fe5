"""Old versions of TLS and its broken ciphers, allowed by the standard library, urllib3, pyOpenSSL or Twisted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value

__all__ = ["FAMILY"]

VERSION = Rule(
    "HR711",
    327,
    "an old version of TLS or a broken cipher is allowed",
    "SSL 3, TLS 1.0 and 1.1 are broken; whoever is on the way asks for the weakest that is allowed.",
    "leave version and ciphers alone: ssl.create_default_context() takes 1.2 and newer",
    "import ssl\ncontext = ssl.create_default_context()\ncontext.minimum_version = ssl.TLSVersion.TLSv1\n",
    "import ssl\ncontext = ssl.create_default_context()\ncontext.minimum_version = ssl.TLSVersion.TLSv1_2\n",
)

_LIMITS = frozenset({"minimum_version", "maximum_version", "ssl_minimum_version", "ssl_maximum_version"})
_PROTOCOLS = frozenset({"ssl_version", "protocol", "method", "sslmethod"})
_CIPHERS = frozenset({"ciphers", "ssl_ciphers"})
_OLD = frozenset({"SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "MINIMUM_SUPPORTED", "TLS1_VERSION", "TLS1_1_VERSION"}) | {
    *("SSL3_VERSION", "SSLv2_METHOD", "SSLv3_METHOD", "TLSv1_METHOD", "TLSv1_1_METHOD"),
    *("PROTOCOL_SSLv2", "PROTOCOL_SSLv3", "PROTOCOL_TLSv1", "PROTOCOL_TLSv1_1"),
}
_CONTEXTS = frozenset({"ssl.SSLContext", "OpenSSL.SSL.Context", "urllib3.util.ssl_.create_urllib3_context"})
_SETTERS = frozenset({"set_min_proto_version", "set_max_proto_version"})
_TAKES_CIPHERS = frozenset({"set_ciphers", "set_cipher_list"})
_BROKEN = frozenset(
    {"anull", "enull", "null", "exp", "export", "export40", "export56", "low", "rc4", "des", "3des"}
) | {
    *("adh", "aecdh", "all", "complementofall", "@seclevel=0"),
}
_KEEP_OUT = frozenset({"OP_NO_SSLv2", "OP_NO_SSLv3", "OP_NO_TLSv1", "OP_NO_TLSv1_1"})
_ANONYMOUS = frozenset({"!anull", "!adh"})


def _on_call(call: Call, say: Say) -> None:
    for name in call.names:
        if name.startswith("set:") and last(name) in _LIMITS and _old(call.args[0]):
            say(VERSION, call.node, f"{last(name)} is an old one")
    for key in _LIMITS | _PROTOCOLS:
        if key in call.keywords and _old(call.keywords[key]):
            say(VERSION, call.node, f"{key} is an old one")
    if (call.names & _CONTEXTS or call.calls_method(_SETTERS)) and call.args and _old(call.args[0]):
        say(VERSION, call.node, "an old version")
    for value in _ciphers(call):
        broken = _broken(value.text or "")
        if broken:
            say(VERSION, call.node, f"the ciphers {broken}")


def _ciphers(call: Call) -> Iterator[Value]:
    if call.calls_method(_TAKES_CIPHERS):
        yield from call.args[:1]
    yield from (value for key, value in call.keywords.items() if key in _CIPHERS)


def _old(value: Value) -> bool:
    return any(last(ref) in _OLD for ref in value.refs)


def _broken(text: str) -> str:
    """The first word of an OpenSSL list that lets in what is broken; ``ALL`` does unless anonymous ones are out."""
    words = text.replace("@", ":@").replace(",", ":").replace(" ", ":").casefold().split(":")
    out = _ANONYMOUS & set(words)
    for word in words:
        parts = [] if word[:1] in {"!", "-"} else word.lstrip("+").split("+")
        if any(part in _BROKEN and not (out and part.endswith("all")) for part in parts):
            return word
    return ""


def _on_tree(tree: ast.Module, say: Say) -> None:
    """``options &= ~OP_NO_TLSv1``: what keeps an old version out is taken away."""
    for node in kinds(tree, ast.AugAssign, ast.Assign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(t, ast.Attribute) and t.attr == "options" for t in targets):
            flips = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitXor)
            away = [part for part in ast.walk(node.value) if flips or _takes_away(part)]
            if any(_named(part) & _KEEP_OUT for part in away):
                say(VERSION, node, "an old version is let in again")


def _takes_away(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)


def _named(node: ast.AST) -> set[str]:
    parts = list(ast.walk(node))
    return {p.attr for p in parts if isinstance(p, ast.Attribute)} | {p.id for p in parts if isinstance(p, ast.Name)}


_HEEDS = Heeds(
    names=_CONTEXTS,
    methods=_SETTERS | _TAKES_CIPHERS | _LIMITS,
    keywords=_LIMITS | _PROTOCOLS | _CIPHERS,
)
FAMILY = Family("versions", (VERSION,), _on_call, None, _on_tree, heeds=_HEEDS)
