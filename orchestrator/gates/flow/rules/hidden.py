"""What the scanners refuse, reached so that they do not see it; and weaknesses that they know only in one spelling."""

from __future__ import annotations

import ast
import re

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

DIGEST = Rule(
    "HR801",
    327,
    "a broken hash or cipher is chosen in a roundabout way",
    "MD5, SHA-1, DES and RC4 no longer protect anything, however they are spelt.",
    "use sha256 or better; for what is no matter of security pass usedforsecurity=False",
    "import hashlib\nhashlib.new('m' + 'd5', b'x')\n",
    "import hashlib\nhashlib.new('sha' + '256', b'x')\n",
)
NAME = Rule(
    "HR802",
    377,
    "the name of a temporary file is guessed, in a roundabout way",
    "Between the name and its use somebody else can put a file or a link there.",
    "use tempfile.NamedTemporaryFile or mkstemp",
    "import tempfile\nopen(getattr(tempfile, 'mk' + 'temp')(), 'w')\n",
    "import tempfile\ntempfile.NamedTemporaryFile('w')\n",
)
DOCUMENT = Rule(
    "HR803",
    611,
    "an XML parser that trusts its input is reached in a roundabout way",
    "Entities can read files, call other machines, or grow without end.",
    "parse with defusedxml",
    "import importlib\nimportlib.import_module('xml.etree.' + 'ElementTree').fromstring(x)\n",
    "from defusedxml import ElementTree\nElementTree.fromstring(x)\n",
    "medium",
)
CLEAR = Rule(
    "HR804",
    319,
    "a protocol without encryption is reached in a roundabout way",
    "Passwords and data can be read on the way.",
    "use ssh, https or TLS",
    "t = __import__('tel' + 'netlib')\nt.Telnet('host')\n",
    "import ssl\nssl.create_default_context()\n",
    "medium",
)
LISTENS = Rule(
    "HR805",
    605,
    "a server listens to every network",
    "An empty address means all of them, as 0.0.0.0 does.",
    "bind to 127.0.0.1, or to the address that is meant",
    "import socket\ns = socket.socket()\ns.bind(('', 8080))\n",
    "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 8080))\n",
    "medium",
    Disposition.PERSON,
)
DEBUGGER = Rule(
    "HR806",
    489,
    "a web server runs with its debugger",
    "Whoever causes an error gets a console on the server.",
    "leave debug off; switch it on in a file that is not deployed",
    "from flask import Flask\napp = Flask(__name__)\napp.run(**{'debug': True})\n",
    "from flask import Flask\napp = Flask(__name__)\napp.run(port=8000)\n",
)
COMPARED = Rule(
    "HR807",
    208,
    "a signature is compared so that time tells how much of it is right",
    "An attacker finds it byte by byte.",
    "hmac.compare_digest(one, other)",
    "import hmac\n\n\ndef valid(key, body, given):\n    return hmac.new(key, body, 'sha256').hexdigest() == given\n",
    "import hmac\n\n\ndef valid(key, body, given):\n"
    "    return hmac.compare_digest(hmac.new(key, body, 'sha256').hexdigest(), given)\n",
    "medium",
)

_BROKEN = Late(r"(?:md[245]|sha-?1|sha|ripemd160|des|rc[24]|arc4)", re.IGNORECASE)
_DODOME = Late(
    r"Crypto(?:dome)?\.(?:Cipher\.(?:DES3?|ARC[24]|Blowfish|CAST|IDEA|XOR)|Hash\.(?:MD[245]|SHA1?|RIPEMD(?:160)?))\.new"
)
"""What pycryptodome has of them, also what the scanners do not know there."""
_DIGESTS = frozenset({"hashlib.md5", "hashlib.sha1", "hashlib.openssl_md5", "hashlib.openssl_sha1"})
_CHOOSERS = {"hashlib.new": (0, "name"), "hmac.new": (2, "digestmod"), "hmac.digest": (2, "digest")}
_XML = ("xml.etree.", "xml.sax.", "xml.dom.", "xml.parsers.expat.", "xmlrpc.client.")
_PARSES = frozenset({"parse", "fromstring", "XML", "iterparse", "parseString", "XMLParser", "make_parser"})
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - what is looked for
_SERVERS = frozenset(
    f"{module}.{name}"
    for module, names in {
        "http.server": ("HTTPServer", "ThreadingHTTPServer"),
        "socketserver": ("TCPServer", "UDPServer", "ThreadingTCPServer", "ThreadingUDPServer"),
        "xmlrpc.server": ("SimpleXMLRPCServer",),
    }.items()
    for name in names
)
_EVERYWHERE = frozenset({"", "::"})
_EQUALS = frozenset({"operator.eq", "operator.ne", "operator.is_"})


