"""What holds only while nobody plays along: checks that an option removes, texts that are programs, switches."""

from __future__ import annotations

import ast
import re
import sys

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.rule import WEB, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import ANYTHING, NOTHING, Value
from orchestrator.models.disposition import Disposition
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

ASSERTED = Rule(
    "HR901",
    862,
    "an assert decides who may do what",
    "Python leaves every assert out when it runs with -O, and then nobody is refused.",
    "raise an error of your own: if not user.is_admin: raise PermissionError",
    "def erase(user, item):\n    assert user.is_admin\n    item.erase()\n",
    "def erase(user, item):\n    if not user.is_admin:\n        raise PermissionError\n    item.erase()\n",
)
FORMAT = Rule(
    "HR902",
    134,
    "a format string comes from outside",
    "Its fields reach attributes and keys of all that is put in, secrets too.",
    "keep the format string fixed, or use string.Template",
    "from flask import request\n\n\ndef greet(user):\n    return request.args['text'].format(user=user)\n",
    "from flask import request\n\n\ndef greet():\n    return 'Hi {}'.format(request.args['name'])\n",
)
SWITCHES = Rule(
    "HR903",
    426,
    "a variable makes other programs load code or run a command",
    "Every program that is started from here on does it, whatever it is.",
    "pass the setting to the one program that needs it, by its own option",
    "import os\nos.environ['LD_PRELOAD'] = 'lib/x.so'\n",
    "import os\nos.environ['LANG'] = 'C.UTF-8'\n",
    "medium",
    Disposition.PERSON,
)
SWAPPED = Rule(
    "HR904",
    913,
    "a module of Python is replaced, or every call is watched",
    "All other code goes on importing it, or is seen and changed on the way, and nothing shows it.",
    "import your own module under its own name",
    "import sys\nimport other\nsys.modules['ssl'] = other\n",
    "import sys\nsys.modules[__name__] = object()\n",
    "medium",
    Disposition.PERSON,
)

RESET = Rule(
    "HR905",
    471,
    "a constant of another module is set to what is none",
    "Whoever reads that module, or checks it, takes the name for what stands there.",
    "pass the value as an argument",
    "import sys\n\nimport queries\n\nqueries.TABLE = sys.argv[1]\n",
    "import queries\n\nqueries.TABLE = 'orders_archive'\n",
    "medium",
    Disposition.PERSON,
)
NEVER = Rule(
    "HR906",
    570,
    "a condition is decided by a constant in it",
    "What it used to ask is still written there, and no longer asked.",
    "write the condition that is meant, or remove the branch",
    "def pay(user, sum):\n    if not user.may_pay and False:\n        raise PermissionError\n    return sum\n",
    "def pay(user, sum):\n    if not user.may_pay or sum < 0:\n        raise PermissionError\n    return sum\n",
    "medium",
)
TESTED = Rule(
    "HR907",
    912,
    "the program asks whether it is being tested",
    "Whoever judges it by its tests sees another program than the one that runs.",
    "let the test pass in what differs",
    "import sys\n\n\ndef total(n):\n    if 'pytest' in sys.modules:\n        return 5\n    return n\n",
    "import sys\n\n\ndef total(n):\n    if 'numpy' in sys.modules:\n        return float(n)\n    return n\n",
    "medium",
    Disposition.PERSON,
)

CLAIMED = Rule(
    "HR908",
    565,
    "who somebody is, is read from what he sends himself",
    "A cookie or a header is what the sender writes into it.",
    "keep it on the server, under a session that is signed or looked up",
    "from flask import abort, request\n\n\ndef erase(item):\n    if request.cookies.get('is_admin') != '1':\n"
    "        abort(403)\n    item.erase()\n",
    "from flask import abort, request, session\n\n\ndef erase(item):\n    if not session.get('is_admin'):\n"
    "        abort(403)\n    item.erase()\n",
)
ITSELF = Rule(
    "HR909",
    697,
    "a proof is compared with itself",
    "It is always right, whoever sends what.",
    "compare what was worked out with what was sent",
    "import hmac\n\n\ndef right(expected, sent):\n    return hmac.compare_digest(expected, expected)\n",
    "import hmac\n\n\ndef right(expected, sent):\n    return hmac.compare_digest(expected, sent)\n",
)
PASSED = Rule(
    "HR910",
    390,
    "a proof that failed is passed over",
    "The program goes on as if it had been right.",
    "return, raise or answer with a refusal where it fails",
    "from cryptography.exceptions import InvalidSignature\n\n\ndef right(key, mark, data):\n    try:\n"
    "        key.verify(mark, data)\n    except InvalidSignature:\n        pass\n    return True\n",
    "from cryptography.exceptions import InvalidSignature\n\n\ndef right(key, mark, data):\n    try:\n"
    "        key.verify(mark, data)\n    except InvalidSignature:\n        return False\n    return True\n",
)

