"""What a request may fill in: options of programs, fields of objects; and what must not be written down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

OPTION = Rule(
    "HR207",
    88,
    "untrusted data stands where a program may take it for an option",
    "git, curl, tar, ssh and others have options that run commands or write files, and an address of git can be one.",
    "put '--' before it, or check it against a list",
    "import subprocess\nfrom flask import request\nsubprocess.run(['git', 'clone', request.form['url']])\n",
    "import subprocess\nfrom flask import request\nsubprocess.run(['git', 'log', '--', request.form['path']])\n",
    "medium",
)
FIELDS = Rule(
    "HR108",
    915,
    "a request chooses which fields of an object are set",
    "Whoever sends is_admin or owner_id sets them as well.",
    "name the fields that may be set",
    "from flask import request\n\n\ndef update(user):\n    for key, value in request.json.items():\n"
    "        setattr(user, key, value)\n",
    "from flask import request\n\n\ndef update(user):\n    for key in ('name', 'city'):\n"
    "        setattr(user, key, request.json[key])\n",
    "medium",
)
WRITTEN = Rule(
    "HR607",
    532,
    "a password or a key is written to a log",
    "Logs are kept for long, copied to many places, and read by people who must not know it.",
    "log that it was used, and for whom, never the value",
    "import logging\n\n\ndef login(user, password):\n    logging.info('%s %s', user, password)\n",
    "import logging\n\n\ndef login(user, password):\n    logging.info('%s', user)\n",
    "medium",
)

_STARTS = frozenset(
    f"subprocess.{name}" for name in ("run", "call", "Popen", "check_call", "check_output", "getoutput")
) | {"asyncio.create_subprocess_exec"}
_WITH_OPTIONS = frozenset(
    {"git", "hg", "svn", "curl", "wget", "tar", "rsync", "ssh", "scp", "sftp", "find", "zip", "unzip", "7z", "sed"}
    | {"awk", "ffmpeg", "convert", "magick", "psql", "mysql", "pip", "npm", "docker", "kubectl", "sendmail", "gpg"}
)
_FILLS = frozenset({"create", "get_or_create", "update_or_create", "filter", "exclude", "update", "get", "update_one"})
_UNCHECKED = frozenset({"model_construct"})
"""Makes an object without the validation that its class has."""
_MODELS = frozenset({"objects", "query"})
_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
_WHOLE = frozenset({"dict", "str", "repr", "sorted", "copy", "items"})
_SECRET = Late(
    r"(?:.*_)?(?:password|passwd|passphrase|secret_key|client_secret|api_?key|private_key|access_token|refresh_token"
    r"|auth_token|session_token|card_number|credit_card|cvv)",
    re.IGNORECASE,
)


_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"})


def _on_call(call: Call, say: Say) -> None:
    name = call.is_one_of(_STARTS)
    if name:
        _option(call, name, say)
    if "builtins.setattr" in call.names and len(call.args) > 1 and _chosen(call.args[1]):
        say(FIELDS, call.node, f"setattr of a name from {dirty(call.args[1], 'field')}")
    method = call.method()
    if method == "update" and any(n.endswith(".__dict__.update") for n in call.names):
        if any(dirty(v, "field") for v in call.every()):
            say(FIELDS, call.node, "__dict__.update")
    elif (method in _FILLS and _of_model(call)) or method in _UNCHECKED:
        _spread(call, say)


def _chosen(key: Value) -> bool:
    return key.const is NOTHING and bool(dirty(key, "field"))


def _of_model(call: Call) -> bool:
    """``Model.objects.create`` and ``Model.query.filter``, whatever the model."""
    function = getattr(call.node, "func", None)
    owner = getattr(function, "value", None)
    while isinstance(owner, ast.Call | ast.Attribute):
        if isinstance(owner, ast.Attribute) and owner.attr in _MODELS:
            return True
        owner = owner.func if isinstance(owner, ast.Call) else owner.value
    return False


def _spread(call: Call, say: Say) -> None:
    if call.spread and any(dirty(value, "field") for value in call.spreads):
        say(FIELDS, call.node, f"{call.method()} with whatever the request holds")


def _option(call: Call, name: str, say: Say) -> None:
    command = call.arg(0, "args", "program")
    words: Sequence[Value] = command.items if command is not None and command.items is not None else call.args
    program = last((words[0].text or "").replace("/", ".")) if words else ""
    if program not in _WITH_OPTIONS:
        return
    for word in words[1:]:
        if word.text == "--":
            return
        # What stands behind a piece of ours ("--name=" + x) is no option of its own.
        if dirty(word, "option") and not word.built:
            say(OPTION, call.node, f"{name} of {program} with data from {dirty(word, 'option')}")
            return


def _on_tree(tree: ast.Module, say: Say) -> None:
    for node in kinds(tree, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _LOGS:
            owner = ast.unparse(node.func.value) if isinstance(node.func.value, ast.Name | ast.Attribute) else ""
            name = next(_told(node.args), "") if "log" in owner.casefold() else ""
            if name:
                say(WRITTEN, node, name)


def _named_secret(key: ast.expr) -> Iterator[str]:
    """``headers["authorization"]``, ``body["password"]``."""
    name = key.value if isinstance(key, ast.Constant) else None
    if isinstance(name, str) and (_SECRET.fullmatch(name) or name.casefold() in _HEADERS):
        yield name


def _told_by_call(call: ast.Call) -> Iterator[str]:
    """``dict(os.environ)`` and ``os.environ.copy()`` are the whole environment; ``get`` and ``format`` give a part."""
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr == "get":
        yield from (name for key in call.args[:1] for name in _named_secret(key))
    if isinstance(function, ast.Attribute) and function.attr == "format":
        yield from _told(call.args)
    if isinstance(function, ast.Name) and function.id in _WHOLE:
        yield from _told(call.args)
    elif isinstance(function, ast.Attribute) and function.attr in _WHOLE:
        yield from _told([function.value])


def _told(arguments: Sequence[ast.expr]) -> Iterator[str]:
    """Names of secrets whose values are written out: as an argument, or in a text put together."""
    for argument in arguments:
        if isinstance(argument, ast.Name | ast.Attribute):
            name = argument.id if isinstance(argument, ast.Name) else argument.attr
            if _SECRET.fullmatch(name) or name == "environ":
                yield name
        elif isinstance(argument, ast.Subscript):
            yield from _named_secret(argument.slice)
        elif isinstance(argument, ast.Call):
            yield from _told_by_call(argument)
        elif isinstance(argument, ast.JoinedStr):
            yield from _told([v.value for v in argument.values if isinstance(v, ast.FormattedValue)])
        elif isinstance(argument, ast.BinOp):
            yield from _told([argument.left, argument.right])
        elif isinstance(argument, ast.Tuple | ast.List):
            yield from _told(argument.elts)
        elif isinstance(argument, ast.Dict):
            yield from _told(argument.values)


_HEEDS = Heeds(names=_STARTS | {"builtins.setattr"}, form=lambda name: name.endswith(".__dict__.update"), spreads=True)
FAMILY = Family("handed in", (OPTION, FIELDS, WRITTEN), _on_call, None, _on_tree, heeds=_HEEDS)
