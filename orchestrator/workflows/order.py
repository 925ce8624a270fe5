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
    places = _places(titles)
    for at, title in enumerate(titles):
        for found in _SAID.finditer(title):
            verb = words.of_gerund(found["verb"].lower())
            if not verb:
                continue
            of = _content(found["of"]) or _content(title[: found.start()]) or {""}
            seen = [places[verb, thing] for thing in of if (verb, thing) in places]
            earlier, later = any(first < at for first, _ in seen), any(last > at for _, last in seen)
            is_before = found["how"].lower() in _BEFORE
            if (earlier and not later) if is_before else (later and not earlier):
                yield at
                break


def _places(titles: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Of each verb with each thing of its step, and with none: the first and the last place."""
    found = dict[tuple[str, str], tuple[int, int]]()
    for at, title in enumerate(titles):
        said = _SAID.sub("", title)
        parts = re.findall(r"[a-z]+(?:-[a-z]+)?", said.lower())
        verbs = {words.base_verb(part) or words.of_passive(part) or "" for part in parts} - {""}
        for key in ((verb, thing) for verb in verbs for thing in _content(said) | {""}):
            found[key] = (found[key][0] if key in found else at, at)
    return found


def _content(text: str) -> frozenset[str]:
    found = (words.singular(part) for part in re.findall(r"[a-z]+", text.lower()) if len(part) > _LONG)
    return frozenset(part for part in found if part not in words.SMALL | _PRONOUNS)