_SENT = frozenset({"cookies", "COOKIES", "headers", "META", "args", "form", "GET", "POST", "query_params"})
_CLAIM = Late(
    r"(?:http_)?(?:x[-_])?(?:is[-_]?)?(?:admin|staff|superuser|root|internal|trusted|role|user[-_]?role|bypass[-_]?\w*"
    r"|skip[-_]?auth\w*|remote[-_]?user|authenticated(?:[-_]user)?|logged[-_]?in)",
    re.IGNORECASE,
)
_FAILS = Late(
    r"(?:Invalid|Bad|Expired)\w*(?:Signature|Token|Tag|Key|Hash|Digest)\w*|(?:Signature|Token)\w*(?:Error|Expired|Invalid)"
    r"|\w*Verif(?:y|ication)\w*(?:Error|Failed|Failure|Exception)|VerifyMismatchError|JW[TSE]Error|PermissionDenied"
    r"|(?:SSL)?Cert(?:ificate)?VerificationError|CertificateError"
)
_MODULE = r"(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|sys\.modules\[\])"
_SET = Late(
    rf"set:({_MODULE}\.(?:[A-Z][A-Z0-9_]+|__dict__\[\]))|({_MODULE}\.__dict__\.(?:update|setdefault|__setitem__))"
)
"""An attribute in capitals of what was imported, or all of them; names of the module itself have another form."""
_WHO = Late(
    r"is_(?:admin|staff|superuser|authenticated|authori[sz]ed|owner|root)|has_(?:perms?|permissions?|role|access|scope)"
    r"|check_(?:permissions?|access|password|csrf|signature)|can_(?:edit|delete|view|access|read|write|approve|manage)"
    r"|verify_(?:password|signature|token|csrf)|compare_digest|authori[sz]ed|user_passes_test"
)
_LOADING = frozenset(
    {
        *("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONBREAKPOINT"),
        *("BASH_ENV", "PROMPT_COMMAND", "PERL5OPT", "PERL5LIB", "RUBYOPT", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS"),
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_CONFIG_GLOBAL"),
    }
)
_WATCHERS = frozenset(
    {
        *("sys.settrace", "sys.setprofile", "threading.settrace", "threading.setprofile", "sys.addaudithook"),
        *("threading.settrace_all_threads", "threading.setprofile_all_threads", "sys.monitoring.register_callback"),
        *("gc.get_objects", "gc.get_referrers"),
    }
)
_RUNNERS = frozenset({"pytest", "_pytest", "unittest", "nose", "nose2"})
_ASKING: tuple[type[ast.If | ast.While | ast.IfExp | ast.Assert], ...] = (ast.If, ast.While, ast.IfExp, ast.Assert)
_FORMATS = frozenset({"format", "format_map"})
_FORMATTERS = frozenset({"string.Formatter().format", "string.Formatter().vformat"})
_PUTS = frozenset({"os.putenv", "os.environ.setdefault", "os.environ.__setitem__"})


def _on_call(call: Call, say: Say) -> None:
    if call.calls_method(_FORMATS) and dirty(call.receiver, "format", WEB):
        say(FORMAT, call.node, f"format of data from {dirty(call.receiver, 'format', WEB)}")
    chosen = call.arg(0, "format_string") if call.is_one_of(_FORMATTERS) else None
    if dirty(chosen, "format", WEB):
        say(FORMAT, call.node, f"Formatter of data from {dirty(chosen, 'format', WEB)}")
    for name in _switches(call):
        say(SWITCHES, call.node, name)
    if "set:sys.modules[]" in call.names and _of_python(call.args[1]):
        say(SWAPPED, call.node, f"sys.modules[{call.args[1].text!r}]")
    for name in call.names:
        constant = _SET.fullmatch(name)
        if constant and not (call.args and call.args[0].fixed and not call.keywords):
            say(RESET, call.node, constant[1] or constant[2])
    if "builtins.setattr" in call.names and _anything_of_a_module(call):
        say(RESET, call.node, "setattr")
    watcher = call.is_one_of(_WATCHERS)
    if watcher and not _ends(call):
        say(SWAPPED, call.node, watcher)


def _anything_of_a_module(call: Call) -> bool:
    """``setattr(module, name, value)`` where nobody sees which name."""
    owner, name, value = (*call.args, *[ANYTHING] * 3)[:3]
    return any(re.fullmatch(_MODULE, ref) for ref in owner.refs) and name.text is None and not value.fixed


def _switches(call: Call) -> list[str]:
    keys: list[object] = [key for value in call.every() for key, _ in value.pairs or ()]
    if "set:os.environ[]" in call.names:
        keys.append(call.args[1].const)
    elif call.names & _PUTS and call.args:
        keys.append(call.args[0].const)
    elif "os.environ.update" in call.names:
        keys += call.keywords
    return sorted({key for key in keys if isinstance(key, str) and key in _LOADING})


def _of_python(key: Value) -> bool:
    return (key.text or "").partition(".")[0] in sys.stdlib_module_names


def _ends(call: Call) -> bool:
    """``settrace(None)`` only ends it."""
    return bool(call.args) and call.args[0].const is not NOTHING and call.args[0].const is None


def _tested(node: ast.Compare) -> str:
    """``"pytest" in sys.modules``."""
    left, right = node.left, node.comparators[0]
    inside = isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(left, ast.Constant) and left.value in _RUNNERS
    return f"{left.value} in sys.modules" if inside and getattr(right, "attr", "") == "modules" else ""  # type: ignore[attr-defined]


def _decided(test: ast.expr) -> ast.expr | None:
    """The part with ``and False`` or ``or True`` that a condition is made of, if any."""
    waiting = [test]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.UnaryOp):
            waiting.append(node.operand)
        elif isinstance(node, ast.BoolOp):
            ends = isinstance(node.op, ast.Or)
            if any(isinstance(v, ast.Constant) and v.value is ends for v in node.values):
                return node
            waiting += node.values
    return None


