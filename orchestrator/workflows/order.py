"""Steps that say themselves before or after which other one they are done, and stand on the wrong side of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.workflows import words

_SAID: Final = re.compile(
    r"(?P<how>\bbefore|\bprior to|\bahead of|(?<!\()\b(?:after|following))(?: (?!the\b)[a-z]+)?? (?P<verb>[a-z]+ing)\b(?P<of>[^,;:.()]*)",
    re.IGNORECASE,
)
_BEFORE: Final = frozenset({"before", "prior to", "ahead of"})
_PRONOUNS: Final = frozenset({"it", "them", "this", "that", "these", "those", "any", "all", "anything", "everything"})
_LONG: Final = 2


def turned(titles: Sequence[str]) -> Iterator[int]:
    """The places of steps that stand behind what they come before, or before what they come after.

    ``The clerk weighs the crate before sealing it`` behind ``The clerk seals the crate``; not where the same act comes
    again on the right side, nor for ``After sealing it, ...``, which speaks of what was done right before. What is said without an act (``before noon``) is not looked at.
    """
    acts = [_act(title) for title in titles]
    for at, title in enumerate(titles):
        for found in _SAID.finditer(title):
            verb = words.of_gerund(found["verb"].lower())
            if not verb:
                continue
            of = _content(found["of"]) or _content(title[: found.start()])
            is_before = found["how"].lower() in _BEFORE
            earlier = any(_is_of(act, verb, of) for act in acts[:at])
            later = any(_is_of(act, verb, of) for act in acts[at + 1 :])
            if (earlier and not later) if is_before else (later and not earlier):
                yield at
                break


def _act(title: str) -> tuple[frozenset[str], frozenset[str]]:
    """The verbs of a step, which stand behind whoever does it and behind ``and``, and its things."""
    said = _SAID.sub("", title)
    parts = re.findall(r"[a-z]+(?:-[a-z]+)?", said.lower())
    verbs = {words.base_verb(part) or words.of_passive(part) or "" for part in parts}
    return frozenset(verbs - {""}), _content(said)


def _is_of(act: tuple[frozenset[str], frozenset[str]], verb: str, of: frozenset[str]) -> bool:
    return verb in act[0] and (not of or not of.isdisjoint(act[1]))


def _content(text: str) -> frozenset[str]:
    found = (words.singular(part) for part in re.findall(r"[a-z]+", text.lower()) if len(part) > _LONG)
    return frozenset(part for part in found if part not in words.SMALL | _PRONOUNS)
