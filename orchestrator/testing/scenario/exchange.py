"""What all wire protocols have in common: a request read, an answer to be written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

WORDS_PER_PIECE = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``tools`` maps each offered tool to the names of its arguments (``None``: free text).

    ``text`` is everything that was said to the model, ``answers`` how many answers of its own are in it.
    """

    model: str
    stream: bool
    tools: Mapping[str, frozenset[str] | None]
    text: str
    answers: int


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; ``arguments`` is a text where the tool takes free text."""

    id: str
    name: str
    arguments: Mapping[str, Any] | str

    def encoded(self) -> str:
        """As the wire carries it."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said and called."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    id: str = "scenario"

    def pieces(self) -> Iterator[str]:
        """The text in a few words at a time, as a stream brings it."""
        words = self.text.split(" ")
        for start in range(0, len(words), WORDS_PER_PIECE):
            piece = " ".join(words[start : start + WORDS_PER_PIECE])
            yield piece if start == 0 else " " + piece


class Wire(Protocol):
    """One protocol. Stateless."""

    def read(self, path: str, body: Mapping[str, Any]) -> Asked:
        """What a request asks."""
        ...

    def whole(self, asked: Asked, answer: Answer) -> Mapping[str, Any]:
        """An answer in one piece."""
        ...

    def stream(self, asked: Asked, answer: Answer) -> Iterator[bytes]:
        """The same as server-sent events."""
        ...

    def filler(self, asked: Asked, text: str) -> bytes:
        """One more event of text, for an answer without an end."""
        ...

    def error(self, status: int, words: str) -> Mapping[str, Any]:
        """The body of a failure."""
        ...


def event(data: Mapping[str, Any] | str, name: str = "") -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def texts(value: object) -> Iterator[str]:
    """Every text below a ``text``, ``content``, ``output`` or ``parts`` key, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from texts(item)
    elif isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        for key in ("text", "content", "output", "parts"):
            if key in fields:
                yield from texts(fields[key])


def listed(value: object) -> list[dict[str, Any]]:
    """The mappings of a list; nothing else."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


def arguments_of(schema: object) -> frozenset[str]:
    """Names of a JSON schema's properties."""
    properties: object = cast("dict[str, object]", schema).get("properties") if isinstance(schema, dict) else None
    return frozenset(cast("dict[str, object]", properties)) if isinstance(properties, dict) else frozenset()


@dataclass
class Counter:
    """How often something was asked, by key."""

    counts: dict[tuple[object, ...], int] = field(default_factory=dict[tuple[object, ...], int])

    def next(self, key: tuple[object, ...]) -> int:
        """How often it was asked before."""
        before = self.counts.get(key, 0)
        self.counts[key] = before + 1
        return before
