r"""The file that the scripted agent replays: YAML, read strictly, every problem with its line and column.

::

    schema: handrail.script/1
    steps:
      REQ-001:                # a requirement's id, its short id, an alias, or a step's id
        - - write: {path: src/shop/tax.py, text: "RATE = 19\n"}
          - run: [python3, -m, unittest]
        - - patch: {path: src/shop/tax.py, old: "19", new: "20"}
      S02: {repeat: true, attempts: [[{say: "nothing to do"}]]}

Each entry is a list of attempts, each attempt a list of actions, each action a mapping of one key:
``write`` (``path``, ``text`` or ``base64``, ``mode`` such as ``"0755"``), ``patch`` (``path``, ``old``, ``new``; or
``diff``), ``delete`` (a path), ``run`` (an argument vector, or ``argv`` and ``timeout_seconds``), ``say`` (text),
``sleep`` (seconds). Anchors, aliases, tags, repeated and unknown keys are refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import yaml

from orchestrator.errors import UsageError

SCHEMA = "handrail.script/1"
MAX_BYTES = 4 << 20
_MODE = re.compile(r"0?[0-7]{3}")
_HINT = "see docs/reference/scripted-agent.md for the form of the file"

Action = Mapping[str, Any]
Node = yaml.nodes.Node


@dataclass(frozen=True, slots=True)
class Replay:
    """The attempts of one entry. ``repeat`` says that the last one stands for all that follow."""

    attempts: tuple[tuple[Action, ...], ...]
    repeat: bool = False

    def actions(self, attempt: int) -> tuple[Action, ...]:
        """Of the attempt (1 is the first); none when the script has run out."""
        if attempt <= len(self.attempts):
            return self.attempts[attempt - 1]
        return self.attempts[-1] if self.repeat else ()


def load_script(data: bytes, path: str) -> Mapping[str, Replay]:
    """Key (requirement or step) → replay. Raises :class:`UsageError` (``AGT001`` … ``AGT003``)."""
    if len(data) > MAX_BYTES:
        raise UsageError("AGT001", f"{path} is larger than {MAX_BYTES >> 20} MiB", "split the script")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("AGT001", f"the script {path} cannot be read: {error}", "give a UTF-8 YAML file") from error
    return _Reader(path).script(_compose(path, text))


def _compose(path: str, text: str) -> Node:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        what = str(error.problem or error.context)
        raise _problem(path, error.problem_mark or error.context_mark, what, "AGT002") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError("AGT002", f"{path}:1:1 is no YAML: {error}", _HINT) from error
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType] - untyped in pyyaml
    if node is None:
        raise UsageError("AGT003", f"{path}:1:1 the script is empty", _HINT)
    return node


class _Mark(Protocol):
    """A place as YAML counts: from 0."""

    line: int
    column: int


class _Loader(yaml.SafeLoader):
    """Refuses a node that another one could stand for: a few bytes must not become many."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = cast("Any", self).peek_event()  # the stubs know no type for it
        if getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not taken", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def _problem(path: str, mark: _Mark | None, what: str, code: str = "AGT003") -> UsageError:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return UsageError(code, f"{path}:{line}:{column} {what}", _HINT)


