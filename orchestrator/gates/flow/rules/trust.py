"""What is trusted without a proof: certificates, tokens, entities, weak secrets; and what leaves the machine."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.capabilities import capability_of
from orchestrator.gates.flow.names import HASHES, last
from orchestrator.gates.flow.rule import ANY_INPUT, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.values import NOTHING, Value, constant
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

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
    "boto3.",
    "botocore.",
)
_VERBS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "fetch"])
_OFF = ("verify", "ssl", "verify_ssl", "check_hostname", "ssl_verify", "validate_certs", "assert_hostname")
_BLIND_SWITCHES = (
    "tlsAllowInvalidCertificates",
    "tlsAllowInvalidHostnames",
    "tlsInsecure",
    "ssl_allow_invalid_certificates",
)
_UNCHECKED = ("ssl_check_hostname", "verify_certs", "ssl_verify_cert")
"""Keywords that say of themselves what they switch off, whatever is called."""
_INSECURE_METHODS = frozenset({"tls_insecure_set"})
_BLIND_CONTEXTS = frozenset({"ssl._create_unverified_context", "ssl._create_stdlib_context"})
_BLIND_LDAP = frozenset({"OPT_X_TLS_NEVER", "OPT_X_TLS_ALLOW"})
_BLIND_POLICIES = frozenset({"AutoAddPolicy", "WarningPolicy", "MissingHostKeyPolicy"})
_CLIENT = Late(r"session|client|requests|http|conn(?:ection)?\b", re.IGNORECASE)
_BLIND: dict[str, tuple[str, ...]] = {
    "PYTHONHTTPSVERIFY": ("0",),
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "CURL_CA_BUNDLE": ("",),
    "REQUESTS_CA_BUNDLE": ("",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "OAUTHLIB_INSECURE_TRANSPORT": ("1", "true"),
}
"""Variable → values with which certificates are not checked."""
_DECODES = frozenset(
    f"{module}.{name}"
    for module in ("jwt", "jose.jwt", "jwt.PyJWT()", "jwt.api_jwt")
    for name in ("decode", "decode_complete")
)
_JOSE = frozenset({"authlib.jose.JsonWebToken", "authlib.jose.JsonWebSignature", "joserfc.jws.JWSRegistry"})
_XML_PARSERS = frozenset({"XMLParser", "XMLPullParser", "ETCompatXMLParser"})
_PARSES = frozenset({"parse", "fromstring", "XML", "iterparse", "parseString", "fromstringlist"})
_FAST = frozenset(f"hashlib.{n}" for n in (*HASHES, "new"))
_PASSWORD = Late(r"passw(?:or)?d|passphrase|\bpwd\b", re.IGNORECASE)
_RESOLVERS = frozenset(
    {"socket.gethostbyname", "socket.gethostbyname_ex", "socket.getaddrinfo", "dns.resolver.resolve"}
)
_BLOCKS = frozenset(
    {"Crypto.Cipher.AES.new", "Cryptodome.Cipher.AES.new", "Crypto.Cipher.DES3.new", "Crypto.Cipher.DES.new"}
)


def _on_call(call: Call, say: Say) -> None:
    _tls(call, say)
    _environment(call, say)
    if any(_true(call.keywords.get(name)) for name in _BLIND_SWITCHES):
        say(TLS, call.node, "certificates that are not valid are taken")
    if any(value is not None and value.const is False for value in map(call.keywords.get, _UNCHECKED)):
        say(TLS, call.node, "a certificate or its name is not checked")
    if call.calls_method(_INSECURE_METHODS) and _true(call.arg(0, "value")):
        say(TLS, call.node, call.method())
    known = call.keywords.get("known_hosts") if any(n.startswith("asyncssh.") for n in call.names) else None
    if known is not None and known.const is None:
        say(TLS, call.node, "the key of any host is taken")
    if call.calls_method(frozenset({"set_option"})) and any(last(r) in _BLIND_LDAP for v in call.args for r in v.refs):
        say(TLS, call.node, "a directory's certificate is not asked for")
    policies = call.args if call.calls_method(frozenset({"set_missing_host_key_policy"})) else ()
    if any(last(ref).removesuffix("()") in _BLIND_POLICIES for policy in policies for ref in policy.refs):
        say(TLS, call.node, "the key of any host is taken")
    _token(call, say)
    _entities(call, say)
    _crypto(call, say)
    _leak(call, say)


_SILENCES = frozenset({"urllib3.disable_warnings", "requests.packages.urllib3.disable_warnings"})
_INSECURE = frozenset({"InsecureRequestWarning", "HTTPWarning", "SecurityWarning"})


def _tls(call: Call, say: Say) -> None:
    web = bool(call.keywords) and (any(name.startswith(_HTTP) for name in call.names) or call.calls_method(_VERBS))
    for keyword in _OFF if web else ():
        value = call.keywords.get(keyword)
        if value is not None and _off(value):
            say(TLS, call.node, f"{keyword}=False")
    required = call.keywords.get("cert_reqs")
    if required is not None and (required.text == "CERT_NONE" or "ssl.CERT_NONE" in required.refs):
        say(TLS, call.node, "cert_reqs is CERT_NONE")
    if call.calls_method(frozenset({"cert_verify"})) and any(value.const is False for value in call.every()):
        say(TLS, call.node, "cert_verify without verification")
    _tls_context(call, say)
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


def _tls_context(call: Call, say: Say) -> None:
    if call.names & _BLIND_CONTEXTS:
        say(TLS, call.node, "a context that verifies nothing")
    if call.names & _SILENCES and all(last(ref) in _INSECURE for value in call.every() for ref in value.refs):
        say(TLS, call.node, "the warning about it is silenced")
    if "ssl.SSLContext" in call.names and _verifies_nothing(call.arg(0, "protocol")):
        say(TLS, call.node, "ssl.SSLContext() verifies nothing; ssl.create_default_context() does")


def _true(value: Value | None) -> bool:
    return value is not None and value.const is True


def _verifies_nothing(protocol: Value | None) -> bool:
    """Only ``PROTOCOL_TLS_CLIENT`` verifies by itself; a server's side has nothing to verify."""
    return protocol is None or bool({last(ref) for ref in protocol.refs} & {"PROTOCOL_TLS", "PROTOCOL_SSLv23"})


