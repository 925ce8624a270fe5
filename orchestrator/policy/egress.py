"""Which request a grant covers, and the algebra of egress rules and model patterns.

A request is judged on values that were parsed strictly before: nothing here
decodes, folds or resolves. Sound and not complete, as all of the algebra.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from orchestrator.models.capabilities import Egress

_Covers = Callable[[str, str], bool]


def allowance_kib(rules: Iterable[Egress], host: str, port: int, method: str, path: str) -> int | None:
    """How much this host may exchange in the step by the rules that cover the request; ``None`` when none does.

    ``path`` is without its query.
    """
    return max((rule.max_kib for rule in rules if covers(rule, host, port, method, path)), default=None)


def reaches(rules: Iterable[Egress], host: str, port: int) -> bool:
    """Whether any rule names this host and port at all."""
    return any(_host_covers(rule.host, host) and rule.port == port for rule in rules)


def reached(text: str) -> Egress:
    """The rule that ``host`` or ``host/path/prefix`` means: reading over TLS. Raises ``ValueError`` otherwise."""
    host, slash, path = text.partition("/")
    if "*" in host:
        raise ValueError("a document names hosts, not patterns")
    return Egress(host=host, paths=(slash + path or "/",))


def covers(rule: Egress, host: str, port: int, method: str, path: str) -> bool:
    """Whether one rule lets one request through."""
    return (
        _host_covers(rule.host, host)
        and rule.port == port
        and method in rule.methods
        and any(_path_covers(prefix, path) for prefix in rule.paths)
    )


def meet(left: Sequence[Egress], right: Sequence[Egress]) -> tuple[Egress, ...]:
    """What both let through: each pair of rules narrowed to what they share."""
    found = (_shared(one, two) for one in left for two in right)
    return tuple(dict.fromkeys(rule for rule in found if rule is not None))


def below(inner: Iterable[Egress], outer: Sequence[Egress]) -> bool:
    """Whether each rule of ``inner`` is within one of ``outer``."""
    return all(any(_is_within(rule, wide) for wide in outer) for rule in inner)


def meet_models(left: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """Model patterns that both sides cover."""
    kept = [p for p in left if models_below([p], right)] + [p for p in right if models_below([p], left)]
    return tuple(dict.fromkeys(kept))


def models_below(inner: Iterable[str], outer: Sequence[str]) -> bool:
    """Whether each model or pattern of ``inner`` is covered by one of ``outer``."""
    return all(any(_model_covers(wide, one) for wide in outer) for one in inner)


def _model_covers(pattern: str, model: str) -> bool:
    return pattern in {"*", model} or (pattern.endswith("/*") and model.startswith(pattern[:-1]))


def _shared(one: Egress, two: Egress) -> Egress | None:
    host = _narrower(one.host, two.host, _host_covers)
    methods = tuple(method for method in one.methods if method in two.methods)
    pairs = (_narrower(a, b, _path_covers) for a in one.paths for b in two.paths)
    paths = tuple(dict.fromkeys(path for path in pairs if path is not None))
    if host is None or one.port != two.port or not methods or not paths:
        return None
    return Egress(host=host, port=one.port, methods=methods, paths=paths, max_kib=min(one.max_kib, two.max_kib))


def _narrower(one: str, two: str, covered: _Covers) -> str | None:
    if covered(one, two):
        return two
    return one if covered(two, one) else None


def _is_within(rule: Egress, wide: Egress) -> bool:
    return (
        _host_covers(wide.host, rule.host)
        and rule.port == wide.port
        and set(rule.methods) <= set(wide.methods)
        and all(any(_path_covers(prefix, path) for prefix in wide.paths) for path in rule.paths)
        and rule.max_kib <= wide.max_kib
    )


def _host_covers(pattern: str, host: str) -> bool:
    """``host`` may be a pattern as well: ``*.name`` is covered by ``*.name`` and by ``*``."""
    if pattern in {"*", host}:
        return True
    return pattern.startswith("*.") and host.endswith(pattern[1:]) and len(host) >= len(pattern)


def _path_covers(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/")
