"""What can be proved about the patterns of :mod:`orchestrator.policy.paths`.

Sound for well-formed paths (no empty component), and not complete: where no
proof is found the answer is "not subsumed", or "may overlap".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from orchestrator.policy.paths import fold

WILDCARDS = frozenset("*?")
MAX_PATTERN_CHARACTERS = 400


def refusal(pattern: str) -> str | None:
    """Why a pattern from a document cannot be a grant, or ``None``."""
    names = pattern.removesuffix("/").split("/")
    tests = {
        "is empty or too long": not 0 < len(pattern) <= MAX_PATTERN_CHARACTERS,
        "is absolute": pattern.startswith("/") or pattern[1:2] == ":",
        "leaves or repeats a directory": any(part in ("", ".", "..") for part in names),
        "lies in git's own directory": any(fold(part) == ".git" for part in names),
        "lies in Handrail's own directory": fold(names[0]) == ".handrail",
        "holds a character that patterns do not have": any(map(_is_foreign, pattern)),
        "has ** inside a name": any("**" in part and part != "**" for part in names),
    }
    return next((reason for reason, holds in tests.items() if holds), None)


def _is_foreign(char: str) -> bool:
    return char in "\\[]{}!,;\"'`" or char.isspace() or not char.isprintable()


def is_exact(pattern: str) -> bool:
    """Whether a pattern names one path and nothing else."""
    return not WILDCARDS & set(pattern) and not pattern.endswith("/")


def subsumes(outer: str, inner: str) -> bool:
    """Whether each path that ``inner`` covers is provably covered by ``outer``."""
    outer_parts, inner_parts = parts(outer), parts(inner)
    if outer_parts in (inner_parts, ("**",)):
        return True
    if any("**" in part and part != "**" for part in (*outer_parts, *inner_parts)):
        return False
    return _holds(outer_parts, inner_parts)


def below(inner: Iterable[str], outer: Sequence[str]) -> bool:
    """Whether each pattern of ``inner`` is subsumed by one of ``outer``."""
    return all(any(subsumes(o, i) for o in outer) for i in inner)


def meet(left: Sequence[str], right: Sequence[str]) -> tuple[str, ...]:
    """Patterns that both sides cover: those of each side that the other provably subsumes, in order."""
    kept = [p for p in left if below([p], right)] + [p for p in right if below([p], left)]
    return tuple(dict.fromkeys(kept))


def may_overlap(left: str, right: str) -> bool:
    """Whether one path could be covered by both."""
    left_parts, right_parts = parts(left), parts(right)
    if any("**" in part and part != "**" for part in (*left_parts, *right_parts)):
        return True
    return _meets(left_parts, right_parts)


def parts(pattern: str) -> tuple[str, ...]:
    """The components of a pattern; a folder is all below it, and ``**`` after ``**`` says nothing."""
    found: list[str] = []
    for part in (pattern + "**" if pattern.endswith("/") else pattern).split("/"):
        if part == "**" and found[-1:] == ["**"]:
            continue
        found.append(part)
    return tuple(found)


@lru_cache(maxsize=8192)
def _holds(outer: tuple[str, ...], inner: tuple[str, ...]) -> bool:
    """A last ``**`` stands for at least one component, any other for none or more."""
    if not outer or not inner:
        return outer == inner
    if outer[0] == "**":
        if len(outer) == 1:
            return True
        return _holds(outer[1:], inner) or _holds(outer, inner[1:])
    return inner[0] != "**" and _component_holds(outer[0], inner[0]) and _holds(outer[1:], inner[1:])


@lru_cache(maxsize=8192)
def _component_holds(outer: str, inner: str) -> bool:
    """``inner`` read as symbols: a literal, ``?`` (any one), ``*`` (any number)."""
    if not outer:
        return not inner
    if outer[0] == "*":
        return _component_holds(outer[1:], inner) or (bool(inner) and _component_holds(outer, inner[1:]))
    if not inner or inner[0] == "*":
        return False
    return (outer[0] == "?" or outer[0] == inner[0]) and _component_holds(outer[1:], inner[1:])


@lru_cache(maxsize=8192)
def _meets(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    if not left or not right:
        return left == right or {"**"} >= {*left, *right}
    if "**" in (left[0], right[0]):
        star, other = (left, right) if left[0] == "**" else (right, left)
        return _meets(star[1:], other) or _meets(star, other[1:])
    return _components_meet(left[0], right[0]) and _meets(left[1:], right[1:])


@lru_cache(maxsize=8192)
def _components_meet(left: str, right: str) -> bool:
    if not left or not right:
        return set(left + right) <= {"*"}
    if "*" in (left[0], right[0]):
        star, other = (left, right) if left[0] == "*" else (right, left)
        return _components_meet(star[1:], other) or _components_meet(star, other[1:])
    return (left[0] == right[0] or "?" in (left[0], right[0])) and _components_meet(left[1:], right[1:])
