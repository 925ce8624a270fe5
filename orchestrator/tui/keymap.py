"""The person's own keys: ``keys.yaml`` in the user's configuration, checked before a screen opens.

    keys:
      verdict.approve: A
      hunk.next: n,ctrl+n

A command keeps its keys unless it is named. Two commands of one screen with the
same key are refused by name. Only the user's own folder is read: a repository
must not move keys under somebody's fingers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from textual.keys import Keys

from orchestrator.app.files import read_file
from orchestrator.errors import UsageError
from orchestrator.models.base import Noun
from orchestrator.models.strict_yaml import validate
from orchestrator.tui import commands
from orchestrator.tui.commands import Command

FILE = "keys.yaml"
SCREENS: Mapping[str, Sequence[Command]] = {
    "inbox": (*commands.INBOX, *commands.MOVES),
    "plan": (*commands.PLAN, *commands.MOVES),
    "work": (*commands.WORK, *commands.MOVES),
    "change": (*commands.CHANGE, *commands.MOVES),
    "gates": (*commands.GATES, *commands.MOVES),
    "drafts": (*commands.DRAFTS, *commands.MOVES),
    "run": (*commands.RUN, *commands.MOVES),
    "proof": (*commands.PROOF, *commands.MOVES),
}
_NAMED = frozenset(key.value for key in Keys)
_SHORT = {
    "?": "question_mark",
    "/": "slash",
    ".": "full_stop",
    ",": "comma",
    "[": "left_square_bracket",
    "]": "right_square_bracket",
}
_LONG = {name: key for key, name in _SHORT.items()}
Keymap = Mapping[str, str]


class KeyFile(Noun):
    """``keys`` maps a command's name to its keys, comma-separated."""

    keys: dict[str, str]


def read_keymap(path: Path) -> Keymap:
    """Command names to Textual's key names; empty where there is no file. Raises ``UsageError`` (CFG022)."""
    if not path.exists():
        return {}
    found, problems = validate(read_file(path), KeyFile, str(path), "CFG022")
    if found is None:
        raise _refused(path, [str(problem) for problem in problems])
    wanted = {name: _normal(keys) for name, keys in found.keys.items()}
    wrong = [*_unknown(wanted), *_conflicts(wanted)]
    if wrong:
        raise _refused(path, wrong)
    return wanted


def _refused(path: Path, why: list[str]) -> UsageError:
    return UsageError("CFG022", f"{path} is no usable list of keys.", "handrail review, then ? lists the names", why)


def _normal(keys: str) -> str:
    parts = [part.strip() for part in keys.split(",")] if keys != "," else [","]
    return ",".join(_SHORT.get(part, part) for part in parts)


def _unknown(wanted: Keymap) -> Iterator[str]:
    names = {command.name for here in SCREENS.values() for command in here}
    for name, keys in wanted.items():
        if name not in names:
            yield f"{name!r} is no command"
        for key in keys.split(","):
            if not (len(key) == 1 and key.isprintable() and key != " ") and key not in _NAMED | set(_LONG):
                yield f"{name}: {key!r} is no key"


def _conflicts(wanted: Keymap) -> Iterator[str]:
    for screen, here in SCREENS.items():
        of: dict[str, list[str]] = defaultdict(list)
        for command in here:
            for key in wanted.get(command.name, command.keys).split(","):
                if command.name not in of[key]:
                    of[key].append(command.name)
        for key, names in of.items():
            if len(names) > 1 and set(names) & set(wanted):
                yield f"{_LONG.get(key, key)} is both {' and '.join(names)} on the {screen} screen"


def applied(here: Sequence[Command], keymap: Keymap) -> tuple[Command, ...]:
    """The commands as help, the last line and the palette print them."""
    return tuple(c.with_keys(keymap[c.name], shown(keymap[c.name])) if c.name in keymap else c for c in here)


def shown(keys: str) -> str:
    """The first of some keys, as people write it."""
    first = keys.split(",", maxsplit=1)[0]
    return _LONG.get(first, first)
