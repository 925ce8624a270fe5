"""Something that one pattern covers and no other does, as z3 finds it: what a refusal is explained with.

No decision is made here. Whether a grant is within another is decided by :mod:`orchestrator.policy.globs` and
:mod:`orchestrator.policy.egress`, with or without z3, so that the answer is the same on every machine. z3 is the extra
``proof``; where it is not installed, or does not know after a bounded effort, there is no example.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from orchestrator.policy.globs import parts

EFFORT: Final = 4_000_000
"""In z3's own count, not in time: the same question has the same answer on a busy machine."""
_LONGEST: Final = 60


class Answer(Enum):
    """When there is no example to give."""

    NONE = "nothing is covered by the one alone"
    UNKNOWN = "z3 is not installed, or does not know"


def available() -> bool:
    """Whether z3 is installed. Does not load it."""
    return importlib.util.find_spec("z3") is not None


def path_beyond(pattern: str, outer: Sequence[str]) -> str | Answer:
    """A path that ``pattern`` covers and none of ``outer`` does."""
    return _beyond(pattern, outer, _paths)


def host_beyond(pattern: str, outer: Sequence[str]) -> str | Answer:
    """A host that ``pattern`` covers and none of ``outer`` does: a name, ``*.name``, or ``*``."""
    return _beyond(pattern, outer, _hosts)


def _beyond(pattern: str, outer: Sequence[str], language: Any) -> str | Answer:  # noqa: ANN401  z3 has no types
    said = (pattern, *outer)
    strange = language is _paths and not all(all(parts(one)) for one in said)
    if not available() or strange or any(len(one) > _LONGEST for one in said):
        return Answer.UNKNOWN
    z3: Any = importlib.import_module("z3")
    text = z3.String("text")
    solver = z3.Solver()
    solver.set("rlimit", EFFORT)
    solver.add(z3.InRe(text, language(z3, pattern)), z3.InRe(text, language(z3, "*" if language is _hosts else "**")))
    solver.add(*(z3.Not(z3.InRe(text, language(z3, one))) for one in outer))
    found = solver.check()
    if found == z3.unsat:
        return Answer.NONE
    return str(solver.model()[text].as_string()) if found == z3.sat else Answer.UNKNOWN


def _characters(z3: Any) -> Any:  # noqa: ANN401  as above
    """Of names. Patterns tell no others apart than those in them and one beside, so nothing is lost with the rest."""
    return z3.Union(z3.Range("a", "z"), z3.Range("A", "Z"), z3.Range("0", "9"), *(z3.Re(c) for c in "-._"))


def _paths(z3: Any, pattern: str) -> Any:  # noqa: ANN401  as above
    name = z3.Plus(_characters(z3))
    below = z3.Concat(name, z3.Star(z3.Concat(z3.Re("/"), name)))
    said = parts(pattern)
    made = [z3.Star(z3.Concat(name, z3.Re("/"))) if p == "**" else _component(z3, p) for p in said[:-1]]
    pieces: list[Any] = []
    for part, expression in zip(said, made, strict=False):
        pieces += [expression] if part == "**" else [expression, z3.Re("/")]
    pieces.append(below if said[-1] == "**" else _component(z3, said[-1]))
    return pieces[0] if len(pieces) == 1 else z3.Concat(*pieces)


def _component(z3: Any, part: str) -> Any:  # noqa: ANN401  as above
    """One name; a ``*`` may stand for nothing, but no name is empty."""
    one = {"*": z3.Star(_characters(z3)), "?": _characters(z3)}
    made = [one.get(c, z3.Re(c)) for c in part]
    whole = made[0] if len(made) == 1 else z3.Concat(*made)
    return z3.Intersect(whole, z3.Plus(_characters(z3))) if set(part) == {"*"} else whole


def _hosts(z3: Any, pattern: str) -> Any:  # noqa: ANN401  as above
    label = z3.Plus(z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), z3.Re("-")))
    labels = z3.Concat(label, z3.Star(z3.Concat(z3.Re("."), label)))
    if pattern == "*":
        return labels
    return z3.Concat(labels, z3.Re(pattern[1:])) if pattern.startswith("*.") else z3.Re(pattern)