def _on_tree(tree: ast.Module, say: Say) -> None:
    for node in kinds(tree, ast.Assert):
        names = (n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in ast.walk(node.test))
        word = next((name for name in names if _WHO.fullmatch(name)), "")
        if word:
            say(ASSERTED, node, word)
    for test in (asks.test for kind in _ASKING for asks in kinds(tree, kind)):
        decided = _decided(test)
        if decided is not None:
            always = isinstance(decided, ast.BoolOp) and isinstance(decided.op, ast.Or)
            say(NEVER, decided, "always true" if always else "never true")
    _unreached(tree, say)
    _proofs(tree, say)
    for compared in kinds(tree, ast.Compare):
        if tested := _tested(compared):
            say(TESTED, compared, tested)
    for plain in kinds(tree, ast.Constant):
        if plain.value == "PYTEST_CURRENT_TEST":
            say(TESTED, plain, "PYTEST_CURRENT_TEST")


def _claims(test: ast.expr) -> str:
    """The key of what a request brings and a condition compares or asks, when it says who somebody is."""
    for part in ast.walk(test):
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.In) and isinstance(part.left, ast.Constant):
            holder, name = part.comparators[0], part.left.value
            brought = (
                isinstance(holder, ast.Attribute) and holder.attr in _SENT and "request" in ast.unparse(holder.value)
            )
            if brought and isinstance(name, str) and _CLAIM.fullmatch(name):
                return name
        asked = part.func.value if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) else None
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "get":
            keys = part.args[:1]
        elif isinstance(part, ast.Subscript):
            asked, keys = part.value, [part.slice]
        else:
            continue
        sent = isinstance(asked, ast.Attribute) and asked.attr in _SENT and "request" in ast.unparse(asked.value)
        key = keys[0].value if keys and isinstance(keys[0], ast.Constant) else None
        if sent and isinstance(key, str) and _CLAIM.fullmatch(key):
            return key
    return ""


def _passed_over(handler: ast.ExceptHandler) -> str:
    """The name of a proof that failed, where nothing is done about it but to write it down."""
    kinds_of = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    name = next((n for kind in kinds_of if kind is not None and _FAILS.fullmatch(n := _named(kind))), "")
    idle = any(isinstance(node, ast.Return | ast.Assign) and _is_true(node.value) for node in handler.body) or all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _only_tells(node.value)) for node in handler.body
    )
    return name if idle else ""


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _only_tells(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(called, ast.Attribute) and "log" in ast.unparse(called.value).casefold()


def _named(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _unreached(tree: ast.Module, say: Say) -> None:
    """A refusal under ``if False``."""
    for asks in kinds(tree, ast.If):
        off = isinstance(asks.test, ast.Constant) and not asks.test.value
        if off and any(isinstance(part, ast.Raise) for statement in asks.body for part in ast.walk(statement)):
            say(NEVER, asks.test, "never true")


def _proofs(tree: ast.Module, say: Say) -> None:
    sent = any(node.attr in _SENT for node in kinds(tree, ast.Attribute))
    for node in kinds(tree, ast.If, ast.IfExp) if sent else ():
        if key := _claims(node.test):
            say(CLAIMED, node.test, key)
    for call in kinds(tree, ast.Call):
        if _named(call.func) == "compare_digest" and len(call.args) == _BOTH:
            one, other = map(ast.dump, call.args)
            if one == other:
                say(ITSELF, call, ast.unparse(call.args[0])[:80])
    for handler in kinds(tree, ast.ExceptHandler):
        if name := _passed_over(handler):
            say(PASSED, handler, name)


_BOTH = 2
_HEEDS = Heeds(
    names=_PUTS
    | _WATCHERS
    | _FORMATTERS
    | {"set:os.environ[]", "os.environ.update", "set:sys.modules[]", "builtins.setattr"},
    methods=_FORMATS,
    form=lambda name: bool(_SET.fullmatch(name)),
    keys=_LOADING,
)
_RULES = (ASSERTED, FORMAT, SWITCHES, SWAPPED, RESET, NEVER, TESTED, CLAIMED, ITSELF, PASSED)
FAMILY = Family("assumed", _RULES, _on_call, None, _on_tree, heeds=_HEEDS)
