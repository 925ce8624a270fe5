r"""Scenario files: what the endpoint answers, turn by turn, in terms that no agent's tools are named in.

Schema ``handrail.scenario/1``, YAML::

    schema: handrail.scenario/1
    conversations:
      - when: REQ-001                 # a text that the request holds; the first that fits is taken
        turns:
          - say: I will write it.
            do:
              - write: {path: src/part.py, text: "VALUE = 1\n"}
              - run: python3 src/part.py
          - fault: {kind: too-many-requests, times: 1}
            do: [{run: ls}]
          - done: It is written.

A turn is one answer. Which turn is next is counted from the answers in the request itself, so that a repeated request
gets the same answer and the server needs no memory of a conversation.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from orchestrator.errors import UsageError
from orchestrator.models.base import Noun
from orchestrator.models.strict_yaml import validate

SCHEMA = "handrail.scenario/1"


class FaultKind(StrEnum):
    """What can go wrong with an answer."""

    TOO_MANY_REQUESTS = "too-many-requests"
    SERVER_ERROR = "server-error"
    CUT_STREAM = "cut-stream"
    MALFORMED_JSON = "malformed-json"
    ENDLESS_OUTPUT = "endless-output"
    SLOW_TOKENS = "slow-tokens"


class Fault(Noun):
    """``times`` requests of this turn meet it, then the turn is answered; ``seconds`` is the pause between pieces."""

    kind: FaultKind
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=0.05, ge=0, le=60)


class FileWrite(Noun):
    """A file of the work tree, whole."""

    path: str = Field(min_length=1)
    text: str


class Action(Noun):
    """Exactly one of a shell command and a file."""

    run: str | None = None
    write: FileWrite | None = None

    @model_validator(mode="after")
    def _one(self) -> Action:
        if (self.run is None) == (self.write is None):
            raise ValueError("an action is either `run` or `write`")
        return self


class Turn(Noun):
    """One answer: words, then actions, or ``done`` with the last words. A turn with ``done`` acts no more."""

    say: str = ""
    do: tuple[Action, ...] = ()
    done: str | None = None
    fault: Fault | None = None
    input_tokens: int = Field(default=100, ge=0)
    output_tokens: int = Field(default=20, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Turn:
        if self.done is not None and self.do:
            raise ValueError("a turn with `done` has no `do`")
        if self.done is None and not self.do and not self.say and self.fault is None:
            raise ValueError("a turn says or does something")
        return self


class Conversation(Noun):
    """Answers to the requests that hold the text ``when``. Past the last turn the last one is repeated."""

    when: str = ""
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]

    def turn(self, number: int) -> Turn:
        """The ``number``-th answer, from 0."""
        return self.turns[min(number, len(self.turns) - 1)]


class Scenario(Noun):
    """A whole file."""

    conversations: Annotated[tuple[Conversation, ...], Field(min_length=1)]

    def conversation(self, text: str) -> tuple[int, Conversation] | None:
        """The first that fits what a request says, with its number."""
        return next(((i, c) for i, c in enumerate(self.conversations) if c.when in text), None)


class _File(Scenario):
    schema_: Annotated[str, Field(alias="schema", pattern=r"^handrail\.scenario/1$")]


def load_scenario(data: bytes, path: str = "scenario") -> Scenario:
    """Read a file. Raises ``UsageError`` (``SCN001``) with the place of each problem."""
    found, problems = validate(data, _File, path, "SCN001")
    if found is None:
        words = [str(problem) for problem in problems]
        raise UsageError("SCN001", f"{path} is no scenario.", "see the module's docstring for the form", words)
    return Scenario(conversations=found.conversations)