def _off(value: Value) -> bool:
    """False, or what counts as such; ``None`` asks for the default."""
    return value.const is not NOTHING and value.const is not None and not value.const


def _tls_setting(call: Call, attribute: str, name: str, say: Say) -> None:
    value = call.args[0]
    if attribute == "check_hostname" and _off(value):
        say(TLS, call.node, "check_hostname is off")
    if attribute in {"verify_ssl", "ssl_verify", "assert_hostname"} and value.const is False:
        say(TLS, call.node, f"{attribute} is off")
    if attribute == "verify" and _off(value) and _CLIENT.search(name + ast.unparse(call.node)[:200]):
        say(TLS, call.node, "verify is off")
    if attribute == "verify_mode" and (_off(value) or any(last(ref) == "CERT_NONE" for ref in value.refs)):
        say(TLS, call.node, "verify_mode = CERT_NONE")
    if name.startswith("set:ssl.") and value.refs & _BLIND_CONTEXTS:
        say(TLS, call.node, "every TLS connection of the program")


def _environment(call: Call, say: Say) -> None:
    """Variables that switch the verification off for all libraries of the process."""
    settings: list[tuple[object, Value]] = [pair for value in call.every() for pair in value.pairs or ()]
    if "set:os.environ[]" in call.names:
        settings.append((call.args[1].const, call.args[0]))
    elif call.names & {"os.putenv", "os.environ.setdefault"} and call.args[1:]:
        settings.append((call.args[0].const, call.args[1]))
    for key, value in settings:
        if isinstance(key, str) and value.text is not None and value.text in _BLIND.get(key, ()):
            say(TLS, call.node, f"{key}={value.text!r}")


def _decoded(call: Call, say: Say) -> None:
    options = call.arg(3, "options")
    unsigned = options.member("verify_signature") if options is not None else None
    endless = options.member("verify_exp") if options is not None else None
    verify = call.arg(2, "verify")
    algorithms = call.keywords.get("algorithms")
    none = algorithms is not None and any(_chosen(i) for i in algorithms.items or (algorithms,))
    if (unsigned is not None and _off(unsigned)) or (verify is not None and verify.const is False) or none:
        say(TOKEN, call.node, "jwt.decode")
    elif endless is not None and endless.const is False:
        say(TOKEN, call.node, "jwt.decode takes a token that has expired")
    elif options is not None and all(_is_false(options.member(k)) for k in ("verify_aud", "verify_iss")):
        say(TOKEN, call.node, "jwt.decode takes a token that was made for somebody else")
    if algorithms is not None and _confused(algorithms):
        say(TOKEN, call.node, "the same key for a signature and for a shared secret: a public key signs")
    _key(call, call.arg(1, "key"), say)


def _token(call: Call, say: Say) -> None:
    if call.is_one_of(_DECODES):
        _decoded(call, say)
    if call.names & {"jwt.encode", "jose.jwt.encode"}:
        algorithm = call.arg(2, "algorithm")
        if algorithm is not None and (algorithm.const is None or (algorithm.text or "").casefold() == "none"):
            say(TOKEN, call.node, "a token without a signature")
        _key(call, call.arg(1, "key"), say)
    offered = call.arg(0, "algorithms") if call.is_one_of(_JOSE) else None
    if offered is not None and any((item.text or "").casefold() == "none" for item in offered.items or ()):
        say(TOKEN, call.node, "a token without a signature is taken")
    keys = call.arg(0, "uri") if call.calls_method(frozenset({"PyJWKClient"})) else None
    if keys is not None and any("unverified_header" in ref for ref in keys.refs):
        say(TOKEN, call.node, "the token says where its key is found")
    if call.calls_method(frozenset({"get_unverified_claims"})):
        say(TOKEN, call.node, "claims that nobody verified")