class _Reader:
    """Turns nodes into actions; each method knows where it is."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._actions: dict[str, Callable[[Node], Action]] = {
            "write": self._write,
            "patch": self._patch,
            "delete": lambda node: {"path": self._text(node)},
            "run": self._run,
            "say": lambda node: {"text": self._text(node)},
            "sleep": lambda node: {"seconds": self._number(node)},
        }

    def script(self, node: Node) -> dict[str, Replay]:
        top = self._mapping(node, {"schema", "steps"}, {"schema", "steps"})
        if self._text(top["schema"]) != SCHEMA:
            raise self._wrong(top["schema"], f"the schema must be {SCHEMA}")
        return {key: self._replay(value) for key, value in self._mapping(top["steps"]).items()}

    def _replay(self, node: Node) -> Replay:
        if isinstance(node, yaml.SequenceNode):
            return Replay(self._attempts(node))
        entry = self._mapping(node, {"attempts", "repeat"}, {"attempts"})
        return Replay(self._attempts(entry["attempts"]), "repeat" in entry and self._flag(entry["repeat"]))

    def _attempts(self, node: Node) -> tuple[tuple[Action, ...], ...]:
        attempts = tuple(tuple(self._action(item) for item in self._items(attempt)) for attempt in self._items(node))
        if not attempts:
            raise self._wrong(node, "there must be at least one attempt")
        return attempts

    def _action(self, node: Node) -> Action:
        entry = self._mapping(node, set(self._actions))
        if len(entry) != 1:
            raise self._wrong(node, "an action is a mapping of exactly one key")
        ((verb, value),) = entry.items()
        return {"do": verb, **self._actions[verb](value)}

    def _write(self, node: Node) -> Action:
        entry = self._mapping(node, {"path", "text", "base64", "mode"}, {"path"})
        if ("text" in entry) == ("base64" in entry):
            raise self._wrong(node, "`write` needs `text` or `base64`, one of them")
        action = {key: self._text(value) for key, value in entry.items()}
        if not _MODE.fullmatch(action.get("mode", "644")):
            raise self._wrong(entry["mode"], '`mode` is three octal digits in quotes, such as "0755"')
        try:
            base64.b64decode(action.get("base64", ""), validate=True)
        except (binascii.Error, ValueError) as error:
            raise self._wrong(entry["base64"], f"`base64` is not base64: {error}") from error
        return action

    def _patch(self, node: Node) -> Action:
        entry = self._mapping(node, {"path", "old", "new", "diff"})
        if set(entry) not in ({"diff"}, {"path", "old", "new"}):
            raise self._wrong(node, "`patch` needs `diff` alone, or `path`, `old` and `new`")
        return {key: self._text(value) for key, value in entry.items()}

    def _run(self, node: Node) -> Action:
        if isinstance(node, yaml.SequenceNode):
            return {"argv": self._argv(node)}
        entry = self._mapping(node, {"argv", "timeout_seconds"}, {"argv"})
        action: dict[str, Any] = {"argv": self._argv(entry["argv"])}
        if "timeout_seconds" in entry:
            action["timeout_seconds"] = self._number(entry["timeout_seconds"])
        return action

    def _argv(self, node: Node) -> list[str]:
        argv = [self._text(item) for item in self._items(node)]
        if not argv:
            raise self._wrong(node, "a program is missing")
        return argv

    def _mapping(self, node: Node, allowed: set[str] | None = None, needed: set[str] | None = None) -> dict[str, Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, "a mapping is wanted here")
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            key = self._text(key_node)
            if key in found or (allowed is not None and key not in allowed):
                raise self._wrong(key_node, f"the key {key!r} is {'repeated' if key in found else 'not known here'}")
            found[key] = value
        if needed is not None and needed - set(found):
            raise self._wrong(node, f"{', '.join(sorted(needed - set(found)))} is missing")
        return found

    def _items(self, node: Node) -> Iterator[Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._wrong(node, "a list is wanted here")
        return iter(node.value)

    def _text(self, node: Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
            raise self._wrong(node, "a text is wanted here")
        return str(node.value)

    def _number(self, node: Node) -> float:
        try:
            value = float(self._text(node))
        except ValueError as error:
            raise self._wrong(node, "a number is wanted here") from error
        if not 0 <= value <= 86400:  # noqa: PLR2004 - a day, in seconds; also refuses nan
            raise self._wrong(node, "a number of seconds from 0 to 86400 is wanted here")
        return value

    def _flag(self, node: Node) -> bool:
        text = self._text(node)
        if text not in {"true", "false"}:
            raise self._wrong(node, "true or false is wanted here")
        return text == "true"

    def _wrong(self, node: Node, what: str) -> UsageError:
        return _problem(self._path, node.start_mark, what)
