"""``.handrail/profile.yaml``: the confirmed profile on disk, read strictly.

YAML 1.1 as PyYAML reads it, narrowed: one mapping, known keys, strings only,
no anchors, no tags. Raises ``UsageError`` whose details are
``path:line:col CODE text`` lines.
"""

from __future__ import annotations

from typing import cast

import yaml

from orchestrator.errors import UsageError
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.spec import Problem

MAX_BYTES = 256 * 1024
_LISTS = frozenset(RepositoryProfile.model_fields) - {"detected_from"}
_MAX_DEPTH = 2
_HINT = "write the key with a list of strings, or run `handrail init` again"


def dump_profile(profile: RepositoryProfile) -> bytes:
    """The file's bytes; the same profile gives the same bytes."""
    head = "# Confirmed by a person. Handrail reads source roots, test roots and the test command from here.\n"
    body = yaml.safe_dump(profile.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    return (head + body).encode()


def load_profile(data: bytes, path: str) -> RepositoryProfile:
    """The profile. Raises ``UsageError`` (PROF010 … PROF013) with the place of each problem."""
    loader = _Loader(path)
    fields = loader.fields(loader.root(data))
    if loader.problems:
        raise _error(loader.problems)
    return RepositoryProfile.model_validate(fields)


class _Loader:
    def __init__(self, path: str) -> None:
        self._path = path
        self.problems: list[Problem] = []

    def root(self, data: bytes) -> yaml.Node | None:
        """The composed document, after a look at its events: anchors and depth cannot be hidden from those."""
        if len(data) > MAX_BYTES:
            self._add("PROF010", 1, 1, "The profile is larger than 256 KiB.")
            return None
        try:
            text = data.decode("utf-8-sig")
            return yaml.compose(text, Loader=yaml.SafeLoader) if self._plain(text) else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
            self._add("PROF010", line, column, f"This is not YAML: {error.problem or 'unreadable'}.")
        except (UnicodeDecodeError, yaml.YAMLError, ValueError):
            self._add("PROF010", 1, 1, "The profile is not YAML in UTF-8.")
        return None

    def _plain(self, text: str) -> bool:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH or isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                mark = event.start_mark
                line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
                self._add("PROF010", line, column, "Anchors and nested values are not part of a profile.")
                return False
        return True

    def fields(self, node: yaml.Node | None) -> dict[str, object]:
        """Field to value; problems are noted on the way."""
        if self.problems:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._add("PROF011", 1, 1, "A profile is a mapping of keys to lists.")
            return {}
        found: dict[str, object] = {}
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            name = str(key.value)
            if name in found:
                self._at(key, "PROF012", f"The key {name!r} stands here twice.")
            elif name in _LISTS:
                found[name] = self._strings(value, name)
            elif name == "detected_from":
                found[name] = self._mapping(value)
            else:
                self._at(key, "PROF012", f"{name!r} is not a key of a profile.")
        return found

    def _strings(self, node: yaml.Node, name: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._at(node, "PROF013", f"{name} needs a list.")
            return ()
        items = cast("list[yaml.Node]", node.value)
        return tuple(self._string(item) for item in items)

    def _mapping(self, node: yaml.Node) -> dict[str, str]:
        if not isinstance(node, yaml.MappingNode):
            self._at(node, "PROF013", "detected_from needs a mapping.")
            return {}
        pairs = cast("list[tuple[yaml.Node, yaml.Node]]", node.value)
        return {self._string(key): self._string(value) for key, value in pairs}

    def _string(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            self._at(node, "PROF013", "This value is not a string; put it in quotes.")
            return ""
        return str(node.value)

    def _at(self, node: yaml.Node, code: str, message: str) -> None:
        self._add(code, node.start_mark.line + 1, node.start_mark.column + 1, message)

    def _add(self, code: str, line: int, column: int, message: str) -> None:
        self.problems.append(Problem(code=code, path=self._path, line=line, column=column, message=message, hint=_HINT))


def _error(problems: list[Problem]) -> UsageError:
    first = problems[0]
    return UsageError(first.code, f"{first.path} is not a valid profile.", _HINT, [str(p) for p in problems[:50]])