def _chosen(algorithm: Value) -> bool:
    """No algorithm, or the one that the sender names."""
    return (algorithm.text or "").casefold() == "none" or any("unverified_header" in ref for ref in algorithm.refs)


def _is_false(value: Value | None) -> bool:
    return value is not None and value.const is False


def _confused(algorithms: Value) -> bool:
    names = [item.text or "" for item in algorithms.items or ()]
    return any(n.startswith("HS") for n in names) and any(n.startswith(("RS", "ES", "PS", "Ed")) for n in names)


def _key(call: Call, key: Value | None, say: Say) -> None:
    if key is not None and isinstance(key.const, str | bytes) and key.const:
        say(KEY, call.node, "a constant as key")


def _entities(call: Call, say: Say) -> None:
    if any(last(n) in _XML_PARSERS and "lxml" in n for n in call.names):
        on = [call.keywords.get(name) for name in ("resolve_entities", "load_dtd")]
        network = call.keywords.get("no_network")
        if any(v is not None and v.const is True for v in on) or (network is not None and network.const is False):
            say(ENTITIES, call.node, "XMLParser that follows entities")
    events = any(n.startswith("lxml.etree.") and last(n) == "iterparse" for n in call.names)
    if events and (_true(call.keywords.get("resolve_entities")) or _true(call.keywords.get("load_dtd"))):
        say(ENTITIES, call.node, "iterparse that follows entities")
    parses = any(n.startswith(("lxml.etree.", "lxml.objectify.")) and last(n) in _PARSES for n in call.names)
    if parses and call.arg(1, "parser") is None and dirty(call.arg(0, "source", "text"), "xml", ANY_INPUT):
        say(ENTITIES, call.node, "lxml on data from outside with its default parser")
    if call.calls_method(frozenset({"xinclude"})):
        say(ENTITIES, call.node, "a document includes what it names")
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
    if not call.plain and any(n.endswith("ciphers.modes.ECB") for n in call.names):
        say(CIPHER, call.node, "modes.ECB")
    if any(n.startswith("itsdangerous.") and "Serializer" in last(n) for n in call.names):
        _key(call, call.arg(0, "secret_key"), say)
    block = call.is_one_of(_BLOCKS)
    if block:
        mode, start = call.arg(1, "mode"), call.arg(2, "iv", "IV", "nonce")
        if mode is not None and (mode.const == 1 or any(last(r) == "MODE_ECB" for r in mode.refs)):
            say(CIPHER, call.node, "MODE_ECB")
        elif start is not None and start.const is not NOTHING:
            say(CIPHER, call.node, "a constant initialisation vector")


@lru_cache(maxsize=16_384)
def _sends(names: frozenset[str]) -> bool:
    return any(capability_of(n) == "network" or last(n) in {"sendall", "send", "sendto"} for n in names)


def _leak(call: Call, say: Say) -> None:
    asked = call.arg(0) if call.is_one_of(_RESOLVERS) else None
    if asked is not None and asked.built and asked.everything().taint & {"env", "environ", "secret"}:
        say(LEAK, call.node, "a name is asked for that holds a variable of the environment")
    if not _sends(call.names):
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


_HEEDS = Heeds(
    names=_DECODES
    | _FAST
    | _BLOCKS
    | _RESOLVERS
    | _BLIND_CONTEXTS
    | _SILENCES
    | _JOSE
    | {"ssl.SSLContext", "set:os.environ[]", "os.putenv", "os.environ.setdefault", "jwt.encode", "jose.jwt.encode"},
    methods=_XML_PARSERS
    | {"set_option", "set_missing_host_key_policy", "cert_verify", "setopt"}
    | _INSECURE_METHODS
    | {
        "verify_ssl",
        "ssl_verify",
        "assert_hostname",
        "xinclude",
        "PyJWKClient",
        "get_unverified_claims",
        "setFeature",
        "check_hostname",
        "verify",
        "verify_mode",
        "ECB",
    },
    beginnings=("set:ssl.", "lxml.etree.", "lxml.objectify.", "itsdangerous."),
    form=lambda name: _sends(frozenset({name})),
    keywords=frozenset(
        {*_OFF, *_BLIND_SWITCHES, *_UNCHECKED, "known_hosts", "cert_reqs", "disable_entities", "forbid_entities"}
    ),
    keys=frozenset(_BLIND),
)
FAMILY = Family("trust", (TLS, TOKEN, KEY, ENTITIES, PASSWORD, LEAK, CIPHER), _on_call, heeds=_HEEDS)
