"""YAML as data only, every value with its place: no tags, no aliases, no duplicate keys, bounded size.

Parsing only; reading the file is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.models.spec import Problem

MAX_BYTES = 1_048_576
_MAX_DEPTH = 40
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(_CORE + kind for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp"))

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, in a tenth of the time, where PyYAML has it; the other words defects otherwise and refuses some tabs."""

Where = tuple[Hashable, ...]
Model = TypeVar("Model", bound=BaseModel)


class YamlProblem(Exception):
    """One defect, with its place."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and the place (line and column from 1) of every value; of a mapping, that of its key."""

    data: Any
    places: dict[Where, tuple[int, int]]

    def place(self, where: Where) -> tuple[int, int]:
        """Of this path, or of its nearest ancestor that stands in the text."""
        while where and where not in self.places:
            where = where[:-1]
        return self.places.get(where, (1, 1))


def parse(data: bytes) -> Document:
    """Raises :class:`YamlProblem` for anything that is not plain YAML in UTF-8 of at most 1 MiB."""
    if len(data) > MAX_BYTES:
        raise YamlProblem(1, 1, f"The file is larger than {MAX_BYTES} bytes.")
    try:
        text = data.decode("utf-8-sig")
        _refuse_unplain(text)
        root = yaml.compose(text, Loader=_LOADER)
    except UnicodeDecodeError as problem:
        raise YamlProblem(1, 1, f"The file is not UTF-8 (byte {problem.start}).") from problem
    except yaml.MarkedYAMLError as problem:
        line, column = _at(problem.problem_mark or problem.context_mark)
        raise YamlProblem(line, column, f"{problem.problem or 'not valid YAML'}.") from problem
    except (yaml.YAMLError, RecursionError) as problem:
        raise YamlProblem(1, 1, "The file is not valid YAML.") from problem
    places: dict[Where, tuple[int, int]] = {}
    plain = None if root is None else _plain(root, (), places)
    return Document(plain, places)


def validate(
    data: bytes, model: type[Model], path: str, code: str, prepare: Callable[[Any], Any] | None = None
) -> tuple[Model | None, list[Problem]]:
    """The model, or every problem with its place. ``prepare`` may reshape the plain data first."""
    found, problems, _ = validated(data, model, path, code, prepare)
    return found, problems


def validated(
    data: bytes, model: type[Model], path: str, code: str, prepare: Callable[[Any], Any] | None = None
) -> tuple[Model | None, list[Problem], Document]:
    """As :func:`validate`, with the document, for whoever has more to say about a place; empty when it is no YAML."""
    try:
        document = parse(data)
    except YamlProblem as problem:
        found = Problem(code=code, path=path, line=problem.line, column=problem.column, message=problem.message)
        return None, [found], Document(None, {})
    try:
        return model.model_validate(prepare(document.data) if prepare else document.data), [], document
    except ValidationError as error:
        return None, [_problem(document, path, code, e["loc"], e["msg"]) for e in _own(error)[:50]], document


def _own(error: ValidationError) -> list[ErrorDetails]:
    """Without the lists that are said to be too short only because what is in them is wrong."""
    found = error.errors()
    inside = {e["loc"][:depth] for e in found for depth in range(len(e["loc"]))}
    return [e for e in found if e["type"] != "too_short" or e["loc"] not in inside]


def _problem(document: Document, path: str, code: str, where: Where, message: str) -> Problem:
    line, column = document.place(where)
    name = ".".join(str(part) for part in where)
    return Problem(code=code, path=path, line=line, column=column, message=f"{name or 'file'}: {message}.")


class _Mark(Protocol):
    line: int
    column: int


def _at(mark: _Mark | None) -> tuple[int, int]:
    """Line and column from 1."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _refuse_unplain(text: str) -> None:
    """Before anything is composed: libyaml does that with the machine's own stack, and has no bound for it."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlProblem(*_at(event.start_mark), "Anchors and aliases are not allowed.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise YamlProblem(*_at(event.start_mark), "The file is nested too deeply.")


def _plain(node: yaml.Node, where: Where, places: dict[Where, tuple[int, int]]) -> Any:  # noqa: ANN401  YAML's own range
    mark = node.start_mark
    places.setdefault(where, (mark.line + 1, mark.column + 1))
    if len(where) > _MAX_DEPTH:
        raise YamlProblem(mark.line + 1, mark.column + 1, "The file is nested too deeply.")
    if node.tag not in _TAGS:
        raise YamlProblem(mark.line + 1, mark.column + 1, "Tags are not allowed.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, places)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*where, i), places) for i, child in enumerate(node.value)]
    try:
        return _SCALARS.construct(node)
    except (ValueError, yaml.YAMLError) as problem:
        raise YamlProblem(mark.line + 1, mark.column + 1, "The value is not what its form promises.") from problem


def _mapping(node: yaml.MappingNode, where: Where, places: dict[Where, tuple[int, int]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key_node, value_node in node.value:
        mark = key_node.start_mark
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
        if key is None or key in out:
            fault = "Keys must be plain words." if key is None else f"The key {key!r} stands here twice."
            raise YamlProblem(mark.line + 1, mark.column + 1, fault)
        if isinstance(value_node, yaml.MappingNode):
            places[*where, key] = (mark.line + 1, mark.column + 1)
        out[key] = _plain(value_node, (*where, key), places)
    return out


class _Scalars:
    """PyYAML's own reading of a single scalar (int, float, bool, null, str); dates stay text."""

    def __init__(self) -> None:
        self._read = yaml.SafeLoader("")

    def construct(self, node: yaml.Node) -> Any:  # noqa: ANN401  YAML's own range
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        return cast("Any", self._read).construct_document(node)  # which keeps nothing of the node


_SCALARS = _Scalars()
