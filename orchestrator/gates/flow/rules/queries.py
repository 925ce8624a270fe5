"""Queries put together from text: SQL, LDAP, XPath, JavaScript in a document store; logs and patterns as well."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import ANY_INPUT, Family, Heeds, Rule, Say, dirty
from orchestrator.gates.flow.values import NOTHING, Value
from orchestrator.policy.late import Late

# Python's own parser of patterns: no other reads them exactly as they will be run.
_parser: Any = import_module("re._parser")
_codes: Any = import_module("re._constants")

__all__ = ["FAMILY"]

SQL = Rule(
    "HR601",
    89,
    "a database query is put together from text",
    "Data that holds a quote becomes part of the command.",
    "pass the values as parameters",
    "def find(cursor, name):\n    cursor.execute(' '.join(['SELECT * FROM users WHERE name =', name]))\n",
    "def find(cursor, name):\n    cursor.execute('SELECT * FROM users WHERE name = ?', (name,))\n",
)
LDAP = Rule(
    "HR602",
    90,
    "a directory query is put together from untrusted data",
    "Brackets and stars in the data change what is asked.",
    "escape with ldap.filter.escape_filter_chars",
    "import ldap\nfrom flask import request\n"
    "ldap.initialize('ldap://x').search_s('dc=x', 2, '(uid=' + request.args['u'] + ')')\n",
    "import ldap\nldap.initialize('ldap://x').search_s('dc=x', 2, '(uid=root)')\n",
)
XPATH = Rule(
    "HR603",
    643,
    "an XPath query is put together from untrusted data",
    "A quote in the data changes what is selected.",
    "pass variables: tree.xpath('//a[@id=$id]', id=value)",
    "from flask import request\n\n\ndef find(tree):\n"
    "    return tree.xpath('//user[@id=\"' + request.args['id'] + '\"]')\n",
    "from flask import request\n\n\ndef find(tree):\n    return tree.xpath('//user[@id=$id]', id=request.args['id'])\n",
)
DOCUMENT = Rule(
    "HR604",
    943,
    "a document store is asked with a condition made of data",
    "The server runs $where as a program, and a document in the data brings operators of its own.",
    "compare fields with values, as str(value)",
    "from flask import request\n\n\ndef find(users):\n"
    "    return users.find({'$where': 'this.name == ' + request.args['n']})\n",
    "from flask import request\n\n\ndef find(users):\n    return users.find({'name': str(request.args['n'])})\n",
)
LOG = Rule(
    "HR605",
    117,
    "untrusted data is written to a log as it came",
    "A line break in it forges entries.",
    "log repr(value), or remove line breaks",
    "import logging\nfrom flask import request\nlogging.info('user ' + request.args['u'])\n",
    "import logging\nfrom flask import request\nlogging.info('user %r', repr(request.args['u']))\n",
    "medium",
)
PATTERN = Rule(
    "HR606",
    1333,
    "a pattern can take for ever",
    "Repetition inside repetition tries every way to split the text; a pattern from outside does worse.",
    "make the inner part unambiguous; escape what comes from outside with re.escape",
    "import re\nre.compile('^(a+)+$')\n",
    "import re\nre.compile('^a+$')\n",
    "medium",
)

_EXECUTES = frozenset(
    {"execute", "executemany", "executescript", "raw", "read_sql", "read_sql_query", "mogrify", "exec_driver_sql"}
)
_SQL_CALLS = frozenset({"sqlalchemy.text", "django.db.models.expressions.RawSQL", "sqlalchemy.sql.text"})
_SQL_PARTS = frozenset(
    {f"sqlalchemy.{name}" for name in ("literal_column", "DDL", "sql.literal_column", "sql.expression.literal_column")}
)
"""What takes a piece of a query as it is."""
_SQL = Late(
    r"\b(?:select\b.{0,400}?\bfrom|insert\s+into|update\b.{0,200}?\bset|delete\s+from|drop\s+(?:table|database)|alter\s+table|create\s+(?:table|user)"
    r"|where\b.{0,200}?=|union\s+select|call\s|replace\s+into)",
    re.IGNORECASE | re.DOTALL,
)
_GRAPH = Late(r"\b(?:MATCH|MERGE|CREATE)\s*\(", re.IGNORECASE)
_LDAP_METHODS = frozenset({"search_s", "search_st", "search_ext", "search_ext_s", "search", "search_ext_async"})
_XPATH_METHODS = frozenset({"xpath", "iterfind", "findall", "find", "findtext"})
_FINDS = frozenset(
    {
        "find",
        "find_one",
        "update_one",
        "delete_one",
        "delete_many",
        "count_documents",
        "aggregate",
        "find_one_and_update",
    }
)
_RUNS = frozenset({"run"})
_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log"})
_PATTERNS = frozenset(
    {
        f"{m}.{f}"
        for m in ("re", "regex")
        for f in ("compile", "match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split")
    }
)
_PATTERN_LIMIT = 2000


def _on_call(call: Call, say: Say) -> None:
    first = call.arg(0, "sql", "query", "statement", "text")
    if (
        first is not None
        and (call.calls_method(_EXECUTES) or call.is_one_of(_SQL_CALLS))
        and _is_sql(first, part=bool(call.is_one_of(_SQL_CALLS)))
    ):
        say(
            SQL,
            call.node,
            f"{call.method()} of text put together"
            + (f" with data from {o}" if (o := dirty(first, "sql", ANY_INPUT)) else ""),
        )
    piece = call.is_one_of(_SQL_PARTS)
    if piece and dirty(first, "sql"):
        say(SQL, call.node, f"{call.method()} of data from {dirty(first, 'sql')}")
    if first is not None and first.built and call.calls_method(_RUNS) and _GRAPH.search(" ".join(first.texts)):
        say(SQL, call.node, "a query of a graph put together from text")
    if call.calls_method(_LDAP_METHODS) and any(_ldap(v) for v in call.every()):
        say(LDAP, call.node, call.method())
    if first is not None and (call.calls_method(_XPATH_METHODS) or "lxml.etree.XPath" in call.names) and _xpath(first):
        say(XPATH, call.node, call.method())
    if first is not None and call.calls_method(_FINDS):
        _document(call, first, say)
    if _logs(call) and any(dirty(v, "log", frozenset({"web"})) for v in call.args):
        say(LOG, call.node, call.method())
    name = call.is_one_of(_PATTERNS)
    if name:
        _pattern(call, name, say)


def _is_sql(value: Value, *, part: bool) -> bool:
    """``part``: a condition is enough."""
    if value.const is not NOTHING or value.fixed:
        return False
    text = " ".join(value.texts)[:4096]
    if part and value.built and "=" in text:
        return True
    return (value.built and bool(_SQL.search(text))) or (bool(dirty(value, "sql")) and (value.built or not value.refs))


def _ldap(value: Value) -> bool:
    return value.built and bool(dirty(value, "ldap", ANY_INPUT)) and any("(" in t or "=" in t for t in value.texts)


def _xpath(value: Value) -> bool:
    return value.built and bool(dirty(value, "xpath", ANY_INPUT)) and any("/" in t or "[" in t for t in value.texts)


def _document(call: Call, first: Value, say: Say) -> None:
    where = first.member("$where")
    if where is not None and where.const is NOTHING:
        say(DOCUMENT, call.node, "$where")
    elif dirty(first, "document") and first.pairs is None and any("json" in r for r in first.refs):
        say(DOCUMENT, call.node, "a whole document from the request")


def _logs(call: Call) -> bool:
    for name in call.names:
        owner, _, method = name.rpartition(".")
        if method in _LOGS and (owner.startswith("logging") or "log" in last(owner).casefold() or _named_log(call)):
            return True
    return False


def _named_log(call: Call) -> bool:
    function = getattr(call.node, "func", None)
    owner = getattr(function, "value", None)
    name = getattr(owner, "id", "") or getattr(owner, "attr", "")
    return "log" in str(name).casefold()


def _pattern(call: Call, name: str, say: Say) -> None:
    pattern = call.arg(0, "pattern")
    if pattern is None:
        return
    if dirty(pattern, "regex"):
        say(PATTERN, call.node, f"{name} of a pattern from {dirty(pattern, 'regex')}")
    elif isinstance(pattern.const, str | bytes) and len(pattern.const) <= _PATTERN_LIMIT and _explodes(pattern.const):
        say(PATTERN, call.node, f"{name}: repetition inside repetition")


def _explodes(pattern: str | bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ValueError):
        return False
    return _nested(list(parsed), inside=False)


_REPEATS: tuple[Any, ...] = (_codes.MAX_REPEAT, _codes.MIN_REPEAT)


def _nested(items: Sequence[tuple[Any, Any]], *, inside: bool) -> bool:
    """Whether an endless repetition repeats nothing but one endless repetition and what may be left out."""
    if inside and _only_repeats(items):
        return True
    for kind, value in items:
        if kind in _REPEATS:
            low, high, body = value
            if _nested(list(body), inside=high is _codes.MAXREPEAT and low is not None):
                return True
        elif kind is _codes.SUBPATTERN:
            if _nested(list(value[-1]), inside=inside):
                return True
        elif kind is _codes.BRANCH:
            if any(_nested(list(branch), inside=False) for branch in value[1]):
                return True
        elif kind in {_codes.ASSERT, _codes.ASSERT_NOT} and _nested(list(value[1]), inside=False):
            return True
    return False


def _only_repeats(items: Sequence[tuple[Any, Any]]) -> bool:
    endless = 0
    for kind, value in items:
        if kind is _codes.SUBPATTERN and len(items) == 1:
            return _only_repeats(list(value[-1]))
        if kind not in _REPEATS:
            return False
        low, high, _ = value
        if high is _codes.MAXREPEAT and low:
            endless += 1
        elif low:
            return False
        elif high is _codes.MAXREPEAT:
            endless += 1
    return endless > 0


_HEEDS = Heeds(
    names=_SQL_CALLS | _SQL_PARTS | _PATTERNS | {"lxml.etree.XPath"},
    methods=_EXECUTES | _LDAP_METHODS | _XPATH_METHODS | _FINDS | _LOGS | _RUNS,
)
FAMILY = Family("queries", (SQL, LDAP, XPATH, DOCUMENT, LOG, PATTERN), _on_call, heeds=_HEEDS)
