"""What a scanner refuses by its look, and following the data shows to be harmless: kept as a note, and no more.

Vouched for are, by the number that bandit and ruff share: ``608`` text of SQL that is made of nothing but
constants of the module; ``506`` a YAML loader that is a safe one or stands on nothing else; ``701`` templates
whose escaping is switched on through ``**options``; ``113`` a request whose time limit comes the same way; ``301`` a
pickle of what is pickled in the same call; ``313`` to ``319`` XML that stands there and declares nothing. A place
counts only when it was met and was harmless each time, and when nothing else on its lines was not.

Not checked: what another module does to the constants of this one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.syntax import kinds
from orchestrator.policy.late import Late

__all__ = [
    "MAKES_TEXT",
    "Places",
    "is_harmless",
    "sql_places",
    "vouched_kind",
    "worth_vouching",
]

Places = dict[tuple[str, int, int], bool]
"""Rule number, first and last line → whether it was harmless each time."""

_WORDS_OF_SQL = tuple(
    re.compile(rb"%s(?<=\b%s)%s" % (word, word, rest))
    for word, rest in (
        (b"select", rb"\s"),
        (b"insert", rb"\s+into"),
        (b"update", rb"\s+\S{1,80}\s+set"),
        (b"delete", rb"\s+from"),
        (b"with", rb"\s+\S{1,80}\s+as\s*\(\s*select"),
        (b"replace", rb"\s+into"),
    )
)
"""Each begins with a plain word, which is looked for many times faster than a choice of words in any case."""
_NAMES = (b"yaml", b"jinja2", b"requests", b"httpx")
_CALLED = ((b"pickle", b"dumps"), (b"xml", b"fromstring"), (b"xml", b"parsestring"), (b"xml", b"xml("))
_WORDS = re.compile(
    r"select|insert|update|delete|replace|create|alter|drop|truncate|merge|union|where|from|into|values|with|set",
    re.IGNORECASE,
)
_VERBS = frozenset({"get", "options", "head", "post", "put", "patch", "delete", "request"})
_LOADS = frozenset({"yaml.load", "yaml.load_all"})
_SAFE_LOADERS = frozenset(f"yaml.{n}" for n in ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"))
_UNSAFE_YAML = frozenset(
    {"Loader", "CLoader", "UnsafeLoader", "CUnsafeLoader", "FullLoader", "CFullLoader"}
    | {"UnsafeConstructor", "FullConstructor", "Constructor", "FullLoader", "loader", "constructor"}
)
_PICKLES = frozenset({"pickle.loads", "_pickle.loads"})
_XML = {
    **dict.fromkeys(("xml.etree.cElementTree.fromstring", "xml.etree.cElementTree.XML"), "313"),
    **dict.fromkeys(("xml.etree.ElementTree.fromstring", "xml.etree.ElementTree.XML"), "314"),
    "xml.dom.expatbuilder.parseString": "316",
    "xml.sax.parseString": "317",
    "xml.dom.minidom.parseString": "318",
    "xml.dom.pulldom.parseString": "319",
}
"""What parses a text → the number of the scanners' rule."""
_PICKLED = frozenset({"pickle.dumps()"})
_DECLARES = Late(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
MAKES_TEXT = frozenset({"format", "format_map", "replace", "join"})


def worth_vouching(data: bytes) -> bool:
    """Whether a module may hold any such place: most do not, and cost nothing more."""
    low = data.lower()
    called = any(module in low and function in low for module, function in _CALLED)
    return called or any(name in low for name in _NAMES) or any(pattern.search(low) for pattern in _WORDS_OF_SQL)


def sql_places(tree: ast.Module, built: Mapping[ast.AST, bool]) -> Places:
    """Texts that may be SQL; one that was never met counts as harmful."""
    places: Places = {}
    for node in kinds(tree, ast.BinOp, ast.Call, ast.JoinedStr):
        if _put_together(node) and any(_WORDS.search(text) for text in _texts(node)):
            key = ("608", getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0)
            places[key] = built.get(node, False) and places.get(key, True)
    return places


def _put_together(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    made = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MAKES_TEXT
    return made or isinstance(node, ast.JoinedStr)


def _texts(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def vouched_kind(call: Call) -> str:
    """The number of the rule that may be answered for at such a call, or ''."""
    for name in sorted(call.names):
        module, _, function = name.rpartition(".")
        if module in {"requests", "httpx"} and function in _VERBS:
            return "113"
        if name == "jinja2.Environment":
            return "701"
        if name in _LOADS:
            return "506"
        if name in _PICKLES:
            return "301"
        if name in _XML:
            return _XML[name]
    return ""


def is_harmless(
    number: str, call: Call, tree: ast.Module, unsteady: frozenset[str], bases: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a call of that kind is harmless for certain. ``bases``: what the module's classes stand on, by name."""
    if not isinstance(call.node, ast.Call) or _given_names(call.node) & unsteady:
        return False
    if number == "506":
        return _loads_plain(call, tree, bases)
    if number == "301" or number in _XML.values():
        return _of_this_program(number, call) and not _said(call.node) & unsteady
    return _limited(call) if number == "113" else _escapes(call)


def _given_names(node: ast.Call) -> frozenset[str]:
    return frozenset(part.id for given in node.keywords for part in ast.walk(given.value) if isinstance(part, ast.Name))


def _of_this_program(number: str, call: Call) -> bool:
    """What is read was written in the same call, or stands there."""
    first = call.arg(0, "string", "text", "data")
    if first is None or not isinstance(call.node, ast.Call) or not call.node.args:
        return False
    if number == "301":
        return first.refs == _PICKLED and isinstance(call.node.args[0], ast.Call)
    return _declares_nothing(first.const)


def _said(node: ast.Call) -> frozenset[str]:
    """Names that say what is called here and what its first argument is, but for what is pickled."""
    given = node.args[0]
    parts = [*ast.walk(node.func), *ast.walk(given.func if isinstance(given, ast.Call) else given)]
    return frozenset(
        part.attr if isinstance(part, ast.Attribute) else part.id
        for part in parts
        if isinstance(part, ast.Attribute | ast.Name)
    )


def _declares_nothing(document: object) -> bool:
    text = document.decode("latin-1") if isinstance(document, bytes) else document
    return isinstance(text, str) and not _DECLARES.search(text)


def _limited(call: Call) -> bool:
    timeout = call.keywords.get("timeout")
    return timeout is not None and timeout.const is not None


def _escapes(call: Call) -> bool:
    chosen = call.keywords.get("autoescape")
    return chosen is not None and (chosen.const is True or chosen.refs == frozenset({"jinja2.select_autoescape()"}))


def _loads_plain(call: Call, tree: ast.Module, bases: Mapping[str, frozenset[str]]) -> bool:
    loader = call.arg(1, "Loader")
    return loader is not None and bool(loader.refs) and _safe(loader.refs, bases, 8) and not _names_unsafe(tree)


def _safe(refs: Iterable[str], bases: Mapping[str, frozenset[str]], depth: int) -> bool:
    return depth > 0 and all(
        ref in _SAFE_LOADERS
        or (bool(under := bases.get(ref.removeprefix("local:"), frozenset())) and _safe(under, bases, depth - 1))
        for ref in refs
    )


def _names_unsafe(tree: ast.Module) -> bool:
    """Whether any part of YAML's other loaders is named: a subclass can be given anything of theirs."""
    if any(node.attr in _UNSAFE_YAML for node in kinds(tree, ast.Attribute)):
        return True
    for node in kinds(tree, ast.ImportFrom):
        if (node.module or "").partition(".")[0] in {"yaml", "ruamel"}:
            names = {alias.name for alias in node.names}
            if names & _UNSAFE_YAML or "." in (node.module or ""):
                return True
    return False
