"""Switches that open what is closed by default: debuggers, rights of files, keys that are too short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

RIGHTS = Rule(
    "HR405",
    732,
    "everybody on the machine may write a file, or run it as its owner",
    "Any other program or user puts what it wants there, or does what only the owner may.",
    "give the owner what is needed: 0o600, 0o700",
    "import pathlib\npathlib.Path('a').chmod(0o777)\n",
    "import pathlib\npathlib.Path('a').chmod(0o600)\n",
    "medium",
)
CONSOLE = Rule(
    "HR808",
    489,
    "a web application's debugger is switched on by a setting",
    "Whoever causes an error gets a console on the server.",
    "leave it off; switch it on in a file that is not deployed",
    "from flask import Flask\napp = Flask(__name__)\napp.debug = True\n",
    "from flask import Flask\napp = Flask(__name__)\napp.title = True\n",
)
SHORT = Rule(
    "HR809",
    326,
    "a key is too short, in a roundabout way",
    "A key of that size can be broken.",
    "use at least 2048 bits for RSA and DSA",
    "from cryptography.hazmat.primitives.asymmetric import rsa\n"
    "rsa.generate_private_key(public_exponent=65537, key_size=512 * 2)\n",
    "from cryptography.hazmat.primitives.asymmetric import rsa\n"
    "rsa.generate_private_key(public_exponent=65537, key_size=1024 * 4)\n",
    "medium",
)

COOKIE = Rule(
    "HR810",
    614,
    "a cookie's protection is switched off",
    "It is sent in the clear, or any script of the page can read it.",
    "secure=True, httponly=True",
    "def keep(response, value):\n    response.set_cookie('session', value, secure=False)\n",
    "def keep(response, value):\n    response.set_cookie('session', value, secure=True, httponly=True)\n",
    "medium",
)
FORGED = Rule(
    "HR811",
    352,
    "a request is taken that another site may have forged",
    "The reader's browser sends the cookies along, whoever made it ask.",
    "leave the check on; authenticate machines by a signature of the body",
    "from django.views.decorators.csrf import csrf_exempt\n\n\n@csrf_exempt\ndef pay(request):\n    return None\n",
    "from django.views.decorators.csrf import csrf_protect\n\n\n@csrf_protect\ndef pay(request):\n    return None\n",
    "medium",
    Disposition.PERSON,
)
ROUNDS = Rule(
    "HR812",
    916,
    "a key is derived from a password with few rounds",
    "A few rounds cost nobody anything: every likely password is tried in minutes.",
    "pbkdf2_hmac with 600,000 rounds of sha256, bcrypt with 12, or scrypt",
    "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'word', b'salt', 1000)\n",
    "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'word', salt, 600_000)\n",
    "medium",
    Disposition.PERSON,
)
HOSTS = Rule(
    "HR813",
    644,
    "a server answers under whatever name it is asked, or without encryption",
    "The name that a sender chose gets into links and caches; a first request in the clear is read on the way.",
    "name the hosts, and leave the redirect to TLS on",
    "MIDDLEWARE = []\nROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['*']\n",
    "MIDDLEWARE = []\nROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['shop.example.com']\n",
    "medium",
    Disposition.PERSON,
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

_OF_DJANGO = frozenset(
    {"INSTALLED_APPS", "MIDDLEWARE", "ROOT_URLCONF", "DATABASES", "TEMPLATES", "WSGI_APPLICATION", "SECRET_KEY"}
    | {
        "ALLOWED_HOSTS",
        "STATIC_URL",
        "AUTH_USER_MODEL",
        "ASGI_APPLICATION",
        "DEFAULT_AUTO_FIELD",
        "CSRF_TRUSTED_ORIGINS",
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "SESSION_ENGINE",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
    }
)
_ENOUGH = 2
"""Names by which a module says that it is settings of Django."""
_PRODUCTION = Late(r"prod(?:uction)?|live", re.IGNORECASE)
_TRUE = frozenset({"true", "1", "yes", "on"})
_CONFIGURES = frozenset({"django.conf.settings.configure", "flask.Flask().config.from_mapping"})
_CONSOLES = frozenset({"werkzeug.debug.DebuggedApplication", "werkzeug.debug.tbtools.DebuggedApplication"})
_EXEMPTS = frozenset({"django.views.decorators.csrf.csrf_exempt"})
_APPS = ("flask.Flask()", "quart.Quart()")
_CHMODS = frozenset({"os.chmod", "os.lchmod", "os.fchmod"})
_PATH_CHMODS = frozenset({"pathlib.Path().chmod", "pathlib.Path().lchmod", "pathlib.PosixPath().chmod"})
_COOKIES = frozenset({"set_cookie", "set_signed_cookie"})
_COOKIE_SETTINGS = frozenset(
    f"{name}_COOKIE_{flag}" for name in ("SESSION", "REMEMBER", "CSRF") for flag in ("SECURE", "HTTPONLY")
)
_PBKDF2 = {
    "hashlib.pbkdf2_hmac": 3,
    "pbkdf2.PBKDF2HMAC": 3,
    "KDF.PBKDF2": 3,
    "bcrypt.gensalt": 0,
    "hashlib.scrypt": -1,
    "scrypt.Scrypt": 2,
    "KDF.scrypt": 3,
}
"""Where each has the number that says how much work it is."""
_PATTERN_CHARACTERS = 100
_STRANGER = "https://q7z.invalid"
_ROUNDS = 100_000
_COSTS = {"bcrypt.gensalt": 10, "hashlib.scrypt": 2**13, "scrypt.Scrypt": 2**13, "KDF.scrypt": 2**13}
_EVERYBODY_WRITES, _AS_OWNER = 0o002, 0o4000
_BITS = 2048
_GENERATORS = {"rsa.generate_private_key": 1, "dsa.generate_private_key": 0, "RSA.generate": 0, "DSA.generate": 0}


def _on_call(call: Call, say: Say) -> None:
    _rights(call, say)
    _debugger(call, say)
    _configured(call, say)
    flags = [call.keywords.get(name) for name in ("secure", "httponly")] if call.calls_method(_COOKIES) else []
    if any(flag is not None and flag.const is False for flag in flags):
        say(COOKIE, call.node, "secure or httponly is False")
    if call.is_one_of(_EXEMPTS) or (call.calls_method(frozenset({"exempt"})) and "flask_wtf.csrf" in str(call.names)):
        say(FORGED, call.node, call.method())
    place = next((at for name, at in _GENERATORS.items() if any(n.endswith(f".{name}") for n in call.names)), None)
    size = call.arg(place, "key_size", "bits") if place is not None else None
    if size is not None and isinstance(size.const, int) and size.const < _BITS and not _written_out(call, size):
        say(SHORT, call.node, f"{size.const} bits")
    _rounds(call, say)
    _origins(call, say)


def _origins(call: Call, say: Say) -> None:
    if call.calls_method(frozenset({"CORS", "CORSMiddleware", "add_middleware"})):
        origins = call.keywords.get("origins") or call.keywords.get("allow_origins")
        with_cookies = call.keywords.get("supports_credentials") or call.keywords.get("allow_credentials")
        if origins is not None and _on(with_cookies) and _star(origins):
            say(ORIGIN, call.node, "any origin with credentials")
        pattern = call.keywords.get("allow_origin_regex")
        if pattern is not None and _on(with_cookies) and _fits_anybody(pattern.text or ""):
            say(ORIGIN, call.node, "a pattern that fits any origin, with credentials")


def _star(value: Value) -> bool:
    return value.text == "*" or any(item.text == "*" for item in value.items or ())


def _fits_anybody(pattern: str) -> bool:
    """Whether it fits a host that nobody meant. Short ones alone: a pattern of a stranger is run here."""
    if not 0 < len(pattern) <= _PATTERN_CHARACTERS:
        return False
    try:
        return re.fullmatch(pattern, _STRANGER) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _rounds(call: Call, say: Say) -> None:
    kind = next((kind for kind in _PBKDF2 if any(n.endswith(kind) for n in call.names)), None)
    if kind is None:
        return
    rounds = call.arg(_PBKDF2[kind], "iterations", "count", "rounds", "n", "N")
    enough = _COSTS.get(kind, _ROUNDS)
    if rounds is not None and isinstance(rounds.const, int) and rounds.const < enough:
        say(ROUNDS, call.node, f"{rounds.const} rounds")


def _rights(call: Call, say: Say) -> None:
    if call.is_one_of(_PATH_CHMODS):
        mode = call.arg(0, "mode")
    elif call.is_one_of(_CHMODS):
        mode = call.arg(1, "mode")
    else:
        mode = None
    if mode is not None and isinstance(mode.const, int) and mode.const & (_EVERYBODY_WRITES | _AS_OWNER):
        say(RIGHTS, call.node, f"mode {mode.const:o}")


def _debugger(call: Call, say: Say) -> None:
    for app in _APPS:
        if f"set:{app}.debug" in call.names and call.args[0].const is True:
            say(CONSOLE, call.node, "debug = True")
        if f"set:{app}.config[]" in call.names and call.args[1].text == "DEBUG" and call.args[0].const is True:
            say(CONSOLE, call.node, "config['DEBUG'] = True")
        if f"{app}.config.update" in call.names and _on(call.keywords.get("DEBUG")):
            say(CONSOLE, call.node, "config.update(DEBUG=True)")
        for name, value in _given(call, app):
            if name in _COOKIE_SETTINGS and value.const is False:
                say(COOKIE, call.node, f"{name} is False")


def _given(call: Call, app: str) -> Iterator[tuple[object, Value]]:
    """Settings of an application, one by one or several at once."""
    if f"set:{app}.config[]" in call.names:
        yield call.args[1].const, call.args[0]
    if call.names & {f"{app}.config.update", f"{app}.config.from_mapping"}:
        yield from call.keywords.items()
        yield from (pair for value in call.every() for pair in value.pairs or ())


def _configured(call: Call, say: Say) -> None:
    evaluates = call.arg(1, "evalex")
    if call.is_one_of(_CONSOLES) and evaluates is not None and evaluates.const is True:
        say(CONSOLE, call.node, "DebuggedApplication(evalex=True)")
    if call.is_one_of(_CONFIGURES) and _on(call.keywords.get("DEBUG")):
        say(CONSOLE, call.node, f"{call.method()}(DEBUG=True)")


def _on_tree(tree: ast.Module, say: Say) -> None:
    """``DEBUG`` of a module that is settings of Django, or of a class that is settings of production."""
    names = {target.id for node in tree.body for target in _targets(node)}
    if len(names & _OF_DJANGO) >= _ENOUGH or (names & _OF_DJANGO and _builds_on_settings(tree)):
        _debugs(tree.body, say)
        _opened(tree.body, say)
    _masks(tree, say)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _PRODUCTION.search(node.name):
            _debugs(node.body, say)


def _opened(body: Sequence[ast.stmt], say: Say) -> None:
    """Settings of Django that are safe as long as nobody says otherwise."""
    for node in body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        for name in (target.id for target in _targets(node)):
            off = isinstance(value, ast.Constant) and value.value is False
            if off and name in _COOKIE_SETTINGS:
                say(COOKIE, node, f"{name} is False")
            elif off and name == "SECURE_SSL_REDIRECT":
                say(HOSTS, node, f"{name} is False")
            elif (
                name == "ALLOWED_HOSTS" and isinstance(value, ast.List | ast.Tuple) and any(map(_any_host, value.elts))
            ):
                say(HOSTS, node, "ALLOWED_HOSTS holds '*'")


def _any_host(host: ast.expr) -> bool:
    return isinstance(host, ast.Constant) and host.value == "*"


def _masks(tree: ast.Module, say: Say) -> None:
    """``umask(0)``, but for ``old = umask(0)`` with ``umask(old)`` after it: there is no other way to ask for it."""
    calls = [n for n in kinds(tree, ast.Call) if n.args and _called(n) == "umask"]
    restored = {n.args[0].id for n in calls if isinstance(n.args[0], ast.Name)}
    asking = {n.value for n in kinds(tree, ast.Assign) if calls and any(t.id in restored for t in _targets(n))}
    for call in calls:
        mask = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
        if isinstance(mask, int) and not mask & _EVERYBODY_WRITES and call not in asking:
            say(RIGHTS, call, f"umask {mask:o}")


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _targets(node: ast.stmt) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target for target in targets if isinstance(target, ast.Name)]


def _builds_on_settings(tree: ast.Module) -> bool:
    """``from .base import *``: a part of settings that are spread over several modules."""
    return any(isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names) for node in tree.body)


def _debugs(body: Sequence[ast.stmt], say: Say) -> None:
    for node in body:
        if isinstance(node, ast.If):
            _debugs([*node.body, *node.orelse], say)
        elif any(target.id == "DEBUG" for target in _targets(node)):
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if value is not None and _switched_on(value):
                say(CONSOLE, node, "DEBUG is on")


def _switched_on(value: ast.expr) -> bool:
    """True as it stands, or when a variable is not set: ``os.environ.get("DEBUG", "1")``."""
    match value:
        case ast.Constant(value=plain):
            return plain is True or plain == 1
        case ast.UnaryOp(op=ast.Not(), operand=ast.Constant(value=plain)):
            return not plain
        case ast.Compare(left=ast.Call() as asked, ops=[ast.Eq() | ast.In()], comparators=[_]):
            return _by_default(asked)
        case ast.Call():
            # bool(int(...)) and its like say nothing by themselves
            inner = next((a for a in value.args[:1] if isinstance(a, ast.Call)), None)
            return _by_default(value) or (inner is not None and _switched_on(inner))
        case _:
            return False


def _by_default(asked: ast.Call) -> bool:
    while isinstance(asked.func, ast.Attribute) and isinstance(asked.func.value, ast.Call):
        # .lower() and the like of what was asked
        asked = asked.func.value
    given = [*asked.args[1:2], *(k.value for k in asked.keywords if k.arg in {"default", "cast_default"})]
    return any(isinstance(d, ast.Constant) and str(d.value).casefold() in _TRUE for d in given)


def _on(value: Value | None) -> bool:
    return value is not None and value.const is True


def _written_out(call: Call, size: Value) -> bool:
    """A size that stands there as it is goes to the scanners."""
    node = call.node
    parts = [*node.args, *(k.value for k in node.keywords if k.arg)] if isinstance(node, ast.Call) else []
    return call.plain and any(isinstance(p, ast.Constant) and p.value == size.const for p in parts)


_HEEDS = Heeds(
    names=_CHMODS
    | _PATH_CHMODS
    | _EXEMPTS
    | _CONFIGURES
    | _CONSOLES
    | {name for app in _APPS for name in (f"set:{app}.debug", f"set:{app}.config[]", f"{app}.config.update")},
    methods=_COOKIES
    | {"exempt", "CORS", "CORSMiddleware", "add_middleware"}
    | {name.rpartition(".")[2] for name in (*_GENERATORS, *_PBKDF2)},
)
FAMILY = Family(
    "settings", (RIGHTS, CONSOLE, SHORT, COOKIE, FORGED, ROUNDS, HOSTS, ORIGIN), _on_call, None, _on_tree, heeds=_HEEDS
)
