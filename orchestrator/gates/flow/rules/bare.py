"""Protection that is left out where it costs a word: padding, encryption of a login, bounds, names of files."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.syntax import kinds

__all__ = ["FAMILY"]

PADDING = Rule(
    "HR716",
    780,
    "RSA encrypts with a padding that gives the text away",
    "Whoever may ask whether a text is padded well decrypts one byte after the other.",
    "padding.OAEP with SHA-256",
    "from cryptography.hazmat.primitives.asymmetric import padding\npublic_key.encrypt(data, padding.PKCS1v15())\n",
    "from cryptography.hazmat.primitives import hashes\n"
    "from cryptography.hazmat.primitives.asymmetric import padding\n"
    "scheme = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)\n"
    "public_key.encrypt(data, scheme)\n",
    "medium",
)
LOGIN = Rule(
    "HR717",
    319,
    "a password goes over the network in the clear",
    "Everybody on the way reads it, and what is sent after it.",
    "SMTP_SSL, IMAP4_SSL, POP3_SSL, or starttls() with a context before the login",
    "import smtplib\n\n\ndef send(host, user, password):\n"
    "    with smtplib.SMTP(host) as server:\n        server.login(user, password)\n",
    "import smtplib\nimport ssl\n\n\ndef send(host, user, password):\n    with smtplib.SMTP(host) as server:\n"
    "        server.starttls(context=ssl.create_default_context())\n        server.login(user, password)\n",
    "medium",
)
BOMB = Rule(
    "HR407",
    409,
    "what a request sends is unpacked without a bound",
    "A thousandfold of it fills the memory: a few kilobytes stop the server.",
    "zlib.decompressobj().decompress(data, most)",
    "import zlib\nfrom flask import request\nzlib.decompress(request.get_data())\n",
    "import zlib\nfrom flask import request\nzlib.decompressobj().decompress(request.get_data(), 1_000_000)\n",
    "medium",
)

SHARED = Rule(
    "HR408",
    377,
    "a file is written under a name that others may take first",
    "In the folder for temporary files anybody puts a link of that name, and the program writes where it leads.",
    "tempfile.NamedTemporaryFile, or a folder from tempfile.mkdtemp",
    "import os, tempfile\n\n\ndef keep(text):\n    path = os.path.join(tempfile.gettempdir(), 'report.txt')\n"
    "    with open(path, 'w') as out:\n        out.write(text)\n",
    "import tempfile\n\n\ndef keep(text):\n    with tempfile.NamedTemporaryFile('w', delete=False) as out:\n"
    "        out.write(text)\n",
    "medium",
)

LOOKED = Rule(
    "HR411",
    367,
    "a file is looked at before it is opened",
    "Between the two somebody else puts another file, or a link, in its place.",
    "open it, and handle the error; to make a new file open it with mode x",
    "import os\n\n\ndef read(path):\n    if os.access(path, os.R_OK):\n        with open(path) as file:\n"
    "            return file.read()\n    return ''\n",
    "def read(path):\n    try:\n        with open(path) as file:\n            return file.read()\n"
    "    except PermissionError:\n        return ''\n",
    "medium",
)

_VISITORS = frozenset({"web"})
"""An answer of a server that we ask is another matter: who asks knows whom."""
_BARE_PADDING = "asymmetric.padding.PKCS1v15()"
_BARE_CIPHERS = frozenset({"Crypto.Cipher.PKCS1_v1_5.new", "Cryptodome.Cipher.PKCS1_v1_5.new"})
_UNPACKS = frozenset(
    f"{module}.decompress" for module in ("zlib", "gzip", "bz2", "lzma", "brotli", "zstandard", "snappy", "lz4.frame")
)
_CLEAR = {"SMTP": "smtplib", "POP3": "poplib", "IMAP4": "imaplib"}
"""Class that speaks in the clear → its module."""
_LOGINS = frozenset({"login", "pass_", "apop", "auth", "authenticate"})
_ENCRYPTS = frozenset({"starttls", "stls"})
_SHARED_FOLDER = "gettempdir"
_LOOKS = frozenset({"exists", "isfile", "is_file", "lexists", "access"})
_UNGUESSABLE = frozenset({"uuid4", "uuid1", "token_hex", "token_urlsafe", "urandom", "mkdtemp", "mkstemp", "getuser"})
_HERE = frozenset({"localhost", "127.0.0.1", "::1", ""})


def _on_call(call: Call, say: Say) -> None:
    encrypts = call.calls_method(frozenset({"encrypt"}))
    if encrypts and any(ref.endswith(_BARE_PADDING) for value in call.every() for ref in value.refs):
        say(PADDING, call.node, "PKCS1v15")
    if encrypts and call.receiver.refs & {f"{name}()" for name in _BARE_CIPHERS}:
        say(PADDING, call.node, "PKCS1_v1_5")
    unpacks = call.is_one_of(_UNPACKS)
    if unpacks and dirty(call.arg(0, "data", "string"), "size", _VISITORS):
        say(BOMB, call.node, f"{unpacks} of data from web")


def _on_tree(tree: ast.Module, say: Say) -> None:
    _logins(tree, say)
    _looked(tree, say)
    if any(node.attr == _SHARED_FOLDER for node in kinds(tree, ast.Attribute)):
        for function in kinds(tree, ast.FunctionDef, ast.AsyncFunctionDef):
            _shared(function, say)


def _looked(tree: ast.Module, say: Say) -> None:
    """``access`` and then ``open`` of the same; ``if not exists`` and then written anew."""
    if any(node.attr == "access" for node in kinds(tree, ast.Attribute)):
        for function in kinds(tree, ast.FunctionDef, ast.AsyncFunctionDef):
            _allowed(function, say)
    for test in kinds(tree, ast.If):
        absent = _absent(test.test)
        for call in (c for part in test.body for c in ast.walk(part) if isinstance(c, ast.Call)) if absent else ():
            if _written(call) and ast.dump(call.args[0] if isinstance(call.func, ast.Name) else _owner(call)) == absent:
                say(LOOKED, call, "exists")


def _allowed(function: ast.FunctionDef | ast.AsyncFunctionDef, say: Say) -> None:
    calls = [part for part in ast.walk(function) if isinstance(part, ast.Call)]
    asked = {
        ast.dump(c.args[0]) for c in calls if c.args and isinstance(c.func, ast.Attribute) and c.func.attr == "access"
    }
    for call in calls if asked else ():
        if isinstance(call.func, ast.Name) and call.func.id == "open" and call.args and ast.dump(call.args[0]) in asked:
            say(LOOKED, call, "access")


def _owner(call: ast.Call) -> ast.expr:
    return call.func.value if isinstance(call.func, ast.Attribute) else call.func


def _absent(test: ast.expr) -> str:
    """What ``not exists`` asks for, as it is written."""
    call = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in _LOOKS:
        return ""
    return ast.dump(call.args[0] if call.args else call.func.value)


def _shared(function: ast.FunctionDef | ast.AsyncFunctionDef, say: Say) -> None:
    """A name that is made of the folder of all and written to in the same function."""
    inside = list(ast.walk(function))
    made = {
        t.id
        for n in inside
        if isinstance(n, ast.Assign) and _in_shared(n.value)
        for t in n.targets
        if isinstance(t, ast.Name)
    }
    for call in inside if made else ():
        if isinstance(call, ast.Call) and _written(call) in made:
            say(SHARED, call, _written(call))


def _in_shared(value: ast.expr) -> bool:
    """Put together, without a part that nobody can guess."""
    names = {
        n.attr if isinstance(n, ast.Attribute) else n.id
        for n in ast.walk(value)
        if isinstance(n, ast.Attribute | ast.Name)
    }
    return _SHARED_FOLDER in names and names.isdisjoint(_UNGUESSABLE) and not _asks_for_folder(value)


def _asks_for_folder(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith(_SHARED_FOLDER)


def _written(call: ast.Call) -> str:
    """The name of what is opened for writing, or ''."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in {"write_text", "write_bytes"}:
        return function.value.id if isinstance(function.value, ast.Name) else ""
    if not isinstance(function, ast.Name) or function.id != "open" or not call.args:
        return ""
    mode = next(
        (
            a.value
            for a in (*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode"))
            if isinstance(a, ast.Constant)
        ),
        "r",
    )
    writes = isinstance(mode, str) and bool(set(mode) & set("wa"))
    return call.args[0].id if writes and isinstance(call.args[0], ast.Name) else ""


def _logins(tree: ast.Module, say: Say) -> None:
    """Logins on what a clear connection was bound to, in a module that starts no encryption."""
    if not any(node.attr in _LOGINS for node in kinds(tree, ast.Attribute)):
        return
    connections = set(_connections(tree))
    if not connections or any(node.attr in _ENCRYPTS for node in kinds(tree, ast.Attribute)):
        return
    for call in kinds(tree, ast.Call):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in _LOGINS and ast.dump(function.value) in connections:
            say(LOGIN, call, function.attr)


def _connections(tree: ast.Module) -> Iterator[str]:
    """What holds one, as it is written where it is read."""
    spelt = {f"{module}.{name}" for name, module in _CLEAR.items()}
    for source in kinds(tree, ast.ImportFrom):
        spelt |= {a.asname or a.name for a in source.names if _CLEAR.get(a.name, "?") == source.module}
    for node in kinds(tree, ast.Assign):
        if _opens(node.value, spelt):
            yield from (_read(target) for target in node.targets)
    for item in kinds(tree, ast.withitem):
        if item.optional_vars is not None and _opens(item.context_expr, spelt):
            yield _read(item.optional_vars)


def _opens(value: ast.expr, spelt: set[str]) -> bool:
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name | ast.Attribute):
        return False
    given = [*value.args[:1], *(k.value for k in value.keywords if k.arg == "host")]
    here = not given or (isinstance(given[0], ast.Constant) and given[0].value in _HERE)
    return ast.unparse(value.func) in spelt and not here


def _read(target: ast.expr) -> str:
    return ast.dump(target).replace("Store()", "Load()")


_HEEDS = Heeds(names=_UNPACKS, methods=frozenset({"encrypt"}))
FAMILY = Family("bare", (PADDING, LOGIN, BOMB, SHARED, LOOKED), _on_call, None, _on_tree, heeds=_HEEDS)