def _on_call(call: Call, say: Say) -> None:
    _digest(call, say)
    if not call.plain:
        _unseen(call, say)
    listens = call.calls_method(frozenset({"bind", "create_server"})) or call.is_one_of(_SERVERS)
    address = call.arg(0) if listens else None
    if address is not None and address.items and address.items[0].text in _EVERYWHERE and address.items[1:]:
        say(LISTENS, call.node, call.method())
    host = call.keywords.get("host")
    if host is not None and host.text in _ANYWHERE and not _literal(call, "host"):
        say(LISTENS, call.node, f"{call.method()} on {host.text}")
    debug = call.keywords.get("debug")
    if call.names & {"flask.Flask().run", "quart.Quart().run"} and debug is not None and debug.const is True:
        say(DEBUGGER, call.node, "debug=True")
    if call.names & {"compare:Eq", "compare:NotEq"} and any(_signature(value) for value in call.args):
        say(COMPARED, call.node, "== on an HMAC")
    if call.names & _EQUALS and any(_signature(value) for value in call.args):
        say(COMPARED, call.node, f"{call.method()} on an HMAC")


def _literal(call: Call, keyword: str) -> bool:
    """A text that stands there as it is goes to the scanners."""
    given = call.node.keywords if isinstance(call.node, ast.Call) else []
    return any(k.arg == keyword and isinstance(k.value, ast.Constant) for k in given)


def _unseen(call: Call, say: Say) -> None:
    if call.is_one_of(_DIGESTS) and not _harmless(call):
        say(DIGEST, call.node, call.is_one_of(_DIGESTS))
    if "tempfile.mktemp" in call.names:
        say(NAME, call.node, "tempfile.mktemp")
    parser = next((n for n in sorted(call.names) if n.startswith(_XML) and last(n) in _PARSES), "")
    if parser:
        say(DOCUMENT, call.node, parser)
    if call.names & {"telnetlib.Telnet", "ftplib.FTP"}:
        say(CLEAR, call.node, call.method())


def _digest(call: Call, say: Say) -> None:
    old = next((name for name in sorted(call.names) if _DODOME.fullmatch(name)), "")
    if old:
        say(DIGEST, call.node, old)
    chooser = call.is_one_of(frozenset(_CHOOSERS))
    if not chooser or _harmless(call):
        return
    chosen = call.arg(*_CHOOSERS[chooser])
    broken = chosen is not None and (_BROKEN.fullmatch(chosen.text or "") or chosen.refs & _DIGESTS)
    # A name that stands there as it is goes to the scanners, which know it in hashlib alone.
    if broken and not (chooser == "hashlib.new" and call.plain and _written_out(call)):
        say(DIGEST, call.node, f"{chooser} of {next(iter(sorted(chosen.refs)), chosen.text) if chosen else ''}")


def _harmless(call: Call) -> bool:
    meant = call.keywords.get("usedforsecurity")
    return meant is not None and meant.const is False


def _written_out(call: Call) -> bool:
    arguments = call.node.args if isinstance(call.node, ast.Call) else []
    return bool(arguments) and isinstance(arguments[0], ast.Constant)


def _signature(value: Value) -> bool:
    return value.const is NOTHING and any(
        ref.startswith("hmac.") and ref.endswith(("digest()", "hmac.digest()")) for ref in value.refs
    )


_HEEDS = Heeds(
    names=_DIGESTS
    | _SERVERS
    | _EQUALS
    | {*_CHOOSERS, "tempfile.mktemp", "telnetlib.Telnet", "ftplib.FTP"}
    | {"flask.Flask().run", "quart.Quart().run", "compare:Eq", "compare:NotEq"},
    methods=frozenset({"bind", "create_server"}),
    beginnings=(*_XML, "Crypto.", "Cryptodome."),
    keywords=frozenset({"host"}),
)
FAMILY = Family("hidden", (DIGEST, NAME, DOCUMENT, CLEAR, LISTENS, DEBUGGER, COMPARED), _on_call, heeds=_HEEDS)
