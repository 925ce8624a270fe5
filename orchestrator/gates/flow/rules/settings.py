"""Switches that open what is closed by default: debuggers, rights of files, keys that are too short."""

from __future__ import annotations

import ast

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.rule import Family, Rule, Say
from orchestrator.gates.flow.values import Value
from orchestrator.models.disposition import Disposition

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

_EXEMPTS = frozenset({"django.views.decorators.csrf.csrf_exempt"})
_APPS = ("flask.Flask()", "quart.Quart()")
_CHMODS = frozenset({"os.chmod", "os.lchmod", "os.fchmod"})
_PATH_CHMODS = frozenset({"pathlib.Path().chmod", "pathlib.Path().lchmod", "pathlib.PosixPath().chmod"})
_COOKIES = frozenset({"set_cookie", "set_signed_cookie"})
_EVERYBODY_WRITES, _AS_OWNER = 0o002, 0o4000
_BITS = 2048
_GENERATORS = {"rsa.generate_private_key": 1, "dsa.generate_private_key": 0, "RSA.generate": 0, "DSA.generate": 0}


def _on_call(call: Call, say: Say) -> None:
    _rights(call, say)
    _debugger(call, say)
    flags = [call.keywords.get(name) for name in ("secure", "httponly")] if call.calls_method(_COOKIES) else []
    if any(flag is not None and flag.const is False for flag in flags):
        say(COOKIE, call.node, "secure or httponly is False")
    if call.is_one_of(_EXEMPTS) or (call.calls_method(frozenset({"exempt"})) and "flask_wtf.csrf" in str(call.names)):
        say(FORGED, call.node, call.method())
    place = next((at for name, at in _GENERATORS.items() if any(n.endswith(f".{name}") for n in call.names)), None)
    size = call.arg(place, "key_size", "bits") if place is not None else None
    if size is not None and isinstance(size.const, int) and size.const < _BITS and not _written_out(call, size):
        say(SHORT, call.node, f"{size.const} bits")


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


def _on(value: Value | None) -> bool:
    return value is not None and value.const is True


def _written_out(call: Call, size: Value) -> bool:
    """A size that stands there as it is goes to the scanners."""
    node = call.node
    parts = [*node.args, *(k.value for k in node.keywords if k.arg)] if isinstance(node, ast.Call) else []
    return call.plain and any(isinstance(p, ast.Constant) and p.value == size.const for p in parts)


FAMILY = Family("settings", (RIGHTS, CONSOLE, SHORT, COOKIE, FORGED), _on_call)
