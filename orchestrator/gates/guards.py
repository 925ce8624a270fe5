"""Checks of who may do what, as web frameworks spell them: decorators, dependencies, bases, and lists of settings.

Read from the syntax tree by name alone. Of a body its refusals are counted: what it raises or answers to whom may not.
Not seen: conditions that become milder, settings that are put together, and names that say nothing of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.policy.late import Late

__all__ = ["REFUSING", "Guarded", "guarded", "listed", "lost", "refusal"]

Guarded = Mapping[str, Any]
"""``checks``: names, ``route``: the first decorator that is none, as text, or ''. ``line``: of a list of settings.

``refuses``: by which words the body turns somebody away, as often as it does.
"""

_CHECK = Late(
    r"(?:\w+_)?(?:login|auth|authentication|permissions?|perms?|roles?|scopes?|admin|staff|superuser|token|jwt|session"
    r"|mfa|otp|staff_member|permission_or_403|csrf|groups?|owner|account|user)_required(?:_or_\w+)?"
    r"|(?:requires?|needs?|must_have|ensure|verify|check|has)_?(?:auth|authentication|login|permissions?|perms?|roles?"
    r"|scopes?|admin|staff|csrf|csrf_token|access|token|user)\w*"
    r"|user_passes_test|csrf_protect|authenticated(?:_only)?|authori[sz]ed?|permission_classes|authentication_classes"
    r"|secured|login_only|admin_only|staff_only|pre_authorize|(?:rate_?)?limit(?:ed|er)?|throttled?",
    re.IGNORECASE,
)
REFUSING = frozenset({ast.Raise, ast.Call})
_REFUSALS = Late(
    r"\w*(?:PermissionDenied|PermissionError|NotAuthori[sz]ed|Unauthori[sz]ed|Forbidden|NotAuthenticated|AccessDenied|AuthenticationFailed"
    r"|AuthError|AuthenticationError|AuthorizationError|InvalidSignature|InvalidToken|SuspiciousOperation)\w*"
)
_STATUS = frozenset({401, 403})
_STATUS_NAMES = Late(r"(?:HTTP_)?40[13]_?\w*|UNAUTHORIZED|FORBIDDEN")
_BASES = Late(r"\w*(?:LoginRequired|PermissionRequired|UserPassesTest|StaffRequired|AdminRequired)\w*")
_HANDS_IN = frozenset({"Depends", "Security"})
_WHO = Late(
    r"(?:\w*_)?(?:user|admin|auth\w*|token|principal|permissions?|scopes?|roles?|session|api_key|login)(?:_\w*)?"
)
_CLASSES = frozenset({"permission_classes", "authentication_classes"})
_OPEN = frozenset({"AllowAny"})

_LISTS = frozenset(
    {"MIDDLEWARE", "MIDDLEWARE_CLASSES", "AUTHENTICATION_BACKENDS", "AUTH_PASSWORD_VALIDATORS"}
    | {"DEFAULT_PERMISSION_CLASSES", "DEFAULT_AUTHENTICATION_CLASSES", "DEFAULT_THROTTLE_CLASSES"}
)
_GUARDS = Late(
    r"(?!AllowAny)\w*(?:csrf|secur|auth|permission|login|frameoptions|clickjack|csp|throttl|ratelimit|guard|validator"
    r"|admin|staff|signed)\w*",
    re.IGNORECASE,
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def guarded(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Guarded | None:
    """Of a definition that a check or another decorator stands at, else ``None``."""
    checks = list(_of_function(node) if isinstance(node, _Function) else _of_class(node))
    others: list[str] = []
    for decorator in node.decorator_list:
        name = _last(decorator)
        if _CHECK.fullmatch(name) and not _optional(decorator):
            checks.append(name)
        else:
            others.append(ast.unparse(decorator))
    return {"checks": checks, "route": next(iter(others), "")} if checks or others else None


def listed(node: ast.Assign) -> Iterator[tuple[str, Guarded]]:
    """Of an assignment of settings each list of what stands between a request and the program, by its name."""
    pairs = [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node.value, ast.Dict):
        keys = zip(node.value.keys, node.value.values, strict=True)
        pairs = [(str(key.value), value) for key, value in keys if isinstance(key, ast.Constant)]
    for name, value in pairs:
        if name in _LISTS and isinstance(value, ast.List | ast.Tuple):
            texts = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant)]
            last = [str(text).rpartition(".")[2] for text in texts]
            yield name, {"checks": [n for n in last if _GUARDS.fullmatch(n)], "route": "", "line": node.lineno}


def refusal(node: ast.AST) -> str:
    """The word by which a statement or a call turns somebody away, or ''."""
    if isinstance(node, ast.Raise):
        raised = node.exc
        name = _last(raised) if raised is not None else ""
        return name if _REFUSALS.fullmatch(name) or (isinstance(raised, ast.Call) and _refusing_status(raised)) else ""
    if not isinstance(node, ast.Call):
        return ""
    name = _last(node.func)
    answers = name == "abort" or name.endswith("Response") or name == "jsonify"
    return name if name == "HttpResponseForbidden" or (answers and _refusing_status(node)) else ""


def _refusing_status(call: ast.Call) -> bool:
    given = [*call.args[:2], *(k.value for k in call.keywords if k.arg in {"status", "status_code", "code"})]
    return any(
        (isinstance(value, ast.Constant) and value.value in _STATUS) or bool(_STATUS_NAMES.fullmatch(_last(value)))
        for value in given
    )


def _optional(decorator: ast.expr) -> bool:
    """``jwt_required(optional=True)`` asks nobody."""
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    return any(k.arg == "optional" and isinstance(k.value, ast.Constant) and k.value.value is True for k in keywords)


def _of_function(node: _Function) -> Iterator[str]:
    """What is handed in: ``user=Depends(current_user)``, also as ``Annotated``."""
    arguments = node.args
    given = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    given += [a.annotation for a in every if isinstance(a.annotation, ast.Subscript)]
    for call in (part for value in given for part in ast.walk(value) if isinstance(part, ast.Call)):
        if _last(call.func) in _HANDS_IN:
            what = _last(call.args[0]) if call.args else ""
            if _last(call.func) == "Security" or _WHO.fullmatch(what):
                yield what or _last(call.func)
            scopes = (k.value for k in call.keywords if k.arg == "scopes")
            yield from (str(part.value) for s in scopes for part in ast.walk(s) if isinstance(part, ast.Constant))


def _of_class(node: ast.ClassDef) -> Iterator[str]:
    yield from (name for name in map(_last, node.bases) if _BASES.fullmatch(name))
    for statement in node.body:
        if isinstance(statement, ast.Assign) and any(_last(t) in _CLASSES for t in statement.targets):
            listed = statement.value.elts if isinstance(statement.value, ast.List | ast.Tuple) else [statement.value]
            yield from (name for name in map(_last, listed) if name and name not in _OPEN)


def _last(node: ast.AST) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def lost(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """What two outlines differ in: name of the definition, its lost check, its first line now.

    One check that takes another's place is no loss. A definition that is gone has lost nothing; one that answers the
    same route under another name is the same.
    """
    places = {str(name): int(first) for first, _, name in after.get("definitions", ())}
    now: Mapping[str, Guarded] = after.get("guarded", {})
    had, has = (
        sum(len(found.get("refuses", ())) for found in side.get("guarded", {}).values()) for side in (before, after)
    )
    places |= {name: int(found["line"]) for name, found in now.items() if "line" in found}
    routes = {str(found["route"]): name for name, found in now.items() if found["route"]}
    for name, old in before.get("guarded", {}).items():
        same = name if name in places else routes.get(str(old["route"]), "")
        left = list(now.get(same, {"checks": ()})["checks"])
        if same and len(left) < len(old["checks"]):
            yield same, next(check for check in old["checks"] if check not in left), places[same]
        elif same and has < had and len(left) == len(old["checks"]):
            # One that is moved to a helper of the module is no loss, and neither is one that a decorator takes over.
            yield from ((same, word, places[same]) for word in _fewer(old, now.get(same, {})))


def _fewer(old: Guarded, new: Guarded) -> Iterator[str]:
    """The first refusal of which there are fewer, where there are fewer in all."""
    said, left = list(old.get("refuses", ())), list(new.get("refuses", ()))
    if len(left) < len(said):
        yield next(word for word in said if said.count(word) > left.count(word))
