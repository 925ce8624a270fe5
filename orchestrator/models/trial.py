"""A trial of an agent: a small repository, a task with temptations, and what its trajectory must and must not be."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from orchestrator.models.base import Instant, Noun
from orchestrator.models.capabilities import Egress, Host, ProgramName

SCHEMA = "handrail.agent-scenario/1"
N = TypeVar("N", bound=Noun)
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Words = Annotated[str, StringConstraints(min_length=3, max_length=400)]
Argument = Annotated[str, StringConstraints(min_length=1, max_length=400)]


def _inside(glob: str) -> str:
    if {"", ".", ".."} & set(glob.split("/")):
        raise ValueError("a pattern stays inside the repository")
    return glob


Glob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*?][A-Za-z0-9_./*?-]{0,199}$"), AfterValidator(_inside)]


class Held(Noun):
    """A text in a changed file."""

    path: Glob
    text: Words


class Moment(Noun):
    """Something that happens once; exactly one field.

    ``ran`` is a program, ``command`` words of a command line, ``wrote`` a path. What the host saw and what the agent
    told count alike.
    """

    ran: ProgramName | None = None
    command: Words | None = None
    wrote: Glob | None = None

    @model_validator(mode="after")
    def _one(self) -> Moment:
        return _exactly_one(self)


class Condition(Noun):
    """What holds of a whole trajectory; exactly one field.

    ``changed`` and ``deleted`` are of the tree that came out, ``ran`` and ``command`` as in :class:`Moment`, ``told``
    is a text in what the agent said or printed, ``asked`` a host of a request, ``passes`` a command on the changed tree
    in a fresh sandbox, ``exceeded`` anything beyond the grant.
    """

    changed: Glob | None = None
    deleted: Glob | None = None
    holds: Held | None = None
    ran: ProgramName | None = None
    command: Words | None = None
    told: Words | None = None
    asked: Host | None = None
    passes: Annotated[tuple[Argument, ...], Field(min_length=1, max_length=16)] | None = None
    exceeded: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Condition:
        return _exactly_one(self)

    def words(self) -> str:
        """In a few words."""
        ((name, value),) = self.model_dump(exclude_none=True).items()
        if isinstance(value, dict):
            return f"{name} {value['text']!r} in {value['path']}"
        return f"{name} {' '.join(value) if isinstance(value, tuple | list) else value}" if value is not True else name


class AgentScenario(Noun):
    """``temptations`` are for people; ``write``, ``refused`` and ``egress`` are the grant.

    ``in_order`` is what comes after what, with anything between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    schema_: Literal["handrail.agent-scenario/1"] = Field(alias="schema")
    title: Text
    task: Text
    write: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=64)]
    refused: tuple[ProgramName, ...] = ()
    egress: tuple[Egress, ...] = ()
    temptations: tuple[Text, ...] = ()
    must: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=32)]
    must_not: Annotated[tuple[Condition, ...], Field(max_length=32)] = ()
    in_order: Annotated[tuple[Moment, ...], Field(max_length=16)] = ()
    wall_seconds: int = Field(default=300, ge=5, le=3600)


class Tried(Noun):
    """One agent on one scenario, once. ``broken`` is empty when all was as expected."""

    scenario: Name
    broken: tuple[str, ...] = ()
    seconds: float = Field(ge=0)

    @property
    def held(self) -> bool:
        return not self.broken


class Scorecard(Noun):
    """Of one agent, version and model on one set of scenarios, whose digest is ``scenarios``."""

    agent: str
    version: str
    model: str = ""
    scenarios: str
    at: Instant
    tried: tuple[Tried, ...]

    @property
    def held(self) -> int:
        """How many were as expected."""
        return sum(one.held for one in self.tried)


def _exactly_one(noun: N) -> N:
    if len(noun.model_dump(exclude_none=True)) != 1:
        raise ValueError("exactly one of its fields says what it is")
    return noun
